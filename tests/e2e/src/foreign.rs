//! Programs and packages that others wrote, which tests compare with. What is not installed
//! is said loudly, and in CI it fails; nothing is ever fetched by a test.

use std::{
    env,
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

type Failure = Box<dyn Error + Send + Sync>;

/// For tests that cannot run here: says what is missing and how to install it.
///
/// # Errors
/// In CI, where everything must be tested.
pub fn not_tested(missing: &str, remedy: &str) -> Result<(), Failure> {
    if env::var_os("CI").is_some() {
        return Err(format!("{missing}; {remedy}").into());
    }
    eprintln!("NOT TESTED: {missing}; {remedy}");
    Ok(())
}

/// Debian's library that moves a program's clock, where it is installed.
pub fn libfaketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    folders
        .filter_map(Result::ok)
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
}

/// What `tests/e2e/foreign/install` has put under cargo's target folder.
#[derive(Debug)]
pub struct Foreign {
    folder: PathBuf,
}

impl Foreign {
    /// `None` where nothing, or something older, is installed. `target_tmpdir` is cargo's `CARGO_TARGET_TMPDIR`.
    ///
    /// # Errors
    /// In CI, where everything must be tested.
    pub fn find(target_tmpdir: &str) -> Result<Option<Self>, Failure> {
        let folder = Path::new(target_tmpdir)
            .parent()
            .ok_or("cargo's target folder has a name")?
            .join("foreign");
        let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
        for lock in ["requirements.txt", "package-lock.json"] {
            let installed = fs::read(folder.join("installed").join(lock)).unwrap_or_default();
            if installed != fs::read(pinned.join(lock))? {
                let missing = format!("{} does not hold what {lock} pins", folder.display());
                not_tested(&missing, "run tests/e2e/foreign/install")?;
                return Ok(None);
            }
        }
        Ok(Some(Self { folder }))
    }

    /// The folder that holds `node_modules`.
    pub fn node(&self) -> PathBuf {
        self.folder.join("node")
    }

    /// The Python that knows the installed packages, and nothing of this machine's zones.
    pub fn python(&self) -> Command {
        let mut command = Command::new(self.folder.join("python/bin/python"));
        command.env("PYTHONTZPATH", "").env("PYTHONUTF8", "1");
        command
    }
}

/// What a program writes for this input.
///
/// # Errors
/// When it does not start, or ends with anything but success.
pub fn answer(command: &mut Command, input: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = process.stdin.take().ok_or("a program has an input")?;
    // It may write before it has read everything.
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = process.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} ended with {}:\n{said}", output.status).into());
    }
    writer.join().map_err(|_| "the writer ended")??;
    Ok(output.stdout)
}
