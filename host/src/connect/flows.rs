//! The flows of a host: what they share.

use super::{FlowError, pace::Pace};
use crate::{
    db::Transaction,
    plugin::{Plugin, calendar},
    revocation::Revocations,
    subject::Subject,
    sync::{Deliveries, News},
    vault::Vault,
    webhooks::{Change, Webhooks},
};

use std::num::NonZeroU32;
use url::Url;

/// Where a flow was begun, and so where its browser returns to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The platform's own pages, through the REST interface.
    Platform,
    /// The host's settings page.
    Page,
}

impl Origin {
    /// The word that stands in the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Page => "page",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        if word == Self::Page.as_str() {
            Self::Page
        } else {
            Self::Platform
        }
    }
}

/// The flows of one host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Flows {
    pub(super) vault: Vault,
    pub(super) deliveries: Deliveries,
    pub(super) plugin: Plugin,
    pub(super) revocations: Revocations,
    pub(super) public_url: Url,
    pub(super) webhooks: Webhooks,
    pub(super) news: News,
    pub(super) pace: Pace,
}

impl Flows {
    /// Flows through this plugin into this vault. `news` is told when bookings become due
    /// in a new connection. `per_minute` is how often one user may begin.
    pub fn new(
        vault: Vault,
        plugin: Plugin,
        revocations: Revocations,
        webhooks: Webhooks,
        public_url: Url,
        news: News,
        per_minute: NonZeroU32,
    ) -> Self {
        Self {
            deliveries: Deliveries::new(vault.database().clone()),
            vault,
            plugin,
            revocations,
            webhooks,
            public_url,
            news,
            pace: Pace::new(per_minute),
        }
    }

    /// Counts one more connect of a user's that is no flow, and so is not counted by
    /// [`Flows::begin`].
    ///
    /// # Errors
    /// [`FlowError::TooOften`].
    pub fn count(&self, subject: &Subject) -> Result<(), FlowError> {
        self.pace.count(subject)
    }

    /// Tells the platform, with the grant that is stored.
    pub(super) async fn tell_connected(
        &self,
        transaction: &mut Transaction,
        now: i64,
        subject: &Subject,
        provider: &str,
    ) -> Result<(), sqlx::Error> {
        let change = Change::ConnectionConnected {
            subject: subject.clone(),
            provider: provider.to_owned(),
        };
        self.webhooks.record(transaction, now, &change).await
    }

    /// The redirect URI that must be registered with the provider.
    pub fn redirect_uri(&self, provider: &calendar::ProviderInfo) -> String {
        let setting = provider.redirect_setting.as_deref();
        let configured = setting.and_then(|name| self.plugin.setting(name));
        let configured = configured.filter(|uri| !uri.is_empty());
        redirect_uri(&self.public_url, provider, configured)
    }

    pub(super) fn oauth_provider(&self, id: &str) -> Result<&calendar::ProviderInfo, FlowError> {
        self.plugin
            .provider(id)
            .filter(|provider| provider.kind == calendar::ProviderKind::Oauth)
            .ok_or(FlowError::UnknownProvider)
    }
}

/// The redirect URI of a provider: the operator's, or the host's own callback path.
pub fn redirect_uri(
    public_url: &Url,
    provider: &calendar::ProviderInfo,
    configured: Option<&str>,
) -> String {
    configured.map_or_else(
        || format!("{public_url}api/calendar/{}/callback/", provider.id),
        str::to_owned,
    )
}
