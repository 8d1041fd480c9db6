//! Callbacks that came back in another browser than their flow began in: each waits,
//! sealed, for the user who began it.

use super::{
    AUDIT, FLOW_SECONDS, FlowError, Flows, Returned, landing::Flow, random, standing::Standing,
};
use crate::{
    plugin::calendar,
    subject::Subject,
    vault::{Context, Sealed, VaultError, sealed_rows::PARKED},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use zeroize::Zeroizing;

/// What is parked, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Parked {
    pub(super) parameters: Vec<(String, String)>,
    pub(super) redirect_uri: String,
    pub(super) code_verifier: Zeroizing<String>,
}

impl Flows {
    /// Finishes a parked flow for the user who began it.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn complete(
        &self,
        subject: &Subject,
        provider: &str,
        handle: &str,
    ) -> Result<Returned, FlowError> {
        let provider = self.oauth_provider(provider)?;
        let signer = self.vault.signer().await?;
        let (mut transaction, now) = self.vault.database().write().await?;
        let row = sqlx::query(
            "DELETE FROM parked_callbacks WHERE handle_hash = $1 AND tenant = $2 \
             AND user_id = $3 AND provider = $4 RETURNING callback, expires_at",
        )
        .bind(random::digest(handle))
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(&provider.id)
        .fetch_optional(&mut *transaction)
        .await?;
        let standing = Standing::of(&mut transaction, &signer, subject).await?;
        transaction.commit().await?;
        let Some(row) = row else {
            tracing::warn!(
                target: AUDIT,
                %subject,
                provider = provider.id,
                "a handle was brought that is not one of this user's"
            );
            return Err(FlowError::UnknownHandle);
        };
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
        let verifier = parked.code_verifier.as_str().into();
        let callback = callback(parked.parameters, parked.redirect_uri, &verifier);
        self.finish(subject, &standing, provider, callback).await
    }

    pub(super) async fn park(
        &self,
        flow: &Flow,
        provider: &str,
        parameters: Vec<(String, String)>,
    ) -> Result<String, FlowError> {
        let handle = random::token()?;
        let parked = Parked {
            parameters,
            redirect_uri: flow.redirect_uri.clone(),
            code_verifier: Zeroizing::new(flow.code_verifier.expose_secret().to_owned()),
        };
        let json = serde_json::to_string(&parked).map_err(|_| FlowError::UnknownState)?;
        let json = Zeroizing::new(json);
        let context = Context {
            subject: &flow.subject,
            provider,
            field: PARKED,
        };
        let sealed = self
            .vault
            .keys()
            .seal(&json.as_str().into(), context)
            .map_err(VaultError::from)?;
        let (mut transaction, now) = self.vault.database().write().await?;
        transaction.hold_user(&flow.subject).await?;
        if flow.standing.was_erased(&mut transaction).await? {
            return Err(FlowError::UnknownState);
        }
        sqlx::query("DELETE FROM parked_callbacks WHERE expires_at < $1")
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO parked_callbacks (handle_hash, tenant, user_id, provider, callback, \
             expires_at, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(random::digest(&handle))
        .bind(&flow.subject.tenant)
        .bind(&flow.subject.user)
        .bind(provider)
        .bind(sealed.as_column())
        .bind(now + FLOW_SECONDS)
        .bind(sealed.key_id())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(handle)
    }
}

/// What the contract wants of a callback.
pub(super) fn callback(
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
