//! Compiled components on disk, so that only the first start compiles. It loads nothing
//! that this host has not written itself.

use super::place;
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
    let code = match place::read(file) {
        Ok(code) => code?,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "a compiled component is not used");
            return None;
        }
    };
    load(engine, &code)
        .inspect_err(|error| tracing::warn!(%error, "recompiling"))
        .ok()
}

/// Loads compiled code.
///
/// # Safety
/// The code runs with all rights of this process. [`place::read`] has taken it from an open
/// file that belongs to the user who runs this process, that nobody else may write to, in a
/// folder of which the same is true, below folders in which nobody else can put another one
/// in its place; the bytes checked are the bytes loaded. Only [`write`] puts files there,
/// under a name that fixes the component and the engine, and by renaming, so that none is
/// ever incomplete.
#[expect(unsafe_code, reason = "compiled code cannot be verified; see # Safety")]
fn load(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: as above.
    unsafe { Component::deserialize(engine, code) }
}

fn write(component: &Component, file: &Path) -> std::io::Result<()> {
    let folder = file.parent().map(PathBuf::from).unwrap_or_default();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    let folder = place::checked(&folder)?;
    let code = component.serialize().map_err(std::io::Error::other)?;
    let mut temporary = tempfile::NamedTempFile::new_in(&folder)?;
    temporary.write_all(&code)?;
    let name = file.file_name().unwrap_or_default();
    temporary.persist(folder.join(name))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[cfg(unix)]
    #[test]
    fn where_others_may_write_is_compiled_every_time_and_nothing_is_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let engine = Engine::default();
        let empty = b"\0asm\x0d\0\x01\0";
        fs::create_dir(&cache).unwrap();
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(component(&engine, empty, Some(&cache)).is_ok());
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    }

    #[test]
    fn another_component_is_another_file() {
        let engine = Engine::default();
        let one = file_name(&engine, b"one");
        assert_eq!(one, file_name(&engine, b"one"));
        assert_ne!(one, file_name(&engine, b"two"));
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).unwrap();
        assert_ne!(one, file_name(&other, b"one"), "settings count");
    }
}
