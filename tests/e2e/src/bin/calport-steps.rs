//! The `calport` binary, but for one thing: it ends itself without any ceremony, as kill -9
//! does, at the step that `CALPORT_TEST_KILL=STEP:COUNT` names, when it is reached the
//! COUNT-th time.

use std::{
    process::ExitCode,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

static KILL: OnceLock<(String, u64)> = OnceLock::new();
static REACHED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let kill = std::env::var("CALPORT_TEST_KILL").ok();
    if let Some((step, count)) = kill.as_deref().and_then(|kill| kill.split_once(':')) {
        let count = count.parse().expect("CALPORT_TEST_KILL is STEP:COUNT");
        let _ = KILL.set((step.to_owned(), count));
        calport_host::steps::watch(|step| {
            let Some((wanted, count)) = KILL.get() else {
                return;
            };
            if step == wanted && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count {
                let this = rustix::process::getpid();
                let _ = rustix::process::kill_process(this, rustix::process::Signal::KILL);
                // The signal is on its way; nothing is to happen before it.
                loop {
                    std::thread::park();
                }
            }
        });
    }
    calport_host::cli::main()
}
