//! `CALPORT_KEYS`: what credentials are sealed with.

use super::Reader;
use crate::vault::{KeyRing, KeyRingError};

impl Reader<'_> {
    pub(super) fn keys(&mut self) -> Option<KeyRing> {
        const REMEDY: &str = "a key id and 32 random bytes in base64, for example \
             k1:$(head -c 32 /dev/urandom | base64), and keep it: without it stored \
             credentials cannot be read";
        let Some(text) = self.environment.get("CALPORT_KEYS") else {
            self.mistake("CALPORT_KEYS", "is missing", REMEDY);
            return None;
        };
        match KeyRing::parse(text) {
            Ok(keys) => Some(keys),
            Err(error @ (KeyRingError::Malformed { .. } | KeyRingError::Duplicate { .. })) => {
                self.mistake("CALPORT_KEYS", &error.to_string(), REMEDY);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{KEY, SECRET, read};

    #[test]
    fn case_15_a_short_or_wrong_key_refuses_the_start_without_showing_it() {
        for keys in [
            "k1:c2hvcnQ=",
            "AAAA",
            "k1:!!!!",
            "k 1:AAAA",
            &format!("{KEY},{KEY}"),
        ] {
            let error = read(&[
                ("CALPORT_KEYS", keys),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
            ])
            .unwrap_err()
            .to_string();
            assert!(error.contains("CALPORT_KEYS"), "{error}");
            assert!(
                !error.contains("c2hvcnQ") && !error.contains("AAECAw"),
                "{error}"
            );
        }
    }
}
