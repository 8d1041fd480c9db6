//! Google's OAuth 2.0: authorize page, token endpoint, revocation, identity.
//!
//! It never grants more than the user ticked, and never accepts a code or verifier twice.

mod approve;
mod authorize;
mod error;
mod page;
mod revoke;
mod scope;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(super) use approve::consent;
pub(super) use error::OAuthError;
pub(super) use scope::{AUTH, Granted};

use super::state::App;

pub(super) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/o/oauth2/v2/auth", get(page::show).post(page::decide))
        .route("/token", post(token::exchange))
        .route("/revoke", post(revoke::revoke))
        .route(
            "/v1/userinfo",
            get(userinfo::userinfo).post(userinfo::userinfo),
        )
        .with_state(app)
}
