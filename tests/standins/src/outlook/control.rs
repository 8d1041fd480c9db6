//! What `/_control/` offers for Microsoft alone.
//!
//! Each control is one method of [`Outlook`](crate::Outlook), said in JSON.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::oauth;
use super::state::App;
use crate::consent::ConsentChoice;
use crate::control::{body, done};
use crate::pairs::Pairs;
use crate::server;

pub(super) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/_control/consent", post(consent))
        .route("/_control/events", get(events))
        .route("/_control/redirect-uris", post(register))
        .route("/_control/kill-grant", post(kill_grant))
        .route("/_control/expire-access-tokens", post(expire))
        .with_state(app)
}

async fn consent(State(app): State<Arc<App>>, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Consent {
        authorization_url: String,
        account: String,
        #[serde(default)]
        choice: ConsentChoice,
    }
    match body::<Consent>(&bytes) {
        Err(reply) => reply,
        Ok(wanted) => {
            match oauth::consent(
                &app,
                &wanted.authorization_url,
                &wanted.account,
                &wanted.choice,
            ) {
                Ok(url) => server::json(200, &json!({ "callback_url": url })),
                Err(error) => server::json(400, &json!({ "error": error.to_string() })),
            }
        }
    }
}

async fn events(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = Pairs::parse(query.unwrap_or_default());
    let account = query.get("account").unwrap_or_default();
    let calendar = query.get("calendar").unwrap_or("Calendar");
    server::json(
        200,
        &json!({ "events": super::events(&app, account, calendar) }),
    )
}

async fn register(State(app): State<Arc<App>>, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Register {
        uri: String,
    }
    match body::<Register>(&bytes) {
        Err(reply) => reply,
        Ok(wanted) => {
            app.state().redirect_uris.push(wanted.uri);
            done()
        }
    }
}

async fn kill_grant(State(app): State<Arc<App>>, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Kill {
        account: String,
        #[serde(default = "revoked")]
        code: u32,
    }
    fn revoked() -> u32 {
        super::REVOKED
    }
    match body::<Kill>(&bytes) {
        Err(reply) => reply,
        Ok(wanted) => {
            let killed = super::kill_grant(&app, &wanted.account, wanted.code);
            server::json(200, &json!({ "killed": killed }))
        }
    }
}

async fn expire(State(app): State<Arc<App>>) -> Response {
    super::expire_access_tokens(&app);
    done()
}
