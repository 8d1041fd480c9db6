//! `CALPORT_RETENTION_DAYS`: for how long bookings that are over are kept.

use super::Reader;
use crate::retention::Options;

/// Feeds show what is over or was cancelled for 30 days; what is kept for less would leave
/// them early.
const LEAST: u64 = 31;

/// A century: whoever wants more wants all of it, which is 0.
const MOST: u64 = 36_500;

impl Reader<'_> {
    pub(super) fn retention(&mut self) -> Options {
        const NAME: &str = "CALPORT_RETENTION_DAYS";
        const REMEDY: &str = "400 for a year and a month, or 0 to keep everything";
        if self.environment.get(NAME) == Some("0") {
            return Options { days: None };
        }
        match self.number(NAME, "days", LEAST..=MOST, REMEDY) {
            Some(days) => Options {
                days: u32::try_from(days).ok(),
            },
            None => Options::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{KEY, SECRET, read};

    #[test]
    fn bookings_are_kept_for_a_year_and_a_month_unless_told_otherwise() {
        let days = |text| {
            let config = read(&[
                ("CALPORT_KEYS", KEY),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
                ("CALPORT_RETENTION_DAYS", text),
            ]);
            config
                .map(|config| config.retention.days)
                .map_err(|error| error.to_string())
        };
        assert_eq!(days(""), Ok(Some(400)));
        assert_eq!(days("0"), Ok(None));
        assert_eq!(days("31"), Ok(Some(31)));
        for wrong in ["30", "-1", "1e3", "forever", "36501"] {
            let error = days(wrong).unwrap_err();
            assert!(
                error.contains("CALPORT_RETENTION_DAYS is no number of days from 31 to 36500"),
                "{error}"
            );
        }
    }
}
