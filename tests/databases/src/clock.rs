//! A clock that a test sets, for one program and what it starts.

use std::path::Path;

/// The environment in which Debian's libfaketime shows a program the time that a file says: an
/// offset such as `-1d`, read anew each time. Waits last as long as ever.
pub fn clock_settings(library: &Path, file: &Path) -> [(&'static str, String); 4] {
    [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}
