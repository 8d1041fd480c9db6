//! Revocation: any token ends all that its account has granted to the app.
//!
//! A token that is dead already is an error, as Google has it.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

use super::super::state::App;
use super::error::OAuthError;
use crate::oauth::{form, required};
use crate::server;

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let form = form(&headers, query.as_deref(), &body, &["token"])?;
    let token = required(&form, "token")?;
    let now = app.now();
    let mut state = app.state();
    let access = state
        .access
        .get(token)
        .filter(|access| access.expires > now);
    let refresh = || {
        state
            .refresh
            .values()
            .find(|refresh| refresh.token == token)
    };
    let account = access
        .map(|access| access.account)
        .or_else(|| refresh().map(|one| one.account));
    let Some(account) = account else {
        return Err(OAuthError::new(
            400,
            "invalid_token",
            "Token expired or revoked",
        ));
    };
    state.revoke_account(account);
    Ok(server::json(200, &json!({})))
}
