//! The names of all settings, so that a misspelt one can be told from one that is missing.

/// Every setting of the host and of the built-in providers. What `.env.example` explains, and
/// what files for deployment may set.
pub const NAMES: &[&str] = &[
    "CALPORT_ALLOW_LOOPBACK",
    "CALPORT_AUDIT_DAYS",
    "CALPORT_BRAND_COLOR",
    "CALPORT_BRAND_NAME",
    "CALPORT_CACHE_DIR",
    "CALPORT_DATABASE_URL",
    "CALPORT_DRAIN_SECONDS",
    "CALPORT_DRIFT_INTERVAL",
    "CALPORT_DRIFT_POLICY",
    "CALPORT_JWKS_URL",
    "CALPORT_JWT_AUDIENCE",
    "CALPORT_JWT_SECRET",
    "CALPORT_KEYS",
    "CALPORT_KEYS_COMMAND",
    "CALPORT_KEYS_FILE",
    "CALPORT_LISTEN",
    "CALPORT_LOG_FORMAT",
    "CALPORT_METRICS_TOKEN",
    "CALPORT_PLATFORM_TOKEN",
    "CALPORT_PLUGIN",
    "CALPORT_PLUGIN_COMPUTING_MILLISECONDS",
    "CALPORT_PLUGIN_MEMORY_MIB",
    "CALPORT_PLUGIN_REPLY_KIB",
    "CALPORT_PLUGIN_REQUEST_KIB",
    "CALPORT_PLUGIN_SHA256",
    "CALPORT_PLUGIN_WALL_SECONDS",
    "CALPORT_PUBLIC_URL",
    "CALPORT_RETENTION_DAYS",
    "CALPORT_RETURN_URL",
    "CALPORT_WEBHOOK_SECRET",
    "CALPORT_WEBHOOK_URL",
    "GOOGLE_API_URL",
    "GOOGLE_AUTH_URL",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "GOOGLE_REDIRECT_URI",
    "GOOGLE_REQUESTS_PER_MINUTE",
    "GOOGLE_REQUESTS_PER_MINUTE_PER_USER",
    "GOOGLE_REVOKE_URL",
    "GOOGLE_TOKEN_URL",
    "GOOGLE_USERINFO_URL",
    "OUTLOOK_AUTH_URL",
    "OUTLOOK_CLIENT_ID",
    "OUTLOOK_CLIENT_SECRET",
    "OUTLOOK_GRAPH_URL",
    "OUTLOOK_REDIRECT_URI",
    "OUTLOOK_REQUESTS_PER_MINUTE",
    "OUTLOOK_REQUESTS_PER_MINUTE_PER_USER",
    "OUTLOOK_TOKEN_URL",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    /// The names of settings in a text. Words of another kind that begin alike are none.
    fn named_in(text: &str) -> BTreeSet<String> {
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        text.split(|c| !is_part(c))
            .filter(|word| {
                ["CALPORT_", "GOOGLE_", "OUTLOOK_"]
                    .iter()
                    .any(|prefix| word.len() > prefix.len() && word.starts_with(prefix))
            })
            .map(str::to_owned)
            .collect()
    }

    fn read(path: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::read_to_string(root.join(path)).unwrap()
    }

    #[test]
    fn the_example_explains_every_setting_and_no_other() {
        let known: BTreeSet<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(named_in(&read(".env.example")), known);
    }

    #[test]
    fn files_for_deployment_set_nothing_that_does_not_exist() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        let mut files = 0;
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for name in named_in(&text) {
                assert!(NAMES.contains(&&*name), "{name} in {}", path.display());
            }
            files += 1;
        }
        assert!(files >= 4, "they were looked for in vain");
    }

    #[test]
    fn what_the_configuration_reads_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config");
        let mut read = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            read.extend(named_in(code));
        }
        for name in read {
            assert!(NAMES.contains(&&*name), "{name}");
        }
    }
}
