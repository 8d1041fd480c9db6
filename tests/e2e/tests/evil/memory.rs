//! The memory of this process that is really there, at its highest.

use std::fs;

const KIB: u64 = 1_024;

/// Begins to measure; [`Memory::growth`] tells what came on top.
pub(crate) struct Memory {
    before: u64,
}

impl Memory {
    pub(crate) fn measure() -> Self {
        // Sets the highest mark down to what is there now (proc(5), clear_refs).
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self {
            before: field("VmRSS:"),
        }
    }

    /// Bytes that were there at the highest, above what was there before.
    pub(crate) fn growth(&self) -> u64 {
        field("VmHWM:").saturating_sub(self.before)
    }
}

fn field(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let number = line.split_whitespace().nth(1).unwrap();
    number.parse::<u64>().unwrap() * KIB
}
