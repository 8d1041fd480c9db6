//! Keeps what the process holds in memory from being written to disk or read by others of the
//! same user: keys and tokens are nowhere else in the clear.

/// Sees to it that a crash leaves no picture of the memory behind.
pub(super) fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "a crash may write keys to disk: core dumps cannot be refused");
        }
    }
}

/// Keeps others of the same user from reading the memory, and handlers that take core dumps
/// through a pipe, to which no limit applies, from getting one. Only root may debug it then.
/// To be called when the engine is there: it opens a file of `/proc/self` that is root's
/// afterwards.
pub(super) fn be_unreadable() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!(%error, "others of the same user can read this process's memory");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn the_memory_is_neither_dumped_nor_read() {
        leave_no_core();
        be_unreadable();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
