//! Who an access token belongs to (OpenID Connect Core, 5.3).
//!
//! It tells the e-mail address only to those who were granted it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde_json::json;

use super::super::api::ApiError;
use super::super::state::App;
use super::error::OAuthError;
use crate::pairs::authorization;
use crate::server;

pub(super) async fn userinfo(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let state = app.state();
    let access = authorization(&headers, "Bearer")
        .and_then(|token| state.access.get(token))
        .filter(|access| access.expires > app.now());
    let account = access.and_then(|access| Some((access, state.accounts.get(access.account)?)));
    let Some((access, account)) = account else {
        return OAuthError::new(401, "invalid_request", "Invalid Credentials").into_response();
    };
    let granted = |end: &str| access.scopes.iter().any(|scope| scope.ends_with(end));
    if !granted("openid") {
        return ApiError::scope("openidconnect.v1.Userinfo.Get").into_response();
    }
    let mut reply = json!({ "sub": account.subject });
    if let Some(fields) = reply.as_object_mut() {
        if granted("userinfo.email") {
            fields.insert("email".into(), account.email.clone().into());
            fields.insert("email_verified".into(), true.into());
        }
        if granted("userinfo.profile") {
            fields.insert("name".into(), account.name.clone().into());
        }
    }
    server::json(200, &reply)
}
