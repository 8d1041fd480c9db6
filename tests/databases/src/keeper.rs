//! Programs that end with the test program, however that ends.

use std::{
    fs::File,
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

/// Runs a program until nobody holds the standard input any more, which is so as soon as the
/// test program is gone.
const SCRIPT: &str = r#"
"$@" & program=$!
read -r how || how=QUIT
kill -"$how" "$program"
wait "$program"
"#;

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Kept(Option<(Child, ChildStdin)>);

impl Kept {
    /// Starts a program as whom servers run as; what it says goes into a log.
    pub(crate) fn start(program: &Path, arguments: &[String], log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log);
        let log = log.expect("a log");
        let mut keeper = crate::place::command(Path::new("/bin/sh"));
        keeper
            .args(["-c", SCRIPT, "keeper"])
            .arg(program)
            .args(arguments);
        let stderr = log.try_clone().expect("a log");
        start(keeper.stdin(Stdio::piped()).stdout(log).stderr(stderr))
    }

    /// Sends it a signal and waits until it has ended.
    pub(crate) fn end(&mut self, signal: &str) {
        if let Some((mut keeper, mut stdin)) = self.0.take() {
            writeln!(stdin, "{signal}").expect("the keeper listens");
            keeper.wait().expect("the program ends");
        }
    }
}

fn start(keeper: &mut Command) -> Kept {
    let mut child = keeper.spawn().expect("the program starts");
    let stdin = child.stdin.take().expect("piped");
    Kept(Some((child, stdin)))
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.end("QUIT");
    }
}
