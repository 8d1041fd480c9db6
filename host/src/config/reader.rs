//! Reading one setting after the other, and noting what is wrong with each. It never notes a
//! value, only names and remedies.

use super::Environment;
use crate::egress::AllowList;
use secrecy::{ExposeSecret, SecretString};
use std::ops::RangeInclusive;
use url::Url;

/// Reads settings and collects mistakes.
pub(super) struct Reader<'a> {
    pub(super) environment: &'a Environment,
    pub(super) mistakes: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn mistake(&mut self, name: &str, problem: &str, remedy: &str) {
        self.mistakes
            .push(format!("  {name} {problem}. Set it to {remedy}."));
    }

    /// An https URL, or an http one on loopback.
    pub(super) fn url(&mut self, name: &str) -> Option<Url> {
        let url = Url::parse(self.environment.get(name)?).ok();
        let usable = url.as_ref().is_some_and(|url| {
            url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
                && match url.scheme() {
                    "https" => true,
                    "http" => is_loopback(url),
                    _ => false,
                }
        });
        if !usable {
            self.mistake(
                name,
                "is not a URL that browsers may be sent to",
                "an absolute https URL without user or fragment (http only on loopback)",
            );
        }
        url.filter(|_| usable)
    }

    /// A URL that the host itself asks: https, or http within a private network.
    pub(super) fn own_url(&mut self, name: &str) -> Option<Url> {
        let text = self.environment.get(name)?;
        let url = Url::parse(text).ok();
        let url = url.filter(|url| url.fragment().is_none());
        match AllowList::operators_own(text) {
            Ok(_) if url.is_some() => url,
            Ok(_) | Err(_) => {
                self.mistake(
                    name,
                    "is not a URL that this host may ask",
                    "an absolute https URL without user or fragment (http only on this \
                     machine or in a private network)",
                );
                None
            }
        }
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        const REMEDY: &str = "32 random bytes or more, for example the output of \
             `head -c 32 /dev/urandom | base64`";
        let Some(secret) = self.environment.get(name).map(SecretString::from) else {
            self.mistake(name, "is missing", REMEDY);
            return None;
        };
        if secret.expose_secret().len() < 32 {
            self.mistake(name, "is shorter than 32 bytes", REMEDY);
            return None;
        }
        Some(secret)
    }

    /// A whole number within a range. `None`: it is not set, or wrong.
    pub(super) fn number(
        &mut self,
        name: &str,
        of: &str,
        range: RangeInclusive<u64>,
        remedy: &str,
    ) -> Option<u64> {
        let number = self.environment.get(name)?.parse::<u64>().ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let problem = format!("is no number of {of} from {least} to {most}");
            self.mistake(name, &problem, remedy);
        }
        number
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.environment.get(name) {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => {
                self.mistake(name, "is neither 1 nor 0", "1 or 0, or leave it out");
                false
            }
        }
    }
}

/// Whether a URL names this machine by a loopback address or as `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{KEY, SECRET, read};

    #[test]
    fn what_a_browser_is_sent_to_is_https_outside_loopback() {
        for (url, fine) in [
            ("https://platform.example/calendars?from=calport", true),
            ("http://127.0.0.1:3000/", true),
            ("http://localhost:3000/", true),
            ("http://platform.example/", false),
            ("javascript:alert(1)", false),
            ("https://user@platform.example/", false),
            ("//platform.example", false),
        ] {
            let result = read(&[
                ("CALPORT_KEYS", KEY),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
                ("CALPORT_RETURN_URL", url),
            ]);
            assert_eq!(result.is_ok(), fine, "{url}");
        }
    }
}
