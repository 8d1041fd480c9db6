//! The first half: where to send the user's browser, and what it must bring back.

use super::{
    FLOW_SECONDS, FlowError, Flows, Origin,
    authorization::{self, Expected},
    random,
};
use crate::{
    plugin::calendar,
    subject::Subject,
    vault::{Context, VaultError, sealed_rows::VERIFIER},
};
use secrecy::SecretString;
use url::Url;

/// A flow that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the user's browser goes.
    pub authorization_url: Url,
    /// What the browser must bring back as the flow cookie.
    pub cookie: SecretString,
}

impl Flows {
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
        self.pace.count(subject)?;
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
            client_id: authorization::client_id(&self.plugin, provider),
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
        self.sweep().await?;
        let database = self.vault.database();
        let now = database.now().await?;
        sqlx::query("DELETE FROM flows WHERE expires_at < $1")
            .bind(now)
            .execute(database.pool())
            .await?;
        sqlx::query(
            "INSERT INTO flows (state_hash, tenant, user_id, provider, cookie_hash, \
             code_verifier, redirect_uri, expires_at, origin, key_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
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
        .bind(sealed.key_id())
        .execute(database.pool())
        .await?;
        Ok(Begun {
            authorization_url: url,
            cookie: cookie.into(),
        })
    }
}
