//! What an operator configures: read once at start, every mistake listed at once.
//! It never prints a value, only names and remedies.

mod addresses;
mod brand;
mod database;
mod drain;
mod drift;
mod environment;
mod key_command;
mod keys;
mod log;
mod names;
mod plugin;
mod providers;
mod reader;
mod retention;
mod user_tokens;
mod webhooks;

pub use brand::{Brand, Colour, ColourError};
pub use database::database_url;
pub use environment::Environment;
pub use keys::{KeyMistake, keys};
pub use log::LogFormat;
pub use names::NAMES;
pub use reader::is_loopback;
pub use user_tokens::{UserTokenKeys, UserTokens};

use crate::{
    drift::Options as DriftOptions, plugin::Limits, retention::Options as RetentionOptions,
    vault::KeyRing, webhooks::Receiver,
};
use reader::Reader;
use secrecy::SecretString;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// The configuration of `calport serve`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What browsers see, without a slash at the end.
    pub public_url: Option<Url>,
    /// `sqlite:PATH`, or `postgres:...`, which may hold a password.
    pub database_url: SecretString,
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
    /// For how long what is over is kept.
    pub retention: RetentionOptions,
    /// For how long it goes on serving once it is to end.
    pub drain: Duration,
    /// Whether plugins may reach endpoint overrides on loopback.
    pub allow_loopback: bool,
    /// Another component in place of the built-in one.
    pub plugin: Option<PathBuf>,
    /// The SHA-256 of the component that is accepted without having been granted.
    pub plugin_sha256: Option<String>,
    /// What one call of the plugin may take.
    pub limits: Limits,
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
        let database_url = reader.database_url();
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
        let retention = reader.retention();
        let drain = reader.drain();
        let allow_loopback = reader.flag("CALPORT_ALLOW_LOOPBACK");
        reader.providers(allow_loopback);
        reader.log_format();
        let plugin = reader.plugin();
        let plugin_sha256 = reader.plugin_sha256();
        let limits = reader.limits();
        let mistakes = reader.mistakes;
        // Plugins' settings are looked up there, too.
        environment.forget(keys::SETTING);
        let cache_dir = cache_dir(&environment);
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
                    retention,
                    drain,
                    allow_loopback,
                    plugin,
                    plugin_sha256,
                    limits,
                    cache_dir,
                    settings: environment,
                })
            }
            _ => Err(ConfigError(mistakes)),
        }
    }
}

/// `CALPORT_CACHE_DIR`, or the usual place.
pub(crate) fn cache_dir(environment: &Environment) -> Option<PathBuf> {
    let own = environment.get("CALPORT_CACHE_DIR").map(PathBuf::from);
    own.or_else(default_cache_dir)
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

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_environment(Environment::from_pairs(pairs.iter().copied()))
    }

    pub(super) const KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn every_mistake_is_listed_at_once_and_names_its_remedy() {
        let error = read(&[
            ("CALPORT_LISTEN", "here"),
            ("CALPORT_ALLOW_LOOPBACK", "yes"),
            ("CALPORT_DATABASE_URL", "mysql://canary@db.example/calport"),
            ("CALPORT_DRAIN_SECONDS", "soon"),
            ("CALPORT_RETENTION_DAYS", "7"),
            ("CALPORT_DRIFT_INTERVAL", "often"),
            ("CALPORT_LOG_FORMAT", "xml"),
            ("CALPORT_RETURN_URL", "platform.example"),
            ("CALPORT_METRICS_TOKEN", "short-canary"),
            ("CALPORT_BRAND_COLOR", "yellow"),
            ("CALPORT_WEBHOOK_URL", "ftp://platform.example"),
            ("GOOGLE_REDIRECT_URI", "callback"),
            ("CALPORT_PLUGIN", "/nowhere/canary.wasm"),
        ])
        .unwrap_err()
        .to_string();
        for name in [
            "CALPORT_LISTEN",
            "CALPORT_KEYS",
            "CALPORT_JWT_SECRET",
            "CALPORT_PLATFORM_TOKEN",
            "CALPORT_ALLOW_LOOPBACK",
            "CALPORT_DATABASE_URL",
            "CALPORT_DRAIN_SECONDS",
            "CALPORT_RETENTION_DAYS",
            "CALPORT_DRIFT_INTERVAL",
            "CALPORT_LOG_FORMAT",
            "CALPORT_RETURN_URL",
            "CALPORT_METRICS_TOKEN",
            "CALPORT_BRAND_COLOR",
            "CALPORT_WEBHOOK_URL",
            "CALPORT_WEBHOOK_SECRET",
            "GOOGLE_REDIRECT_URI",
            "CALPORT_PLUGIN",
        ] {
            let named = error.lines().filter(|line| line.trim().starts_with(name));
            assert_eq!(named.count(), 1, "{name} is not named once in:\n{error}");
        }
        assert!(!error.contains("canary"), "{error}");
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
