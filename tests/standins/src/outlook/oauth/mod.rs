//! Microsoft's OAuth 2.0: authorize page and token endpoint. There is no revocation endpoint.
//!
//! It never grants what was not asked for, and never accepts a code or verifier twice.

mod approve;
mod authorize;
mod error;
mod page;
mod scope;
mod tenant;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(super) use approve::consent;
pub(super) use error::AadError;

use super::state::App;

pub(super) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            get(page::show).post(page::decide),
        )
        .route("/{tenant}/oauth2/v2.0/token", post(token::exchange))
        .with_state(app)
}
