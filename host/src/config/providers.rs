//! `CALPORT_PLUGIN`, and the settings of the built-in providers as far as they can be judged
//! without the plugin, so that they are listed with everything else that is wrong. What
//! another plugin needs is checked when it is loaded.

use super::Reader;
use crate::{
    egress::{AllowList, Loopback},
    plugin::Budget,
};
use std::path::PathBuf;

/// Where browsers are sent and come back to.
const FOR_BROWSERS: [&str; 4] = [
    "GOOGLE_AUTH_URL",
    "GOOGLE_REDIRECT_URI",
    "OUTLOOK_AUTH_URL",
    "OUTLOOK_REDIRECT_URI",
];

/// What the plugin asks itself.
const ENDPOINTS: [&str; 6] = [
    "GOOGLE_TOKEN_URL",
    "GOOGLE_REVOKE_URL",
    "GOOGLE_USERINFO_URL",
    "GOOGLE_API_URL",
    "OUTLOOK_TOKEN_URL",
    "OUTLOOK_GRAPH_URL",
];

impl Reader<'_> {
    pub(super) fn plugin(&mut self) -> Option<PathBuf> {
        const NAME: &str = "CALPORT_PLUGIN";
        let path = self.environment.get(NAME).map(PathBuf::from)?;
        if !path.is_file() {
            let remedy = "the path of a component, or nothing for the built-in one";
            self.mistake(NAME, "names no file", remedy);
        }
        Some(path)
    }

    /// Notes what is wrong with them; `allow_loopback` is the operator's word on this machine.
    pub(super) fn providers(&mut self, allow_loopback: bool) {
        for name in FOR_BROWSERS {
            self.url(name);
        }
        let loopback = match allow_loopback {
            true => Loopback::Allowed,
            false => Loopback::Denied,
        };
        for name in ENDPOINTS {
            let Some(url) = self.environment.get(name) else {
                continue;
            };
            if let Err(error) = AllowList::new(loopback).allow(url) {
                let problem = format!("is refused: {error}");
                let remedy = "an absolute https URL, or nothing for the provider's own";
                self.mistake(name, &problem, remedy);
            }
        }
        let environment = self.environment;
        for name in environment.names() {
            if let Err(error) = Budget::check(name, environment) {
                self.mistakes.push(format!("  {error}."));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{KEY, SECRET, read};

    #[test]
    fn what_is_wrong_with_providers_is_listed_with_all_else() {
        let wrong = [
            ("GOOGLE_REDIRECT_URI", "calendars.example/callback"),
            ("GOOGLE_API_URL", "http://proxy.example/calendar/v3"),
            ("OUTLOOK_GRAPH_URL", "http://127.0.0.1:9/v1.0"),
            ("GOOGLE_REQUESTS_PER_MINUTE", "many"),
            ("OUTLOOK_REQUESTS_PER_MINUTE_PER_USER", "1"),
        ];
        let mut pairs = vec![("CALPORT_KEYS", "canary")];
        pairs.extend(wrong);
        let error = read(&pairs).unwrap_err().to_string();
        for (name, value) in wrong {
            let line = error.lines().find(|line| line.contains(name));
            let line = line.unwrap_or_else(|| panic!("{name} is not named in:\n{error}"));
            assert!(line.contains("Set it to"), "{line}");
            assert!(value.len() < 3 || !line.contains(value), "{line}");
        }
        assert!(error.contains("CALPORT_PLATFORM_TOKEN"), "{error}");
    }

    #[test]
    fn stand_ins_on_this_machine_need_the_operators_word() {
        let pairs = |allowed| {
            [
                ("CALPORT_KEYS", KEY),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
                ("GOOGLE_TOKEN_URL", "http://127.0.0.1:9/token"),
                ("CALPORT_ALLOW_LOOPBACK", allowed),
            ]
        };
        assert!(read(&pairs("1")).is_ok());
        let error = read(&pairs("0")).unwrap_err().to_string();
        assert!(error.contains("GOOGLE_TOKEN_URL"), "{error}");
    }
}
