//! The IANA zones, as tables that the build makes: what a zone's clock shows at an
//! instant, by which rule it changes, and what Windows calls it. Covers the time
//! from 2026 on; never reads the machine's own database.

mod rule;

pub(crate) use rule::{Change, Clock, Rule, Turn};

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// The names of all of them.
#[cfg(fuzzing)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ZONES.iter().map(|entry| entry.name)
}

struct Entry {
    name: &'static str,
    clock: u8,
    windows: Option<u8>,
}

/// A zone of the IANA database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zone {
    name: &'static str,
    clock: &'static Clock,
    windows: Option<&'static str>,
}

impl Zone {
    /// By its exact name; links such as `Asia/Calcutta` are zones, too.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let index = ZONES.binary_search_by_key(&name, |entry| entry.name).ok()?;
        let entry = ZONES.get(index)?;
        Some(Self {
            name: entry.name,
            clock: CLOCKS.get(usize::from(entry.clock))?,
            windows: entry
                .windows
                .and_then(|index| WINDOWS.get(usize::from(index)).copied()),
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn clock(&self) -> &'static Clock {
        self.clock
    }

    /// Windows' name for it (CLDR windowsZones), if there is one that keeps the
    /// same time.
    pub(crate) fn windows(&self) -> Option<&'static str> {
        self.windows
    }

    /// Whether this is UTC itself, by any of its names.
    pub(crate) fn is_utc(&self) -> bool {
        matches!(
            self.name.strip_prefix("Etc/").unwrap_or(self.name),
            "UTC" | "UCT" | "Universal" | "Zulu"
        )
    }

    /// What the zone's clocks show at an instant, as seconds since the epoch.
    pub(crate) fn local(&self, instant: i64) -> i64 {
        instant + i64::from(self.clock.offset_at(instant))
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

#[cfg(test)]
mod tests;
