//! The contract's `token-store` import: the credentials of the call's own user.

use super::{
    bindings::token_store::{self, Host, StoreError},
    bindings::types,
    refresh::Refreshing,
    state::State,
};
use crate::{
    metrics::RefreshResult,
    vault::{Binding, Credentials, RefreshTurn, Stored, VaultError},
};
use secrecy::ExposeSecret;

impl types::Host for State {}

impl Host for State {
    async fn load(&mut self) -> wasmtime::Result<Result<Option<token_store::Stored>, StoreError>> {
        Ok(match self.binding() {
            Ok(binding) => binding
                .load()
                .await
                .map(|s| s.map(Into::into))
                .map_err(Into::into),
            Err(error) => Err(error),
        })
    }

    async fn save(
        &mut self,
        credentials: token_store::Credentials,
        expected: Option<u64>,
    ) -> wasmtime::Result<Result<u64, StoreError>> {
        let saved = match self.binding() {
            Ok(binding) => binding
                .save(credentials.into(), expected)
                .await
                .map_err(Into::into),
            Err(error) => Err(error),
        };
        if saved.is_ok()
            && let Some(refreshing) = self.refreshing.take()
        {
            refreshing.saved();
        }
        Ok(saved)
    }

    async fn clear(&mut self) -> wasmtime::Result<Result<(), StoreError>> {
        Ok(match self.binding() {
            Ok(binding) => binding.clear().await.map_err(Into::into),
            Err(error) => Err(error),
        })
    }

    async fn begin_refresh(
        &mut self,
        seen: u64,
    ) -> wasmtime::Result<Result<token_store::RefreshTurn, StoreError>> {
        let binding = match self.binding() {
            Ok(binding) => binding,
            Err(error) => return Ok(Err(error)),
        };
        let turn = match binding.begin_refresh(seen).await {
            Ok(turn) => turn,
            Err(error) => return Ok(Err(error.into())),
        };
        let provider = binding.provider();
        match &turn {
            RefreshTurn::Mine => {
                self.refreshing = Some(Refreshing::begin(self.metrics.clone(), provider));
            }
            RefreshTurn::Changed(_) => self.metrics.refreshed(provider, RefreshResult::Shared),
            RefreshTurn::Erased => self.metrics.refreshed(provider, RefreshResult::Failed),
        }
        Ok(Ok(turn.into()))
    }
}

impl State {
    fn binding(&self) -> Result<&Binding, StoreError> {
        self.binding.as_ref().ok_or(StoreError::NoUser)
    }
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Conflict(revision) => Self::Conflict(revision),
            VaultError::Sealed(_) | VaultError::Database(_) => {
                tracing::error!(%error, "the token store failed a plugin");
                Self::Unavailable
            }
        }
    }
}

impl From<Stored> for token_store::Stored {
    fn from(stored: Stored) -> Self {
        let Credentials {
            access_token,
            refresh_token,
            expires_at,
            scopes,
            client_id,
        } = stored.credentials;
        Self {
            credentials: token_store::Credentials {
                access_token: access_token.expose_secret().to_owned(),
                refresh_token: refresh_token.map(|token| token.expose_secret().to_owned()),
                expires_at,
                scopes,
                client_id,
            },
            revision: stored.revision,
        }
    }
}

impl From<token_store::Credentials> for Credentials {
    fn from(credentials: token_store::Credentials) -> Self {
        Self {
            access_token: credentials.access_token.into(),
            refresh_token: credentials.refresh_token.map(Into::into),
            expires_at: credentials.expires_at,
            scopes: credentials.scopes,
            client_id: credentials.client_id,
        }
    }
}

impl From<RefreshTurn> for token_store::RefreshTurn {
    fn from(turn: RefreshTurn) -> Self {
        match turn {
            RefreshTurn::Mine => Self::Mine,
            RefreshTurn::Changed(stored) => Self::Changed(stored.into()),
            RefreshTurn::Erased => Self::Erased,
        }
    }
}
