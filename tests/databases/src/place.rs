//! Where PostgreSQL's programs are.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Why there is no PostgreSQL.
#[derive(Clone, Debug)]
pub struct Missing(&'static str);

impl Missing {
    pub(crate) fn new(what: &'static str) -> Self {
        Self(what)
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// The folder of its programs, the newest where there are several.
///
/// # Errors
/// It is not installed.
pub fn is_there() -> Result<&'static Path, Missing> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(find).as_deref();
    found.ok_or(Missing(
        "there is no PostgreSQL server here: install Debian's package `postgresql`",
    ))
}

fn find() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let versions = versions.into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    let debian = folders.pop().map(|(_, folder)| folder);
    debian.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
    })
}

/// Whom a program runs as that refuses root: nobody else where this is not root.
pub(crate) fn other_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let id = |option: &str| {
        let output = Command::new("id")
            .args([option, "postgres"])
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((id("-u")?, id("-g")?))
}

/// Gives a folder to whom the server runs as.
pub(crate) fn give(folder: &Path) -> std::io::Result<()> {
    match other_user() {
        Some((user, group)) if std::fs::metadata(folder)?.uid() != user => {
            std::os::unix::fs::chown(folder, Some(user), Some(group))
        }
        _ => Ok(()),
    }
}

/// A command that runs as whom the server runs as.
pub(crate) fn command(program: &Path) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/");
    command
}
