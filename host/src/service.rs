//! Everything that a running host consists of, put together from a configuration.

use crate::{
    bookings::Bookings,
    config::{Brand, Config, Environment, UserTokens},
    connect::{CONNECTS_PER_MINUTE, Flows},
    db::DatabaseError,
    drift::{self, Poller},
    feeds::Feeds,
    metrics::Metrics,
    page::PageSessions,
    plugin::{BUILT_IN, LoadError, Options, Plugin, Runtime},
    readiness::Readiness,
    retention::{self, Retention},
    revocation::Revocations,
    sync::{Deliveries, Endings, News, Workers},
    trust::{Grants, TrustError},
    vault::{KeyUseError, Signer, Vault, VaultError},
    webhooks::{self, Receiver, WebhookError, Webhooks},
};
use secrecy::SecretString;
use std::{num::NonZeroU32, path::PathBuf, sync::Arc};
use url::Url;

/// What a service needs; a [`Config`] is one way to come by it.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// What browsers see: an origin.
    pub public_url: Url,
    /// Where a browser goes after a callback; the host's own page when missing.
    pub return_url: Option<Url>,
    /// How users prove who they are.
    pub user_tokens: UserTokens,
    /// How the platform's own server proves who it is.
    pub platform_token: SecretString,
    /// How whoever reads the metrics proves it, besides the platform's own server.
    pub metrics_token: Option<SecretString>,
    /// What the settings page is called and coloured.
    pub brand: Brand,
    /// Whom to tell what happens, if anybody.
    pub webhooks: Option<Receiver>,
    /// Whether and how calendars are looked through for what users do in them.
    pub drift: drift::Options,
    /// For how long what is over is kept.
    pub retention: retention::Options,
    /// How often one user may begin to connect, at once and then a minute.
    pub connects_per_minute: NonZeroU32,
    /// Another component in place of the built-in one.
    pub plugin: Option<PathBuf>,
    /// How the plugin is run.
    pub plugin_options: Options,
}

impl ServiceOptions {
    /// From a configuration, with the URL that browsers see once a port is known.
    pub fn from_config(config: &Config, public_url: Url) -> Self {
        Self {
            public_url,
            return_url: config.return_url.clone(),
            user_tokens: config.user_tokens.clone(),
            platform_token: config.platform_token.clone(),
            metrics_token: config.metrics_token.clone(),
            brand: config.brand.clone(),
            webhooks: config.webhooks.clone(),
            drift: config.drift,
            retention: config.retention,
            connects_per_minute: CONNECTS_PER_MINUTE,
            plugin: config.plugin.clone(),
            plugin_options: Options {
                settings: config.settings.clone(),
                allow_loopback: config.allow_loopback,
                limits: config.limits,
                pinned: config.plugin_sha256.clone(),
                cache_dir: config.cache_dir.clone(),
                ..Options::default()
            },
        }
    }

    /// Whether browsers come over https.
    pub fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The app's credentials and endpoint overrides.
    pub fn settings(&self) -> &Environment {
        &self.plugin_options.settings
    }
}

/// Why a service could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The plugin cannot be used.
    #[error(transparent)]
    Plugin(#[from] LoadError),
    /// The plugin is not accepted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The master keys do not fit what the database holds.
    #[error(transparent)]
    Keys(#[from] KeyUseError),
    /// The host's own key cannot be read.
    #[error("the host's own key: {0}")]
    OwnKey(#[from] VaultError),
}

/// A running host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    options: ServiceOptions,
    vault: Vault,
    signer: Signer,
    plugin: Plugin,
    flows: Flows,
    feeds: Feeds,
    bookings: Bookings,
    page_sessions: PageSessions,
    deliveries: Deliveries,
    revocations: Revocations,
    endings: Endings,
    webhooks: Webhooks,
    metrics: Metrics,
    news: News,
    readiness: Readiness,
}

impl Service {
    /// Loads the plugin and connects the parts. Workers are started by
    /// [`Service::start_workers`].
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn new(
        runtime: &Runtime,
        vault: Vault,
        options: ServiceOptions,
    ) -> Result<Self, StartError> {
        // First of all: nothing is written with keys that do not fit.
        vault.begin_serving().await?;
        let signer = vault.signer().await?;
        let metrics = Metrics::default();
        let plugin_options = Options {
            metrics: metrics.clone(),
            ..options.plugin_options.clone()
        };
        let plugin = match &options.plugin {
            Some(path) => Plugin::load_file(runtime, path, &plugin_options).await?,
            None => Plugin::load(runtime, BUILT_IN, &plugin_options).await?,
        };
        let pinned = plugin_options.pinned.as_deref();
        Grants::new(vault.database().clone())
            .admit(plugin.artefact(), pinned)
            .await?;
        let news = News::new();
        let webhooks = Webhooks::new(vault.database().clone(), options.webhooks.clone());
        let revocations = Revocations::new(vault.clone(), plugin.clone());
        let endings = Endings::new(vault.clone(), revocations.clone(), webhooks.clone());
        let flows = Flows::new(
            vault.clone(),
            plugin.clone(),
            revocations.clone(),
            webhooks.clone(),
            options.public_url.clone(),
            news.clone(),
            options.connects_per_minute,
        );
        Ok(Self(Arc::new(Parts {
            bookings: Bookings::new(vault.database().clone()),
            page_sessions: PageSessions::new(vault.database().clone()),
            feeds: Feeds::new(vault.database().clone(), options.public_url.clone()),
            deliveries: Deliveries::new(vault.database().clone()),
            revocations,
            endings,
            webhooks,
            metrics,
            options,
            vault,
            signer,
            plugin,
            flows,
            news,
            readiness: Readiness::default(),
        })))
    }

    /// Starts bringing calendars to the state that bookings ask for, revoking what could not
    /// be revoked at once, and forgetting what nobody needs any more.
    pub fn start_workers(&self) -> Workers {
        let mut workers = Workers::start(
            &self.0.vault,
            &self.0.plugin,
            &self.0.webhooks,
            &self.0.metrics,
            &self.0.news,
        );
        workers.run_beside(|stopped| self.0.revocations.clone().run(stopped));
        workers.run_beside(|stopped| self.retention().run(stopped));
        workers
    }

    /// Forgets what nobody needs any more when it is asked to.
    pub fn retention(&self) -> Retention {
        Retention::new(
            self.0.vault.database().clone(),
            self.0.flows.clone(),
            self.0.metrics.clone(),
            self.0.options.retention,
        )
    }

    /// Starts looking for what users do in their own calendars.
    pub fn start_drift(&self) -> drift::Workers {
        let is_exclusive = self.0.vault.database().is_exclusive();
        drift::Workers::start(self.poller(), self.0.options.drift, is_exclusive)
    }

    /// Looks into one calendar when it is asked to.
    pub fn poller(&self) -> Poller {
        Poller::new(
            &self.0.vault,
            &self.0.plugin,
            &self.0.webhooks,
            &self.0.news,
            self.0.options.drift.policy,
        )
    }

    /// Starts telling the platform what happens.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn start_webhooks(&self) -> Result<webhooks::Workers, WebhookError> {
        self.0.webhooks.start(&self.0.metrics)
    }

    /// Tells the workers that something new is owed, or is to be told.
    pub fn announce(&self) {
        self.0.webhooks.announce();
        self.0.news.announce();
    }

    /// Whether it wants more requests.
    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    /// What it was made from.
    pub fn options(&self) -> &ServiceOptions {
        &self.0.options
    }

    /// The credentials.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The host's own key.
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// The plugin.
    pub fn plugin(&self) -> &Plugin {
        &self.0.plugin
    }

    /// The OAuth flows.
    pub fn flows(&self) -> &Flows {
        &self.0.flows
    }

    /// The feeds.
    pub fn feeds(&self) -> &Feeds {
        &self.0.feeds
    }

    /// The bookings.
    pub fn bookings(&self) -> &Bookings {
        &self.0.bookings
    }

    /// Browsers that have the settings page open.
    pub fn page_sessions(&self) -> &PageSessions {
        &self.0.page_sessions
    }

    /// What the platform is told.
    pub fn webhooks(&self) -> &Webhooks {
        &self.0.webhooks
    }

    /// What an operator watches.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The ends of grants at their providers.
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// Ends connections.
    pub fn endings(&self) -> &Endings {
        &self.0.endings
    }

    /// What is owed to calendars.
    pub fn deliveries(&self) -> &Deliveries {
        &self.0.deliveries
    }
}
