//! Which component is accepted in place of the built-in one, and what its calls may take.

use super::Reader;
use crate::plugin::Limits;

impl Reader<'_> {
    pub(super) fn plugin_sha256(&mut self) -> Option<String> {
        const NAME: &str = "CALPORT_PLUGIN_SHA256";
        let text = self.environment.get(NAME)?;
        let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hash {
            let remedy = "the one that `calport inspect FILE` shows";
            self.mistake(NAME, "is no SHA-256 in hexadecimal", remedy);
            return None;
        }
        Some(text.to_ascii_lowercase())
    }

    pub(super) fn limits(&mut self) -> Limits {
        Limits::configured(self.environment).unwrap_or_else(|wrong| {
            for error in wrong {
                let problem = format!("is not a number from {} to {}", error.least, error.most);
                let remedy = format!("less than {}, which is the default", error.most);
                self.mistake(error.setting, &problem, &remedy);
            }
            Limits::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{
        Config, ConfigError,
        tests::{KEY, SECRET, read as read_all},
    };
    use std::time::Duration;

    fn read(name: &str, value: &str) -> Result<Config, ConfigError> {
        read_all(&[
            ("CALPORT_KEYS", KEY),
            ("CALPORT_JWT_SECRET", SECRET),
            ("CALPORT_PLATFORM_TOKEN", SECRET),
            (name, value),
        ])
    }

    #[test]
    fn limits_are_tightened_by_settings_and_a_looser_one_is_refused_with_a_remedy() {
        let config = read("CALPORT_PLUGIN_WALL_SECONDS", "10").unwrap();
        assert_eq!(config.limits.wall, Duration::from_secs(10));
        for (name, value) in [
            ("CALPORT_PLUGIN_WALL_SECONDS", "31"),
            ("CALPORT_PLUGIN_COMPUTING_MILLISECONDS", "never"),
            ("CALPORT_PLUGIN_MEMORY_MIB", "65"),
            ("CALPORT_PLUGIN_REQUEST_KIB", "0"),
            ("CALPORT_PLUGIN_REPLY_KIB", "-1"),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("Set it to"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_pinned_component_is_named_by_a_whole_hash() {
        let hash = "AB".repeat(32);
        let config = read("CALPORT_PLUGIN_SHA256", &hash).unwrap();
        assert_eq!(config.plugin_sha256, Some(hash.to_ascii_lowercase()));
        for wrong in ["ab", &"zz".repeat(32), &"ab".repeat(33)] {
            let error = read("CALPORT_PLUGIN_SHA256", wrong).unwrap_err();
            assert!(error.to_string().contains("calport inspect"), "{error}");
        }
    }
}
