//! Microsoft Graph v1.0, as far as calendars go.
//!
//! It never accepts what Graph's reference does not know: options, fields, values, zones.

mod access;
mod calendars;
mod check;
mod delta;
mod error;
mod extended;
mod filter;
mod me;
mod odata;
mod read;
mod recurrence;
mod schedule;
mod schema;
mod view;
mod words;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use http::HeaderMap;

pub(in crate::outlook) use error::GraphError;
pub(in crate::outlook) use write::edited;

use super::state::{App, State};

/// Named parts of the path: `calendar`, `event`.
type Parts = Path<HashMap<String, String>>;

pub(super) fn routes(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/v1.0/me", get(me::me))
        .route("/v1.0/me/calendars", get(calendars::list))
        .route("/v1.0/me/calendar", get(calendars::one))
        .route("/v1.0/me/calendars/{calendar}", get(calendars::one))
        .route("/v1.0/me/calendar/getSchedule", post(schedule::schedule));
    for base in [
        "/v1.0/me",
        "/v1.0/me/calendar",
        "/v1.0/me/calendars/{calendar}",
    ] {
        let event = get(read::one).patch(write::update).delete(write::delete);
        router = router
            .route(
                &format!("{base}/events"),
                get(read::list).post(write::create),
            )
            .route(&format!("{base}/events/{{event}}"), event)
            .route(
                &format!("{base}/events/{{event}}/instances"),
                get(view::instances),
            )
            .route(&format!("{base}/calendarView"), get(view::calendar_view))
            .route(&format!("{base}/calendarView/delta"), get(delta::delta));
    }
    router.with_state(app)
}

/// Whose mailbox a request is for, whatever its scopes: it counts against that mailbox's concurrency.
pub(super) fn account(app: &App, state: &State, headers: &HeaderMap) -> Option<usize> {
    let token = crate::pairs::authorization(headers, "Bearer")?;
    let access = state
        .access
        .get(token)
        .filter(|access| access.expires > app.now());
    access.map(|access| access.account)
}
