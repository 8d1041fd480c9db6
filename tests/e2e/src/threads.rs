//! Whose processor time is used.

use std::fs;

/// What this process's threads of a name have used up so far, in the kernel's ticks of 10 ms.
///
/// # Panics
/// Where there is no `/proc`, or another one than Linux has.
pub fn processor_ticks(name: &str) -> u64 {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let used = threads.filter_map(|thread| {
        let folder = thread.unwrap().path();
        let is_named = fs::read_to_string(folder.join("comm")).ok()?.trim_end() == name;
        // Fields follow the name in brackets; utime is the 14th of all (proc_pid_stat(5)).
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        let ticks = fields.split(' ').nth(11)?.parse::<u64>().unwrap();
        is_named.then_some(ticks)
    });
    used.sum()
}
