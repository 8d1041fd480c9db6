//! `CALPORT_DRIFT_INTERVAL` and `CALPORT_DRIFT_POLICY`: whether and how calendars are looked
//! through for what users do in them.

use super::Reader;
use crate::{drift::Options, sync::Policy};
use std::time::Duration;

/// Somebody who wants less than once a day wants none.
const LONGEST: u64 = 86_400;

impl Reader<'_> {
    pub(super) fn drift(&mut self) -> Options {
        let usual = Options::default();
        Options {
            interval: self.drift_interval().unwrap_or(usual.interval),
            policy: self.drift_policy().unwrap_or(usual.policy),
        }
    }

    fn drift_interval(&mut self) -> Option<Option<Duration>> {
        const NAME: &str = "CALPORT_DRIFT_INTERVAL";
        match self.environment.get(NAME)?.parse::<u64>() {
            Ok(0) => Some(None),
            Ok(seconds) if seconds <= LONGEST => Some(Some(Duration::from_secs(seconds))),
            Ok(_) | Err(_) => {
                let problem = "is no number of seconds from 1 to 86400";
                self.mistake(NAME, problem, "300 for five minutes, or 0 for never");
                None
            }
        }
    }

    fn drift_policy(&mut self) -> Option<Policy> {
        const NAME: &str = "CALPORT_DRIFT_POLICY";
        let policy = Policy::parse(self.environment.get(NAME)?);
        if policy.is_none() {
            let problem = "is none of report, restore and accept";
            self.mistake(NAME, problem, "one of them, or leave it out for report");
        }
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError, Environment};

    fn read(interval: &str, policy: &str) -> Result<Options, ConfigError> {
        let secret = "0123456789abcdef0123456789abcdef";
        let pairs = [
            (
                "CALPORT_KEYS",
                "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            ),
            ("CALPORT_JWT_SECRET", secret),
            ("CALPORT_PLATFORM_TOKEN", secret),
            ("CALPORT_DRIFT_INTERVAL", interval),
            ("CALPORT_DRIFT_POLICY", policy),
        ];
        Config::from_environment(Environment::from_pairs(pairs)).map(|config| config.drift)
    }

    #[test]
    fn calendars_are_looked_through_every_five_minutes_unless_told_otherwise() {
        for (interval, policy, seconds, expected) in [
            ("", "", Some(300), Policy::Report),
            ("0", "restore", None, Policy::Restore),
            ("1", "accept", Some(1), Policy::Accept),
            ("86400", "report", Some(86_400), Policy::Report),
        ] {
            let options = read(interval, policy).unwrap();
            assert_eq!(options.interval, seconds.map(Duration::from_secs));
            assert_eq!(options.policy, expected);
        }
    }

    #[test]
    fn what_is_no_interval_or_policy_is_refused_by_name_with_a_remedy() {
        for (interval, policy, named) in [
            ("-1", "", "CALPORT_DRIFT_INTERVAL"),
            ("0.5", "", "CALPORT_DRIFT_INTERVAL"),
            ("5m", "", "CALPORT_DRIFT_INTERVAL"),
            ("86401", "", "CALPORT_DRIFT_INTERVAL"),
            ("", "undo", "CALPORT_DRIFT_POLICY"),
        ] {
            let error = read(interval, policy).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
            assert!(error.contains("Set it to"), "{error}");
        }
    }
}
