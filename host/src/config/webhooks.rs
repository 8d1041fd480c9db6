//! `CALPORT_WEBHOOK_URL` and `CALPORT_WEBHOOK_SECRET`: whom to tell what happens.

use super::Reader;
use crate::webhooks::Receiver;
use secrecy::SecretString;

impl Reader<'_> {
    pub(super) fn webhooks(&mut self) -> Option<Receiver> {
        self.environment.get("CALPORT_WEBHOOK_URL")?;
        let url = self.own_url("CALPORT_WEBHOOK_URL");
        let secrets = self.webhook_secrets();
        Some(Receiver {
            url: url?,
            secrets: secrets?,
        })
    }

    /// One, or the new and the old one while receivers change over.
    fn webhook_secrets(&mut self) -> Option<Vec<SecretString>> {
        const NAME: &str = "CALPORT_WEBHOOK_SECRET";
        const REMEDY: &str = "what your receiver checks signatures with: 32 random bytes or \
             more, for example the output of `head -c 32 /dev/urandom | base64`; two of them, \
             NEW,OLD, while it changes over";
        let Some(text) = self.environment.get(NAME) else {
            self.mistake(NAME, "is missing, and CALPORT_WEBHOOK_URL is set", REMEDY);
            return None;
        };
        let secrets: Vec<&str> = text.split(',').map(str::trim).collect();
        if secrets.len() > 2 {
            self.mistake(NAME, "holds more than two secrets", REMEDY);
            return None;
        }
        if secrets.iter().any(|secret| secret.len() < 32) {
            self.mistake(NAME, "holds a secret of fewer than 32 bytes", REMEDY);
            return None;
        }
        Some(secrets.into_iter().map(SecretString::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{KEY, SECRET, read};

    #[test]
    fn webhooks_need_a_secret_and_take_a_second_one() {
        let webhooks = |url: &str, secret: &str| {
            read(&[
                ("CALPORT_KEYS", KEY),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
                ("CALPORT_WEBHOOK_URL", url),
                ("CALPORT_WEBHOOK_SECRET", secret),
            ])
        };
        const URL: &str = "https://platform.example/hooks";
        let both = format!("{SECRET}, {SECRET}");
        for (url, secret, secrets) in [("", "", 0), (URL, SECRET, 1), (URL, &both, 2)] {
            let config = webhooks(url, secret).unwrap();
            let found = config.webhooks.map_or(0, |receiver| receiver.secrets.len());
            assert_eq!(found, secrets, "{url} {secret}");
        }
        for (url, secret, named) in [
            (URL, "", "CALPORT_WEBHOOK_SECRET"),
            (URL, "short-canary", "CALPORT_WEBHOOK_SECRET"),
            (
                URL,
                &format!("{SECRET},short-canary"),
                "CALPORT_WEBHOOK_SECRET",
            ),
            (URL, &format!("{both},{SECRET}"), "CALPORT_WEBHOOK_SECRET"),
            ("platform.example", SECRET, "CALPORT_WEBHOOK_URL"),
        ] {
            let error = webhooks(url, secret).unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains("Set it to"),
                "{error}"
            );
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
