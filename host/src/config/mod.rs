//! What an operator configures: read once at start, every mistake listed at once.
//! It never prints a value, only names and remedies.

mod audit;
mod brand;
mod drift;
mod environment;
mod key_command;
mod keys;

pub use brand::{Brand, Colour, ColourError};
pub use environment::Environment;
pub use keys::{KeyMistake, keys};

use crate::{
    drift::Options as DriftOptions, egress::AllowList, vault::KeyRing, webhooks::Receiver,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// How users' bearer tokens are verified.
#[derive(Clone, Debug)]
pub struct UserTokens {
    /// Where the keys come from.
    pub keys: UserTokenKeys,
    /// `aud` that tokens must carry, if any.
    pub audience: Option<String>,
}

/// The keys that users' tokens are signed with.
#[derive(Clone, Debug)]
pub enum UserTokenKeys {
    /// HS256 with this secret of at least 32 bytes.
    Shared(SecretString),
    /// RS256, ES256 or EdDSA by the keys published here.
    Jwks(Url),
}

/// The configuration of `calport serve`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What browsers see, without a slash at the end.
    pub public_url: Option<Url>,
    /// `sqlite:PATH`.
    pub database_url: String,
    /// What credentials are encrypted with.
    pub keys: KeyRing,
    /// How users prove who they are.
    pub user_tokens: UserTokens,
    /// How the platform's own server proves who it is.
    pub platform_token: SecretString,
    /// How whoever reads the metrics proves it, besides the platform's own server.
    pub metrics_token: Option<SecretString>,
    /// Where a browser goes after a callback; the host's own page when missing.
    pub return_url: Option<Url>,
    /// What the settings page is called and coloured.
    pub brand: Brand,
    /// Whom to tell what happens, if anybody.
    pub webhooks: Option<Receiver>,
    /// Whether and how calendars are looked through for what users do in them.
    pub drift: DriftOptions,
    /// How many days the audit log is kept.
    pub audit_days: u32,
    /// Whether plugins may reach endpoint overrides on loopback.
    pub allow_loopback: bool,
    /// Another component in place of the built-in one.
    pub plugin: Option<PathBuf>,
    /// Where compiled components are kept between starts.
    pub cache_dir: Option<PathBuf>,
    /// The app's credentials and endpoint overrides, read by name.
    pub settings: Environment,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} mistake(s):\n{}", .0.len(), .0.join("\n"))]
pub struct ConfigError(
    /// One line each: the name, what is wrong, what to do.
    pub Vec<String>,
);

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_environment(mut environment: Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            environment: &environment,
            mistakes: Vec::new(),
        };
        let listen = reader.listen();
        let public_url = reader.public_url(listen);
        let database_url = environment
            .get("CALPORT_DATABASE_URL")
            .unwrap_or("sqlite:calport.db")
            .to_owned();
        if !database_url.starts_with("sqlite:") {
            reader.mistake(
                "CALPORT_DATABASE_URL",
                "names a database that this version does not know",
                "sqlite:calport.db",
            );
        }
        let keys = reader.keys();
        let user_tokens = reader.user_tokens();
        let platform_token = reader.secret("CALPORT_PLATFORM_TOKEN");
        let metrics_token = environment
            .get("CALPORT_METRICS_TOKEN")
            .and_then(|_| reader.secret("CALPORT_METRICS_TOKEN"));
        let return_url = reader.url("CALPORT_RETURN_URL");
        let brand = reader.brand();
        let webhooks = reader.webhooks();
        let drift = reader.drift();
        let audit_days = reader.audit_days();
        let allow_loopback = reader.flag("CALPORT_ALLOW_LOOPBACK");
        let mistakes = reader.mistakes;
        // Plugins' settings are looked up there, too.
        environment.forget(keys::SETTING);
        let plugin = environment.get("CALPORT_PLUGIN").map(PathBuf::from);
        let cache_dir = environment.get("CALPORT_CACHE_DIR").map(PathBuf::from);
        match (keys, user_tokens, platform_token) {
            (Some(keys), Some(user_tokens), Some(platform_token)) if mistakes.is_empty() => {
                Ok(Self {
                    listen,
                    public_url,
                    database_url,
                    keys,
                    user_tokens,
                    platform_token,
                    metrics_token,
                    return_url,
                    brand,
                    webhooks,
                    drift,
                    audit_days,
                    allow_loopback,
                    plugin,
                    cache_dir: cache_dir.or_else(default_cache_dir),
                    settings: environment,
                })
            }
            _ => Err(ConfigError(mistakes)),
        }
    }
}

/// `$XDG_CACHE_HOME/calport` or `~/.cache/calport` (XDG Base Directory Specification).
pub(crate) fn default_cache_dir() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache: PathBuf| cache.join(Path::new("calport")))
}

struct Reader<'a> {
    environment: &'a Environment,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    fn mistake(&mut self, name: &str, problem: &str, remedy: &str) {
        self.mistakes
            .push(format!("  {name} {problem}. Set it to {remedy}."));
    }

    fn listen(&mut self) -> SocketAddr {
        let fallback = SocketAddr::from(([127, 0, 0, 1], 8000));
        let Some(text) = self.environment.get("CALPORT_LISTEN") else {
            return fallback;
        };
        text.parse().unwrap_or_else(|_| {
            self.mistake(
                "CALPORT_LISTEN",
                "is not an address with a port",
                "127.0.0.1:8000",
            );
            fallback
        })
    }

    fn public_url(&mut self, listen: SocketAddr) -> Option<Url> {
        if self.environment.get("CALPORT_PUBLIC_URL").is_none() && !listen.ip().is_loopback() {
            self.mistake(
                "CALPORT_PUBLIC_URL",
                "is missing, and CALPORT_LISTEN is not on loopback",
                "the https URL under which browsers reach this host",
            );
        }
        let url = self.url("CALPORT_PUBLIC_URL")?;
        if url.path() != "/" || url.query().is_some() {
            self.mistake(
                "CALPORT_PUBLIC_URL",
                "holds more than an origin",
                "https://HOST",
            );
        }
        Some(url)
    }

    /// An https URL, or an http one on loopback.
    fn url(&mut self, name: &str) -> Option<Url> {
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
    fn own_url(&mut self, name: &str) -> Option<Url> {
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

    fn user_tokens(&mut self) -> Option<UserTokens> {
        let secret = self.environment.get("CALPORT_JWT_SECRET");
        let jwks = self.environment.get("CALPORT_JWKS_URL");
        let keys = match (secret, jwks) {
            (Some(_), None) => UserTokenKeys::Shared(self.secret("CALPORT_JWT_SECRET")?),
            (None, Some(_)) => UserTokenKeys::Jwks(self.own_url("CALPORT_JWKS_URL")?),
            (None, None) => {
                self.mistake(
                    "CALPORT_JWT_SECRET",
                    "is missing, and so is CALPORT_JWKS_URL",
                    "the secret of 32 bytes or more that the platform signs its users' \
                     tokens with (HS256), or set CALPORT_JWKS_URL instead",
                );
                return None;
            }
            (Some(_), Some(_)) => {
                self.mistake(
                    "CALPORT_JWT_SECRET",
                    "and CALPORT_JWKS_URL are both set",
                    "nothing, or unset the other: tokens are verified in one way only",
                );
                return None;
            }
        };
        let audience = self
            .environment
            .get("CALPORT_JWT_AUDIENCE")
            .map(str::to_owned);
        Some(UserTokens { keys, audience })
    }

    fn secret(&mut self, name: &str) -> Option<SecretString> {
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

    fn webhooks(&mut self) -> Option<Receiver> {
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

    fn brand(&mut self) -> Brand {
        let name = self.environment.get("CALPORT_BRAND_NAME");
        let name = name.filter(|name| {
            let fits = name.chars().count() <= 60 && !name.chars().any(char::is_control);
            if !fits {
                let remedy = "a name of 60 characters or fewer";
                self.mistake("CALPORT_BRAND_NAME", "is too long or not printable", remedy);
            }
            fits
        });
        let colour = self
            .environment
            .get("CALPORT_BRAND_COLOR")
            .map(Colour::parse);
        let colour = colour.transpose().unwrap_or_else(|error| {
            self.mistake("CALPORT_BRAND_COLOR", &error.to_string(), &error.remedy());
            None
        });
        Brand {
            name: name.map(str::to_owned),
            colour: colour.unwrap_or_default(),
        }
    }

    fn flag(&mut self, name: &str) -> bool {
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
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_environment(Environment::from_pairs(pairs.iter().copied()))
    }

    const KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn every_mistake_is_listed_at_once_and_names_its_remedy() {
        let error = read(&[
            ("CALPORT_LISTEN", "here"),
            ("CALPORT_ALLOW_LOOPBACK", "yes"),
        ])
        .unwrap_err()
        .to_string();
        for name in [
            "CALPORT_LISTEN",
            "CALPORT_KEYS",
            "CALPORT_JWT_SECRET",
            "CALPORT_PLATFORM_TOKEN",
            "CALPORT_ALLOW_LOOPBACK",
        ] {
            assert!(error.contains(name), "{name} is not named in:\n{error}");
        }
    }

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

    #[test]
    fn a_brand_that_cannot_be_shown_or_read_is_refused_with_a_remedy() {
        let brand = |name: &str, colour: &str| {
            read(&[
                ("CALPORT_KEYS", KEY),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
                ("CALPORT_BRAND_NAME", name),
                ("CALPORT_BRAND_COLOR", colour),
            ])
        };
        let fine = brand("Brightside", "0b6b3a").unwrap().brand;
        assert_eq!(fine.name.as_deref(), Some("Brightside"));
        assert_eq!(fine.colour.to_string(), "#0b6b3a");
        assert_eq!(brand("", "").unwrap().brand, Brand::default());
        for (name, colour, named) in [
            (&*"x".repeat(61), "", "CALPORT_BRAND_NAME"),
            ("", "yellow", "CALPORT_BRAND_COLOR"),
            ("", "ffcc00", "CALPORT_BRAND_COLOR"),
        ] {
            let error = brand(name, colour).unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains("Set it to"),
                "{error}"
            );
        }
    }

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

    #[test]
    fn debug_output_holds_no_secret() {
        let config = read(&[
            ("CALPORT_KEYS", KEY),
            ("CALPORT_JWT_SECRET", SECRET),
            ("CALPORT_PLATFORM_TOKEN", SECRET),
            ("GOOGLE_CLIENT_SECRET", "canary-4711"),
        ])
        .unwrap();
        let debug = format!("{config:?}");
        for canary in [SECRET, "canary-4711", "AAECAw"] {
            assert!(!debug.contains(canary), "{debug}");
        }
    }
}
