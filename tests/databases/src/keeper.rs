//! Programs that end with the test program, however that ends.

use std::{
    fs::File,
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Stdio},
};

/// Runs a program until nobody holds the standard input any more, which is so as soon as the
/// test program is gone; then it gets the first of these arguments as its signal, and its
/// folder, the second one, goes: nobody else would remove it.
const SCRIPT: &str = r#"
signal=$1; folder=$2; shift 2
"$@" & program=$!
read -r how && told=yes || how=$signal
kill -"$how" "$program"
wait "$program"
test -n "$told" || rm -rf "$folder"
"#;

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Kept {
    running: Option<(Child, ChildStdin)>,
    /// What ends it at once.
    signal: &'static str,
}

impl Kept {
    /// Starts a program of this folder as whom servers run as; what it says goes into the
    /// folder's log.
    pub(crate) fn start(
        program: &Path,
        arguments: &[String],
        environment: &[(&str, String)],
        folder: &Path,
        signal: &'static str,
    ) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.join("log"));
        let log = log.expect("a log");
        let mut keeper = crate::place::command(Path::new("/bin/sh"));
        keeper
            .args(["-c", SCRIPT, "keeper", signal])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        let stderr = log.try_clone().expect("a log");
        keeper.stdin(Stdio::piped()).stdout(log).stderr(stderr);
        let mut child = keeper.spawn().expect("the program starts");
        let stdin = child.stdin.take().expect("piped");
        Self {
            running: Some((child, stdin)),
            signal,
        }
    }

    /// Sends it a signal and waits until it has ended.
    pub(crate) fn end(&mut self, signal: &str) {
        if let Some((mut keeper, mut stdin)) = self.running.take() {
            writeln!(stdin, "{signal}").expect("the keeper listens");
            keeper.wait().expect("the program ends");
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.end(self.signal);
    }
}
