//! What a crash leaves behind: no picture of the memory, in which keys and tokens are.

use super::{K1, binary};
use calport_e2e::{JWT_SECRET, PLATFORM_TOKEN};
use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// Lets a program crash once it has said something on stdout, with no limit on core dumps.
async fn crash(folder: &Path, program: &[&str]) -> ExitStatus {
    let mut child = Command::new("/bin/sh")
        .args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"])
        .args(program)
        .current_dir(folder)
        .env_clear()
        .env("CALPORT_LISTEN", "127.0.0.1:0")
        .env("CALPORT_DATABASE_URL", "sqlite:calport.db")
        .env("CALPORT_KEYS", K1)
        .env("CALPORT_JWT_SECRET", JWT_SECRET)
        .env("CALPORT_PLATFORM_TOKEN", PLATFORM_TOKEN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(stdout.next_line().await.unwrap().is_some(), "{program:?}");
    let id = i32::try_from(child.id().unwrap()).unwrap();
    let id = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::ABORT).unwrap();
    child.wait().await.unwrap()
}

#[tokio::test]
async fn a_crash_leaves_no_core_behind() {
    let folder = tempfile::tempdir().unwrap();
    let crashed = crash(folder.path(), &[binary().to_str().unwrap(), "serve"]).await;
    assert_eq!(crashed.signal(), Some(6), "{crashed}");
    assert!(!crashed.core_dumped(), "{crashed}");
    // Others do here; otherwise nothing is shown by that.
    let other = crash(folder.path(), &["/bin/sh", "-c", "echo up; read line"]).await;
    if !other.core_dumped() {
        eprintln!("NOT TESTED: no process leaves a core behind on this machine");
    }
}
