//! The command that master keys come from, so that a key service can hold them. What it says,
//! on stdout or stderr, is never repeated.

use super::keys::LARGEST;
use std::{
    io::{self, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use zeroize::Zeroizing;

/// Why a command gave no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("names a command that cannot be started ({0})")]
    NotStarted(io::Error),
    #[error("names a command that failed ({0})")]
    Failed(ExitStatus),
    #[error("names a command that was not done after {} seconds", .0.as_secs())]
    TooLong(Duration),
    #[error("names a command that says too much")]
    TooMuch,
    #[error("names a command whose output cannot be read ({0})")]
    Unreadable(io::Error),
}

/// What a command prints. It gets this process's environment and an empty stdin.
pub(super) fn run(command: &str, deadline: Duration) -> Result<Zeroizing<String>, CommandError> {
    let mut words = command.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // Its own group, so that what it has started ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().map_err(CommandError::NotStarted)?;
    #[cfg(unix)]
    let group = rustix::process::Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(wait(child)));
    let Ok(waited) = receiver.recv_timeout(deadline) else {
        #[cfg(unix)]
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        return Err(CommandError::TooLong(deadline));
    };
    let (text, status) = waited.map_err(CommandError::Unreadable)?;
    if text.len() as u64 > LARGEST {
        return Err(CommandError::TooMuch);
    }
    if !status.success() {
        return Err(CommandError::Failed(status));
    }
    Ok(text)
}

fn wait(mut child: Child) -> io::Result<(Zeroizing<String>, ExitStatus)> {
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize + 1));
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(LARGEST + 1).read_to_string(&mut text),
        None => Ok(0),
    };
    // Whatever it said, it is not left behind as a zombie.
    let status = child.wait()?;
    read?;
    Ok((text, status))
}
