//! The contract's `token-store` import: the credentials of the call's own user.

use super::{
    bindings::token_store::{self, Host, StoreError},
    bindings::types,
    bounded::{ID, is_storable},
    heavy::among_others,
    refresh::Refreshing,
    sealing::{Full, Kind},
    state::State,
};
use crate::{
    metrics::RefreshResult,
    vault::{Binding, Credentials, RefreshTurn, Stored, VaultError},
};

/// The most scopes of a grant. All that Google has are some 500.
const SCOPES: usize = 1_000;

/// Why credentials are not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unfit {
    /// A token of its own making would bind a user to an account that they have never
    /// connected.
    #[error("their {0} is none that the plugin was given")]
    Foreign(&'static str),
    /// A database may refuse it.
    #[error("their {0} is too long, or no plain text")]
    Improper(&'static str),
}

impl types::Host for State {}

impl Host for State {
    async fn load(&mut self) -> wasmtime::Result<Result<Option<token_store::Stored>, StoreError>> {
        let binding = match self.binding() {
            Ok(binding) => binding.clone(),
            Err(error) => return Ok(Err(error)),
        };
        let stored = among_others(async move { binding.load().await }).await;
        Ok(match stored {
            Ok(stored) => stored.map(|stored| self.handed_out(stored)).transpose(),
            Err(error) => Err(error.into()),
        })
    }

    async fn save(
        &mut self,
        credentials: token_store::Credentials,
        expected: Option<u64>,
    ) -> wasmtime::Result<Result<u64, StoreError>> {
        let saved = match (
            self.binding(),
            self.taken_back(credentials).map_err(Into::into),
        ) {
            (Ok(binding), Ok(credentials)) => binding
                .save(credentials, expected)
                .await
                .map_err(Into::into),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        if saved.is_ok()
            && let Some(refreshing) = self.refreshing.take()
        {
            refreshing.saved();
        }
        Ok(saved)
    }

    async fn clear(&mut self) -> wasmtime::Result<Result<(), StoreError>> {
        let binding = match self.binding() {
            Ok(binding) => binding.clone(),
            Err(error) => return Ok(Err(error)),
        };
        let cleared = among_others(async move { binding.clear().await }).await;
        Ok(cleared.map_err(Into::into))
    }

    async fn begin_refresh(
        &mut self,
        seen: u64,
    ) -> wasmtime::Result<Result<token_store::RefreshTurn, StoreError>> {
        let binding = match self.binding() {
            Ok(binding) => binding.clone(),
            Err(error) => return Ok(Err(error)),
        };
        let asking = binding.clone();
        let turn = match among_others(async move { asking.begin_refresh(seen).await }).await {
            Ok(turn) => turn,
            Err(error) => return Ok(Err(error.into())),
        };
        let provider = binding.provider();
        match &turn {
            RefreshTurn::Mine(lease) => {
                let refreshing = Refreshing::begin(self.metrics.clone(), provider, *lease);
                self.refreshing = Some(refreshing);
            }
            RefreshTurn::Changed(_) => self.metrics.refreshed(provider, RefreshResult::Shared),
            RefreshTurn::Erased | RefreshTurn::Failed => {
                self.metrics.refreshed(provider, RefreshResult::Failed);
            }
        }
        Ok(Ok(match turn {
            RefreshTurn::Mine(_) => token_store::RefreshTurn::Mine,
            RefreshTurn::Failed => return Ok(Err(StoreError::Unavailable)),
            RefreshTurn::Erased => token_store::RefreshTurn::Erased,
            RefreshTurn::Changed(stored) => match self.handed_out(stored) {
                Ok(stored) => token_store::RefreshTurn::Changed(stored),
                Err(error) => return Ok(Err(error)),
            },
        }))
    }
}

impl State {
    /// Lets the next caller refresh at once where this one had the turn and came to no token,
    /// as when the provider was away. Only for a call that has answered: of one that was cut
    /// off, the provider's answer may still be on its way.
    pub(super) async fn give_turn_back(&mut self) {
        let (Some(refreshing), Some(binding)) = (self.refreshing.take(), self.binding.clone())
        else {
            return;
        };
        let lease = refreshing.lease();
        if let Err(error) = among_others(async move { binding.end_refresh(lease).await }).await {
            tracing::warn!(%error, "a turn to refresh is not given back, and runs out");
        }
    }

    fn binding(&self) -> Result<&Binding, StoreError> {
        self.binding.as_ref().ok_or(StoreError::NoUser)
    }

    /// What the guest gets of stored credentials.
    fn handed_out(&self, stored: Stored) -> Result<token_store::Stored, StoreError> {
        let Credentials {
            access_token,
            refresh_token,
            expires_at,
            scopes,
            client_id,
        } = stored.credentials;
        let seal = |kind, token| {
            self.seals
                .hand_out(kind, token)
                .map_err(|Full| StoreError::Unavailable)
        };
        let stored = token_store::Stored {
            credentials: token_store::Credentials {
                access_token: seal(Kind::AccessToken, access_token)?,
                refresh_token: refresh_token
                    .map(|token| seal(Kind::RefreshToken, token))
                    .transpose()?,
                expires_at,
                scopes,
                client_id,
            },
            revision: stored.revision,
        };
        #[cfg(test)]
        self.seals.tap(format!("{stored:?}").as_bytes());
        Ok(stored)
    }

    /// The real credentials that the guest wants to have stored.
    fn taken_back(&self, given: token_store::Credentials) -> Result<Credentials, Unfit> {
        let open = |what, kind, token| {
            let real = self.seals.take_back(kind, token);
            real.ok_or(Unfit::Foreign(what))
        };
        if !is_storable(&given.client_id, ID) {
            return Err(Unfit::Improper("client-id"));
        }
        if given.scopes.len() > SCOPES || !given.scopes.iter().all(|it| is_storable(it, ID)) {
            return Err(Unfit::Improper("scopes"));
        }
        Ok(Credentials {
            access_token: open("access-token", Kind::AccessToken, given.access_token)?,
            refresh_token: given
                .refresh_token
                .map(|token| open("refresh-token", Kind::RefreshToken, token))
                .transpose()?,
            expires_at: given.expires_at,
            scopes: given.scopes,
            client_id: given.client_id,
        })
    }
}

impl From<Unfit> for StoreError {
    fn from(unfit: Unfit) -> Self {
        tracing::warn!(%unfit, "credentials that a plugin wanted to save were refused");
        Self::Refused
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
