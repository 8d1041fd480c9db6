//! Builds one guest of this workspace into `OUT_DIR`, for whoever includes its bytes. It
//! never downloads anything but the wasm target.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "wasm32-wasip2";

/// Builds a package in a folder of the workspace, as `OUT_DIR/PACKAGE_NAME.wasm`.
pub(crate) fn build(package: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    let own = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let (up, workspace) = own
        .ancestors()
        .enumerate()
        .skip(1)
        .find(|(_, folder)| folder.join("Cargo.lock").is_file())
        .ok_or("this package is in no workspace")?;
    // Relative: where checkouts share a target folder, each is to notice its own changes.
    let to_workspace: PathBuf = std::iter::repeat_n("..", up).collect();
    let own_files = ["src", "build.rs", "Cargo.toml"].map(|input| Path::new(folder).join(input));
    let common = ["wit", "Cargo.lock"].map(PathBuf::from);
    for input in own_files.iter().chain(&common) {
        if workspace.join(input).exists() {
            println!(
                "cargo::rerun-if-changed={}",
                to_workspace.join(input).display()
            );
        }
    }
    ensure_target()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let built = run_cargo(workspace, &out, package)?;
    let place = out.join(file_name(package));
    // A copied target folder may share this file with its original by a hard link: copying
    // into it would change the other one, too.
    match std::fs::remove_file(&place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    std::fs::copy(&built, place).map_err(|e| {
        format!(
            "the built component {} cannot be copied: {e}",
            built.display()
        )
    })?;
    Ok(())
}

fn file_name(package: &str) -> String {
    format!("{}.wasm", package.replace('-', "_"))
}

/// `rust-toolchain.toml` names the target, but rustup leaves it out where automatic
/// installation is switched off.
fn ensure_target() -> Result<(), Box<dyn Error>> {
    if target_is_installed()? {
        return Ok(());
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    if added.is_ok_and(|status| status.success()) && target_is_installed()? {
        return Ok(());
    }
    Err(format!(
        "the Rust target {TARGET} is missing and could not be added.\n\
         Run `rustup target add {TARGET}` in this folder, then build again."
    )
    .into())
}

fn target_is_installed() -> Result<bool, Box<dyn Error>> {
    let rustc = env::var("RUSTC")?;
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()?;
    Ok(Path::new(String::from_utf8(output.stdout)?.trim()).is_dir())
}

/// One folder for the guests of every profile: they are always built alike, and the
/// same cargo that builds the host holds the lock on its own folder meanwhile.
fn run_cargo(workspace: &Path, out: &Path, package: &str) -> Result<PathBuf, Box<dyn Error>> {
    let target_dir = out
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "build"))
        .and_then(|build| build.ancestors().nth(2))
        .unwrap_or(out)
        .join("guest");
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(workspace)
        .args(["build", "--package", package, "--lib", "--profile", "guest"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target_dir);
    // What was set for the host (clippy's wrapper, sanitizers, coverage) is not for the guest.
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(name);
    }
    if !cargo.status()?.success() {
        return Err(format!("the component {package} did not build: its errors are above").into());
    }
    Ok(target_dir
        .join(TARGET)
        .join("guest")
        .join(file_name(package)))
}
