//! The limit on open files, of which each connection takes one. Where none is left nothing
//! works any more: no database file can be opened, and no provider be reached.

/// What `calport serve` asks for: enough for all connections that there may be, and for what
/// they cause. Not more, for whatever this process starts inherits it, and old programs close
/// every file up to it one by one.
const WANTED: u64 = 16_384;

/// How many connections the limit leaves room for: three quarters of it.
pub(super) fn room() -> usize {
    let limit = limit().unwrap_or(u64::MAX);
    usize::try_from(limit - limit / 4).unwrap_or(usize::MAX)
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

/// Raises the limit as far as this process may and it is of use: service managers start with
/// 1,024, for the sake of programs of the last century.
pub fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = maximum.unwrap_or(WANTED).min(WANTED);
        if current.is_none_or(|current| current >= wanted) {
            return;
        }
        let raised = Rlimit {
            current: Some(wanted),
            maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit on open files cannot be raised");
        }
    }
}
