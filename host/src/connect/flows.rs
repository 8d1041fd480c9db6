//! Flows from the first click to the stored grant.

use super::{
    FLOW_SECONDS,
    authorization::{self, Expected},
    random,
};
use crate::{
    plugin::{CallError, Plugin, calendar, error_code},
    subject::Subject,
    sync::{self, News},
    vault::{Account, Binding, Context, Destination, Grant, Sealed, Vault, VaultError},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use subtle::ConstantTimeEq;
use url::Url;

/// The most bytes of a callback's query: codes are some hundred, Microsoft's up to 2,000.
const MAX_QUERY: usize = 16 * 1024;

/// The fields that tell sealed values of this module from each other.
const VERIFIER: &str = "flows.code_verifier";
const PARKED: &str = "parked_callbacks.callback";

/// Why a flow did not go on.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// No plugin serves this provider, or it has no accounts to connect.
    #[error("there is no such provider to connect")]
    UnknownProvider,
    /// The state is missing, unknown, used up, too old, or another provider's.
    #[error("this link is not valid, or not any more")]
    UnknownState,
    /// The handle is unknown, used up, too old, or another user's.
    #[error("this handle is not valid, or not any more")]
    UnknownHandle,
    /// The plugin wanted the browser sent to a place that is not the provider's.
    #[error("the plugin built an authorization URL that is refused: {0}")]
    RefusedUrl(&'static str),
    /// The plugin reported success and stored nothing.
    #[error("the plugin stored no grant")]
    NoGrant,
    /// The plugin's own answer, or its end.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The system has no randomness to give.
    #[error("the system's random source failed")]
    Random(#[from] getrandom::Error),
}

impl From<sqlx::Error> for FlowError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// A flow that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the user's browser goes.
    pub authorization_url: Url,
    /// What the browser must bring back as the flow cookie.
    pub cookie: SecretString,
}

/// What a callback came to.
#[derive(Debug)]
pub enum Returned {
    /// The account is connected.
    Connected,
    /// It came back in another browser: the initiating user must finish it with this.
    Parked(SecretString),
}

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
    fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Page => "page",
        }
    }

    fn parse(word: &str) -> Self {
        if word == Self::Page.as_str() {
            Self::Page
        } else {
            Self::Platform
        }
    }
}

/// A browser that came back.
#[derive(Debug)]
pub struct Landed {
    /// Where it set out; `None` where its state is not known.
    pub origin: Option<Origin>,
    /// What it came to.
    pub outcome: Result<Returned, FlowError>,
}

/// The flows of one host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Flows {
    vault: Vault,
    plugin: Plugin,
    public_url: Url,
    news: News,
}

/// A flow whose state was just used up.
struct Flow {
    subject: Subject,
    cookie_hash: String,
    code_verifier: SecretString,
    redirect_uri: String,
}

/// What is parked, sealed.
#[derive(Serialize, Deserialize)]
struct Parked {
    parameters: Vec<(String, String)>,
    redirect_uri: String,
    code_verifier: String,
}

impl Flows {
    /// Flows through this plugin into this vault. `news` is told when bookings become due
    /// in a new connection.
    pub fn new(vault: Vault, plugin: Plugin, public_url: Url, news: News) -> Self {
        Self {
            vault,
            plugin,
            public_url,
            news,
        }
    }

    /// The redirect URI that must be registered with the provider: the operator's, or the
    /// host's own callback path.
    pub fn redirect_uri(&self, provider: &calendar::ProviderInfo) -> String {
        let setting = provider.redirect_setting.as_deref();
        let configured = setting.and_then(|name| self.plugin.setting(name));
        configured.filter(|uri| !uri.is_empty()).map_or_else(
            || format!("{}api/calendar/{}/callback/", self.public_url, provider.id),
            str::to_owned,
        )
    }

    /// Begins a flow for a user.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn begin(
        &self,
        subject: &Subject,
        provider: &str,
        login_hint: Option<String>,
        origin: Origin,
    ) -> Result<Begun, FlowError> {
        let provider = self.oauth_provider(provider)?;
        let redirect_uri = self.redirect_uri(provider);
        let [state, code_verifier, cookie] = [random::token()?, random::token()?, random::token()?];
        let code_challenge = random::digest(&code_verifier);
        let request = calendar::ConnectRequest {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            code_challenge: code_challenge.clone(),
            login_hint,
        };
        let authorization = self.plugin.begin_connect(&provider.id, request).await?;
        let expected = Expected {
            redirect_uri: &redirect_uri,
            state: &state,
            code_challenge: &code_challenge,
        };
        let moved_to = provider
            .endpoints
            .iter()
            .find(|endpoint| endpoint.uses.contains(calendar::EndpointUse::AUTHORIZE))
            .and_then(|endpoint| self.plugin.setting(&endpoint.setting))
            .filter(|url| !url.is_empty());
        let url = authorization::check(&authorization.url, provider, moved_to, &expected)
            .map_err(FlowError::RefusedUrl)?;
        let context = Context {
            subject,
            provider: &provider.id,
            field: VERIFIER,
        };
        let sealed = self.vault.keys().seal(&code_verifier.into(), context);
        let sealed = sealed.map_err(VaultError::from)?;
        let database = self.vault.database();
        let now = database.now().await?;
        sqlx::query("DELETE FROM flows WHERE expires_at < $1")
            .bind(now)
            .execute(database.pool())
            .await?;
        sqlx::query(
            "INSERT INTO flows (state_hash, tenant, user_id, provider, cookie_hash, \
             code_verifier, redirect_uri, expires_at, origin) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(random::digest(&state))
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(&provider.id)
        .bind(random::digest(&cookie))
        .bind(sealed.as_column())
        .bind(redirect_uri)
        .bind(now + FLOW_SECONDS)
        .bind(origin.as_str())
        .execute(database.pool())
        .await?;
        Ok(Begun {
            authorization_url: url,
            cookie: cookie.into(),
        })
    }

    /// Takes a browser that came back. `query` is the URL's raw query, `cookie` what the
    /// browser brought as the flow cookie. The state is used up whatever happens next.
    pub async fn callback(&self, provider: &str, query: &str, cookie: Option<&str>) -> Landed {
        let mut origin = None;
        let outcome = self.land(provider, query, cookie, &mut origin).await;
        Landed { origin, outcome }
    }

    async fn land(
        &self,
        provider: &str,
        query: &str,
        cookie: Option<&str>,
        origin: &mut Option<Origin>,
    ) -> Result<Returned, FlowError> {
        let provider = self.oauth_provider(provider)?;
        if query.len() > MAX_QUERY {
            return Err(FlowError::UnknownState);
        }
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let (states, parameters): (Vec<_>, Vec<_>) =
            pairs.into_owned().partition(|(name, _)| name == "state");
        let [(_, state)] = states.as_slice() else {
            return Err(FlowError::UnknownState);
        };
        let flow = self.take_flow(state, &provider.id, origin).await?;
        let is_same_browser = cookie.is_some_and(|cookie| {
            bool::from(
                random::digest(cookie)
                    .as_bytes()
                    .ct_eq(flow.cookie_hash.as_bytes()),
            )
        });
        // A refusal holds nothing that could be linked to the wrong person, so it needs no
        // second step.
        let is_refusal = parameters.iter().all(|(name, _)| name != "code");
        if is_same_browser || is_refusal {
            let callback = callback(parameters, flow.redirect_uri, &flow.code_verifier);
            return self.finish(&flow.subject, provider, callback).await;
        }
        let handle = self.park(&flow, &provider.id, parameters).await?;
        Ok(Returned::Parked(handle.into()))
    }

    /// Finishes a parked flow for the user who began it.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn complete(
        &self,
        subject: &Subject,
        provider: &str,
        handle: &str,
    ) -> Result<(), FlowError> {
        let provider = self.oauth_provider(provider)?;
        let database = self.vault.database();
        let now = database.now().await?;
        let row = sqlx::query(
            "DELETE FROM parked_callbacks WHERE handle_hash = $1 AND tenant = $2 \
             AND user_id = $3 AND provider = $4 RETURNING callback, expires_at",
        )
        .bind(random::digest(handle))
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(&provider.id)
        .fetch_optional(database.pool())
        .await?
        .ok_or(FlowError::UnknownHandle)?;
        if row.try_get::<i64, _>("expires_at")? < now {
            return Err(FlowError::UnknownHandle);
        }
        let context = Context {
            subject,
            provider: &provider.id,
            field: PARKED,
        };
        let sealed = Sealed::from_column(row.try_get("callback")?);
        let opened = self
            .vault
            .keys()
            .open(&sealed, context)
            .map_err(VaultError::from)?;
        let parked: Parked =
            serde_json::from_str(opened.expose_secret()).map_err(|_| FlowError::UnknownHandle)?;
        let verifier = parked.code_verifier.into();
        let callback = callback(parked.parameters, parked.redirect_uri, &verifier);
        self.finish(subject, provider, callback).await.map(drop)
    }

    fn oauth_provider(&self, id: &str) -> Result<&calendar::ProviderInfo, FlowError> {
        self.plugin
            .provider(id)
            .filter(|provider| provider.kind == calendar::ProviderKind::Oauth)
            .ok_or(FlowError::UnknownProvider)
    }

    /// Deleting the row is what makes a state single-use, however many callbacks arrive at
    /// once.
    async fn take_flow(
        &self,
        state: &str,
        provider: &str,
        origin: &mut Option<Origin>,
    ) -> Result<Flow, FlowError> {
        let database = self.vault.database();
        let now = database.now().await?;
        let row = sqlx::query(
            "DELETE FROM flows WHERE state_hash = $1 AND provider = $2 \
             RETURNING tenant, user_id, cookie_hash, code_verifier, redirect_uri, expires_at, \
             origin",
        )
        .bind(random::digest(state))
        .bind(provider)
        .fetch_optional(database.pool())
        .await?
        .ok_or(FlowError::UnknownState)?;
        *origin = Some(Origin::parse(row.try_get("origin")?));
        if row.try_get::<i64, _>("expires_at")? < now {
            return Err(FlowError::UnknownState);
        }
        let tenant: String = row.try_get("tenant")?;
        let user: String = row.try_get("user_id")?;
        let subject = Subject::new(tenant, user);
        let context = Context {
            subject: &subject,
            provider,
            field: VERIFIER,
        };
        let sealed = Sealed::from_column(row.try_get("code_verifier")?);
        let code_verifier = self
            .vault
            .keys()
            .open(&sealed, context)
            .map_err(VaultError::from)?;
        Ok(Flow {
            cookie_hash: row.try_get("cookie_hash")?,
            redirect_uri: row.try_get("redirect_uri")?,
            code_verifier,
            subject,
        })
    }

    async fn park(
        &self,
        flow: &Flow,
        provider: &str,
        parameters: Vec<(String, String)>,
    ) -> Result<String, FlowError> {
        let handle = random::token()?;
        let parked = Parked {
            parameters,
            redirect_uri: flow.redirect_uri.clone(),
            code_verifier: flow.code_verifier.expose_secret().to_owned(),
        };
        let json = serde_json::to_string(&parked).map_err(|_| FlowError::UnknownState)?;
        let context = Context {
            subject: &flow.subject,
            provider,
            field: PARKED,
        };
        let sealed = self
            .vault
            .keys()
            .seal(&json.into(), context)
            .map_err(VaultError::from)?;
        let database = self.vault.database();
        let now = database.now().await?;
        sqlx::query("DELETE FROM parked_callbacks WHERE expires_at < $1")
            .bind(now)
            .execute(database.pool())
            .await?;
        sqlx::query(
            "INSERT INTO parked_callbacks (handle_hash, tenant, user_id, provider, callback, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(random::digest(&handle))
        .bind(&flow.subject.tenant)
        .bind(&flow.subject.user)
        .bind(provider)
        .bind(sealed.as_column())
        .bind(now + FLOW_SECONDS)
        .execute(database.pool())
        .await?;
        Ok(handle)
    }

    /// Lets the plugin exchange the code, and stores grant, account and what is now owed to
    /// the calendar together.
    async fn finish(
        &self,
        subject: &Subject,
        provider: &calendar::ProviderInfo,
        callback: calendar::Callback,
    ) -> Result<Returned, FlowError> {
        let binding = Binding::new(self.vault.clone(), subject.clone(), &provider.id);
        let (binding, granted) = binding.granting();
        let account = self.plugin.complete_callback(binding, callback).await?;
        let credentials = granted.take().ok_or(FlowError::NoGrant)?;
        let destination = Destination {
            id: account.calendar.id.clone(),
            name: bounded(&account.calendar.name),
        };
        let account = Account {
            id: account.id,
            label: bounded(&account.label),
        };
        let grant = Grant {
            account,
            destination,
            credentials,
        };
        let database = self.vault.database();
        let (mut transaction, now) = database.write().await?;
        self.vault
            .connect(&mut transaction, now, subject, &provider.id, &grant)
            .await?;
        sync::owe_connection(&mut transaction, subject, &provider.id, now).await?;
        transaction.commit().await?;
        self.news.announce();
        tracing::info!(%subject, provider = provider.id, "connected");
        Ok(Returned::Connected)
    }
}

fn callback(
    parameters: Vec<(String, String)>,
    redirect_uri: String,
    code_verifier: &SecretString,
) -> calendar::Callback {
    let parameters = parameters
        .into_iter()
        .map(|(name, value)| calendar::Parameter { name, value });
    calendar::Callback {
        parameters: parameters.collect(),
        redirect_uri,
        code_verifier: code_verifier.expose_secret().to_owned(),
    }
}

/// A provider's text for display: no control characters, not endless.
fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(256).collect()
}

impl FlowError {
    /// The stable code of `status` on the way back to the platform.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown-provider",
            Self::UnknownState | Self::UnknownHandle => "expired",
            Self::RefusedUrl(_) | Self::NoGrant | Self::Vault(_) | Self::Random(_) => "internal",
            Self::Call(CallError::Plugin(error)) => error_code(error),
            Self::Call(CallError::TimedOut) => "retry",
            Self::Call(CallError::Trapped(_) | CallError::OutOfMemory) => "internal",
        }
    }
}
