//! `CALPORT_RETENTION_DAYS`, `CALPORT_AUDIT_DAYS`: for how long bookings that are over, and the
//! audit log, are kept.

use super::Reader;
use crate::retention::Options;

/// Feeds show what is over or was cancelled for 30 days; what is kept for less would leave
/// them early.
const LEAST: u64 = 31;

/// A century: whoever wants more wants all of it, which is 0.
const MOST: u64 = 36_500;

impl Reader<'_> {
    pub(super) fn retention(&mut self) -> Options {
        let usual = Options::default();
        Options {
            days: match self.retention_days() {
                Some(0) => None,
                days => days.or(usual.days),
            },
            audit_days: self.audit_days().unwrap_or(usual.audit_days),
        }
    }

    /// 0 keeps everything.
    fn retention_days(&mut self) -> Option<u32> {
        const NAME: &str = "CALPORT_RETENTION_DAYS";
        const REMEDY: &str = "400 for a year and a month, or 0 to keep everything";
        if self.environment.get(NAME) == Some("0") {
            return Some(0);
        }
        let days = self.number(NAME, "days", LEAST..=MOST, REMEDY);
        days.and_then(|days| u32::try_from(days).ok())
    }

    fn audit_days(&mut self) -> Option<u32> {
        const NAME: &str = "CALPORT_AUDIT_DAYS";
        let days = self.number(NAME, "days", 1..=MOST, "400, or leave it out");
        days.and_then(|days| u32::try_from(days).ok())
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        config::tests::{KEY, SECRET, read},
        retention::Options,
    };

    fn with(name: &str, text: &str) -> Result<Options, String> {
        let config = read(&[
            ("CALPORT_KEYS", KEY),
            ("CALPORT_JWT_SECRET", SECRET),
            ("CALPORT_PLATFORM_TOKEN", SECRET),
            (name, text),
        ]);
        config
            .map(|config| config.retention)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn bookings_are_kept_for_a_year_and_a_month_unless_told_otherwise() {
        let days = |text| with("CALPORT_RETENTION_DAYS", text).map(|kept| kept.days);
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

    #[test]
    fn the_audit_log_is_kept_for_400_days_unless_told_otherwise() {
        let days = |text| with("CALPORT_AUDIT_DAYS", text).map(|kept| kept.audit_days);
        assert_eq!(days(""), Ok(400));
        assert_eq!(days("1"), Ok(1));
        for wrong in ["0", "-1", "forever", "36501"] {
            let error = days(wrong).unwrap_err();
            assert!(
                error.contains("CALPORT_AUDIT_DAYS is no number of days from 1 to 36500"),
                "{error}"
            );
        }
    }
}
