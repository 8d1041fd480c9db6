//! The real outside: the contract's imports, wasi:http and wasi:clocks. Never
//! decides anything; types in, types out.

use super::{Credentials, Outside, RefreshTurn, Secret, SettingFailure, StoreFailure, Stored};
use crate::bindings::calport::calendar::{secrets, token_store};
use crate::http::{self, Failure, Request, Response};

pub(crate) struct Wasi;

impl Outside for Wasi {
    fn send(&self, request: &Request) -> Result<Response, Failure> {
        http::wasi::send(request)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, SettingFailure> {
        secrets::get(name).map_err(|error| match error {
            secrets::SecretsError::Denied => SettingFailure::Denied,
            secrets::SecretsError::Unavailable => SettingFailure::Unavailable,
        })
    }

    fn load(&self) -> Result<Option<Stored>, StoreFailure> {
        token_store::load()
            .map(|stored| stored.map(Stored::from))
            .map_err(StoreFailure::from)
    }

    fn save(&self, credentials: &Credentials, expected: Option<u64>) -> Result<u64, StoreFailure> {
        let credentials = token_store::Credentials {
            access_token: credentials.access_token.expose().to_owned(),
            refresh_token: credentials
                .refresh_token
                .as_ref()
                .map(|token| token.expose().to_owned()),
            expires_at: credentials.expires_at,
            scopes: credentials.scopes.clone(),
            client_id: credentials.client_id.clone(),
        };
        token_store::save(&credentials, expected).map_err(StoreFailure::from)
    }

    fn clear(&self) -> Result<(), StoreFailure> {
        token_store::clear().map_err(StoreFailure::from)
    }

    fn begin_refresh(&self, seen: u64) -> Result<RefreshTurn, StoreFailure> {
        token_store::begin_refresh(seen)
            .map(|turn| match turn {
                token_store::RefreshTurn::Mine => RefreshTurn::Mine,
                token_store::RefreshTurn::Changed(stored) => RefreshTurn::Changed(stored.into()),
                token_store::RefreshTurn::Erased => RefreshTurn::Erased,
            })
            .map_err(StoreFailure::from)
    }

    fn now(&self) -> i64 {
        i64::try_from(wasip2::clocks::wall_clock::now().seconds).unwrap_or(i64::MAX)
    }
}

impl From<token_store::Stored> for Stored {
    fn from(stored: token_store::Stored) -> Self {
        let token_store::Credentials {
            access_token,
            refresh_token,
            expires_at,
            scopes,
            client_id,
        } = stored.credentials;
        Self {
            credentials: Credentials {
                access_token: Secret::new(access_token),
                refresh_token: refresh_token.map(Secret::new),
                expires_at,
                scopes,
                client_id,
            },
            revision: stored.revision,
        }
    }
}

impl From<token_store::StoreError> for StoreFailure {
    fn from(error: token_store::StoreError) -> Self {
        match error {
            token_store::StoreError::NoUser => Self::NoUser,
            token_store::StoreError::Conflict(revision) => Self::Conflict(revision),
            token_store::StoreError::Unavailable => Self::Unavailable,
            token_store::StoreError::Refused => Self::Refused,
        }
    }
}
