//! Looks for what is wrong with a host, or will be, before its users notice. It changes
//! nothing, sends no credential anywhere, says no secret, and works beside a running host.

mod clock;
mod consent;
mod credentials;
mod database;
mod finding;
mod keys;
mod reach;
mod redirects;
mod settings;
mod tokens;
mod webhooks;

pub use finding::{Finding, Report, Verdict};

use crate::{
    config::{Config, ConfigError, Environment},
    plugin::{BUILT_IN, LoadError, Options, Plugin, Runtime, calendar::ProviderKind},
};
use std::path::Path;
use url::Url;

/// What is looked at.
#[derive(Debug)]
pub struct Patient<'a> {
    /// Its settings.
    pub environment: &'a Environment,
    /// The file that some of them came from.
    pub env_file: &'a Path,
    /// What they amount to.
    pub config: Result<Config, ConfigError>,
    /// What browsers see, as far as it is known.
    pub public_url: Option<Url>,
}

/// Looks at everything. It takes some seconds where something does not answer.
pub async fn examine(patient: &Patient<'_>) -> Report {
    let mut report = Report::default();
    settings::examine(patient, &mut report);
    if let Ok(config) = &patient.config {
        keys::examine(patient.env_file, &config.keys, &mut report);
    }
    let database = database::examine(patient.environment, &mut report).await;
    let plugin = match load(patient).await {
        Ok(plugin) => plugin,
        Err(error) => {
            let remedy = "Mend what it names; without CALPORT_PLUGIN the built-in one is used.";
            report.problem("Plugin", error.to_string(), remedy);
            return report;
        }
    };
    let info = plugin.info();
    let says = format!(
        "{} {} loads, with {} providers.",
        info.name,
        info.version,
        info.providers.len()
    );
    report.ok("Plugin", says);
    let mut clocks = Vec::new();
    for provider in &info.providers {
        match provider.kind {
            ProviderKind::Oauth => {}
            ProviderKind::File => continue,
        }
        let has_credentials = credentials::examine(patient.environment, provider, &mut report);
        if !has_credentials {
            continue;
        }
        redirects::examine(patient, provider, &mut report);
        clocks.extend(reach::examine(patient.environment, provider, &mut report).await);
        if let Some(database) = &database {
            consent::examine(database, provider, &mut report).await;
        }
    }
    clock::examine(database.as_ref(), &clocks, &mut report).await;
    if let Ok(config) = &patient.config {
        tokens::examine(&config.user_tokens, &mut report).await;
        webhooks::examine(config.webhooks.as_ref(), &mut report).await;
    }
    if let Some(database) = database {
        database.close().await;
    }
    report
}

/// As `calport serve` does it.
async fn load(patient: &Patient<'_>) -> Result<Plugin, LoadError> {
    let environment = patient.environment;
    let config = patient.config.as_ref().ok();
    let options = Options {
        settings: environment.clone(),
        allow_loopback: environment.get("CALPORT_ALLOW_LOOPBACK") == Some("1"),
        cache_dir: config.and_then(|config| config.cache_dir.clone()),
        ..Options::default()
    };
    let runtime = Runtime::new()?;
    match environment.get("CALPORT_PLUGIN") {
        Some(path) => Plugin::load_file(&runtime, Path::new(path), &options).await,
        None => Plugin::load(&runtime, BUILT_IN, &options).await,
    }
}
