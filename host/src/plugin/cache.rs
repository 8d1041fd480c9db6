//! Compiled components on disk, so that only the first start compiles. It loads nothing
//! that this host has not written itself.

use sha2::{Digest, Sha256};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
};
use wasmtime::{Engine, component::Component};

/// Compiles a component, or takes what an earlier start compiled.
pub(super) fn component(
    engine: &Engine,
    bytes: &[u8],
    folder: Option<&Path>,
) -> wasmtime::Result<Component> {
    let file = folder.map(|folder| folder.join(file_name(engine, bytes)));
    if let Some(component) = file.as_deref().and_then(|file| read(engine, file)) {
        return Ok(component);
    }
    let component = Component::new(engine, bytes)?;
    if let Some(file) = file {
        match write(&component, &file) {
            Ok(()) => tracing::debug!(file = %file.display(), "kept a compiled component"),
            Err(error) => tracing::debug!(%error, "a compiled component could not be kept"),
        }
    }
    Ok(component)
}

/// Everything that the compiled code depends on: the component, the engine's version and
/// settings, and the processor.
fn file_name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    format!(
        "{}-{:016x}.cwasm",
        hex(&Sha256::digest(bytes)),
        settings.finish()
    )
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(engine: &Engine, file: &Path) -> Option<Component> {
    if !is_ours(file.parent()?) || !is_ours(file) {
        return None;
    }
    load(engine, file)
        .inspect_err(|error| tracing::warn!(%error, "recompiling"))
        .ok()
}

/// Loads compiled code.
///
/// # Safety
/// Code in the file runs with all rights of this process. [`read`] has checked that the
/// file and its folder belong to the user who runs this process and that nobody else may
/// write to them; only [`write`] puts files there, under a name that fixes the component
/// and the engine, and by renaming, so that none is ever incomplete.
#[expect(unsafe_code, reason = "compiled code cannot be verified; see # Safety")]
fn load(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    // SAFETY: as above.
    unsafe { Component::deserialize_file(engine, file) }
}

/// Whether only the user of this process may write to it.
#[cfg(unix)]
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|metadata| {
        metadata.uid() == own && metadata.mode() & 0o022 == 0 && !metadata.is_symlink()
    })
}

#[cfg(not(unix))]
fn is_ours(_: &Path) -> bool {
    false
}

fn write(component: &Component, file: &Path) -> std::io::Result<()> {
    let folder = file.parent().map(PathBuf::from).unwrap_or_default();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    if !is_ours(&folder) {
        return Err(std::io::Error::other(
            "others may write to the cache folder",
        ));
    }
    let code = component.serialize().map_err(std::io::Error::other)?;
    let mut temporary = tempfile::NamedTempFile::new_in(&folder)?;
    temporary.write_all(&code)?;
    temporary.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_compiled_component_that_others_may_change_is_not_loaded() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let engine = Engine::default();
        let empty = b"\0asm\x0d\0\x01\0";
        component(&engine, empty, Some(&cache)).unwrap();
        let file = cache.join(file_name(&engine, empty));
        assert!(read(&engine, &file).is_some());
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(read(&engine, &file).is_none());
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(read(&engine, &file).is_none());
    }

    #[test]
    fn a_damaged_compiled_component_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let engine = Engine::default();
        let empty = b"\0asm\x0d\0\x01\0";
        component(&engine, empty, Some(&cache)).unwrap();
        let file = cache.join(file_name(&engine, empty));
        fs::write(&file, b"not compiled code").unwrap();
        assert!(component(&engine, empty, Some(&cache)).is_ok());
        assert!(read(&engine, &file).is_some());
    }
}
