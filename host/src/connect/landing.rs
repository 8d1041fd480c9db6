//! The second half: a browser that came back. Its state is used up whatever it brings, and
//! a code is linked to nobody but the user whose browser set out.

use super::{AUDIT, FlowError, Flows, Origin, parked::callback, random, standing::Standing};
use crate::{
    subject::Subject,
    vault::{Context, Sealed, VaultError, sealed_rows::VERIFIER},
};
use secrecy::SecretString;
use sqlx::Row;
use subtle::ConstantTimeEq;

/// The most bytes of a callback's query: codes are some hundred, Microsoft's up to 2,000.
const MAX_QUERY: usize = 16 * 1024;

/// What a callback came to.
#[derive(Debug)]
pub enum Returned {
    /// The account is connected.
    Connected,
    /// It came back in another browser: the initiating user must finish it with this.
    Parked(SecretString),
    /// Another account of the provider is connected: the user must say which one it shall
    /// be, with this. Until then everything is as it was.
    AccountChanged(SecretString),
}

/// A browser that came back.
#[derive(Debug)]
pub struct Landed {
    /// Where it set out; `None` where its state is not known.
    pub origin: Option<Origin>,
    /// What it came to.
    pub outcome: Result<Returned, FlowError>,
}

/// A flow whose state was just used up.
pub(super) struct Flow {
    pub(super) subject: Subject,
    cookie_hash: String,
    pub(super) code_verifier: SecretString,
    pub(super) redirect_uri: String,
    pub(super) standing: Standing,
}

impl Flows {
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
        let (state, parameters) = parameters(query).ok_or(FlowError::UnknownState)?;
        let flow = self.take_flow(&state, &provider.id, origin).await?;
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
            let standing = &flow.standing;
            return self
                .finish(&flow.subject, standing, provider, callback)
                .await;
        }
        let handle = self.park(&flow, &provider.id, parameters).await?;
        tracing::warn!(
            target: AUDIT,
            subject = %flow.subject,
            provider = provider.id,
            "a callback came back in another browser than its flow began in, and is parked"
        );
        Ok(Returned::Parked(handle.into()))
    }

    /// Deleting the row is what makes a state single-use, however many callbacks arrive at
    /// once.
    async fn take_flow(
        &self,
        state: &str,
        provider: &str,
        origin: &mut Option<Origin>,
    ) -> Result<Flow, FlowError> {
        let signer = self.vault.signer().await?;
        let (mut transaction, now) = self.vault.database().write().await?;
        let row = sqlx::query(
            "DELETE FROM flows WHERE state_hash = $1 AND provider = $2 \
             RETURNING tenant, user_id, cookie_hash, code_verifier, redirect_uri, expires_at, \
             origin",
        )
        .bind(random::digest(state))
        .bind(provider)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(FlowError::UnknownState)?;
        let tenant: String = row.try_get("tenant")?;
        let user: String = row.try_get("user_id")?;
        let subject = Subject::new(tenant, user);
        let standing = Standing::of(&mut transaction, &signer, &subject).await?;
        transaction.commit().await?;
        *origin = Some(Origin::parse(row.try_get("origin")?));
        if row.try_get::<i64, _>("expires_at")? < now {
            return Err(FlowError::UnknownState);
        }
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
            standing,
        })
    }
}

/// A callback's state, and its other parameters in order; `None` for a query that is too long
/// or holds not exactly one state.
pub(super) fn parameters(query: &str) -> Option<(String, Vec<(String, String)>)> {
    if query.len() > MAX_QUERY {
        return None;
    }
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let (mut states, parameters): (Vec<_>, Vec<_>) =
        pairs.into_owned().partition(|(name, _)| name == "state");
    let (_, state) = states.pop()?;
    states.is_empty().then_some((state, parameters))
}
