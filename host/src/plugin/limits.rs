//! What one call of a plugin may take, every number in one place with its reason. Operators
//! can tighten the numbers and never loosen them: the engine's pool, and the promise that a
//! hostile call costs the host less than 128 MiB, rest on them.

use super::{engine::MAX_MEMORY, room::Room};
use crate::{config::Environment, egress};
use std::time::Duration;

/// One write into a request's body, in bytes: one is under way while one waits. Plugins write
/// 4 KiB at a time, which is what wasi:io lets through in one blocking write.
pub(super) const WRITE_BYTES: usize = 64 * 1024;

/// The limits of one call. Whatever is looser than the default counts as the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the call to its answer, waiting for a provider included. 30 s: as long as a
    /// browser and most proxies wait.
    pub wall: Duration,
    /// Computing alone, the host's for the guest included. 5 s: a file of 10,000 events takes a fraction of one.
    pub computing: Duration,
    /// All linear memories together, in bytes. 64 MiB: 10,000 events of the largest size are
    /// under 48.
    pub memory: usize,
    /// Resources (requests, bodies, streams) that are open at once. 64: a push opens about
    /// ten, and the host keeps up to a few hundred KiB for each.
    pub handles: usize,
    /// Headers of one request or reply in bytes of memory. 64 KiB.
    pub header_bytes: usize,
    /// What one call into the host may hand over, in bytes as the host keeps it. 128 KiB:
    /// headers and their lists are the largest of it; bodies go in parts.
    pub argument_bytes: usize,
    /// What an answer may hold, in bytes as the host keeps it. 32 MiB: a feed of 10,000
    /// bookings with 3 KiB each. Without it a list of strings that are all the same one would
    /// cost the host many times what it costs the guest.
    pub answer_bytes: usize,
    /// A request's body. 1 MiB: an event's longest texts come to a few dozen KiB.
    pub request_bytes: usize,
    /// A reply's body. 4 MiB: a page of a calendar's changes is under 1.
    pub reply_bytes: usize,
    /// What a guest may write to its error stream. 4 KiB: a panic message and a bit.
    pub stderr_bytes: usize,
    /// Random bytes of one request. 64 KiB.
    pub random_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(30),
            computing: Duration::from_secs(5),
            memory: MAX_MEMORY,
            handles: 64,
            header_bytes: 64 * 1024,
            argument_bytes: 128 * 1024,
            answer_bytes: 32 * 1024 * 1024,
            request_bytes: 1024 * 1024,
            reply_bytes: 4 * 1024 * 1024,
            stderr_bytes: 4 * 1024,
            random_bytes: 64 * 1024,
        }
    }
}

/// A setting that is no limit, or a looser one than the default.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is not a number from {least} to {most}")]
pub struct LimitError {
    /// The setting.
    pub setting: &'static str,
    /// The tightest that a plugin can work with.
    pub least: u64,
    /// The default: it can only be tightened.
    pub most: u64,
}

/// One number that an operator may tighten.
struct Setting {
    name: &'static str,
    least: u64,
    most: u64,
    apply: fn(&mut Limits, u64),
}

/// The largest of each is the default.
const SETTINGS: [Setting; 5] = [
    Setting {
        name: "CALPORT_PLUGIN_WALL_SECONDS",
        least: 1,
        most: 30,
        apply: |limits, seconds| limits.wall = Duration::from_secs(seconds),
    },
    Setting {
        name: "CALPORT_PLUGIN_COMPUTING_MILLISECONDS",
        least: 50,
        most: 5_000,
        apply: |limits, millis| limits.computing = Duration::from_millis(millis),
    },
    Setting {
        name: "CALPORT_PLUGIN_MEMORY_MIB",
        least: 4,
        most: 64,
        apply: |limits, mib| limits.memory = bytes(mib, 1024 * 1024),
    },
    Setting {
        name: "CALPORT_PLUGIN_REQUEST_KIB",
        least: 64,
        most: 1_024,
        apply: |limits, kib| limits.request_bytes = bytes(kib, 1024),
    },
    Setting {
        name: "CALPORT_PLUGIN_REPLY_KIB",
        least: 256,
        most: 4_096,
        apply: |limits, kib| limits.reply_bytes = bytes(kib, 1024),
    },
];

/// What is checked against [`Setting::most`] before fits.
fn bytes(count: u64, unit: usize) -> usize {
    usize::try_from(count)
        .unwrap_or(usize::MAX)
        .saturating_mul(unit)
}

impl Limits {
    /// The defaults, tightened where the settings say so.
    ///
    /// # Errors
    /// Everything that is no limit or a looser one, by name.
    pub fn configured(settings: &Environment) -> Result<Self, Vec<LimitError>> {
        let mut limits = Self::default();
        let mut wrong = Vec::new();
        for setting in &SETTINGS {
            let Some(text) = settings.get(setting.name) else {
                continue;
            };
            match text.parse() {
                Ok(number) if (setting.least..=setting.most).contains(&number) => {
                    (setting.apply)(&mut limits, number);
                }
                Ok(_) | Err(_) => wrong.push(LimitError {
                    setting: setting.name,
                    least: setting.least,
                    most: setting.most,
                }),
            }
        }
        match wrong.is_empty() {
            true => Ok(limits),
            false => Err(wrong),
        }
    }

    /// The tighter of each number and its default.
    pub(super) fn tightened(self) -> Self {
        let most = Self::default();
        Self {
            wall: self.wall.min(most.wall),
            computing: self.computing.min(most.computing),
            memory: self.memory.min(most.memory),
            handles: self.handles.min(most.handles),
            header_bytes: self.header_bytes.min(most.header_bytes),
            argument_bytes: self.argument_bytes.min(most.argument_bytes),
            answer_bytes: self.answer_bytes.min(most.answer_bytes),
            request_bytes: self.request_bytes.min(most.request_bytes),
            reply_bytes: self.reply_bytes.min(most.reply_bytes),
            stderr_bytes: self.stderr_bytes.min(most.stderr_bytes),
            random_bytes: self.random_bytes.min(most.random_bytes),
        }
    }

    /// What is left of the memory for a store's instances.
    pub(super) fn room(&self) -> Room {
        Room::new(self.memory)
    }

    /// The same for what goes over the network.
    pub(super) fn egress(&self) -> egress::Limits {
        let usual = egress::Limits::default();
        egress::Limits {
            deadline: self.wall.min(usual.deadline),
            request_body: self.request_bytes,
            reply_body: self.reply_bytes,
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_tighten_limits_and_cannot_loosen_them() {
        for setting in &SETTINGS {
            let read = |value: u64| {
                let settings = Environment::from_pairs([(setting.name, value.to_string())]);
                Limits::configured(&settings)
            };
            assert_eq!(
                read(setting.most),
                Ok(Limits::default()),
                "{}",
                setting.name
            );
            let tight = read(setting.least).unwrap();
            assert_ne!(tight, Limits::default(), "{}", setting.name);
            assert_eq!(tight.tightened(), tight);
            for wrong in [0, setting.least - 1, setting.most + 1, u64::MAX] {
                let error = read(wrong).unwrap_err();
                assert_eq!(error.len(), 1);
                assert_eq!(error[0].setting, setting.name);
            }
        }
        let nonsense = Environment::from_pairs([
            ("CALPORT_PLUGIN_WALL_SECONDS", "-1"),
            ("CALPORT_PLUGIN_MEMORY_MIB", "64 MiB"),
        ]);
        assert_eq!(Limits::configured(&nonsense).unwrap_err().len(), 2);
    }

    #[test]
    fn whatever_is_looser_than_the_default_is_the_default() {
        let loose = Limits {
            wall: Duration::MAX,
            computing: Duration::MAX,
            memory: usize::MAX,
            handles: usize::MAX,
            header_bytes: usize::MAX,
            argument_bytes: usize::MAX,
            answer_bytes: usize::MAX,
            request_bytes: usize::MAX,
            reply_bytes: usize::MAX,
            stderr_bytes: usize::MAX,
            random_bytes: u64::MAX,
        };
        assert_eq!(loose.tightened(), Limits::default());
    }
}
