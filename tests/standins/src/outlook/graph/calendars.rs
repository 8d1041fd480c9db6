//! `/me/calendars` and `/me/calendar`.
//!
//! Read-only: no test needs to make calendars through Graph.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::super::ids;
use super::super::state::{Account, App, Calendar};
use super::Parts;
use super::access::{self, READ};
use super::error::GraphError;
use super::odata::Options;
use crate::server;

const FIELDS: &[&str] = &[
    "allowedOnlineMeetingProviders",
    "canEdit",
    "canShare",
    "canViewPrivateItems",
    "changeKey",
    "color",
    "defaultOnlineMeetingProvider",
    "hexColor",
    "id",
    "isDefaultCalendar",
    "isRemovable",
    "isTallyingResponses",
    "name",
    "owner",
];

pub(super) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let options = Options::parse(&uri, &headers, &["$select", "$top", "$skip"])?;
    let mut all = Vec::new();
    // Graph promises no order, and certainly not that the default calendar comes first.
    for calendar in account.calendars.iter().rev() {
        all.push(options.selected(calendar_json(account, calendar), |name| {
            FIELDS.contains(&name)
        })?);
    }
    options.page(&app, &uri, all)
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let options = Options::parse(&uri, &headers, &["$select"])?;
    let calendar = access::calendar(account, parts.get("calendar").map(String::as_str))?;
    let body = options.selected(calendar_json(account, calendar), |name| {
        FIELDS.contains(&name)
    })?;
    Ok(options.applied(server::json(200, &body)))
}

fn calendar_json(account: &Account, calendar: &Calendar) -> Value {
    json!({
        "id": ids::calendar(account, calendar),
        "name": calendar.name,
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": calendar.default,
        "changeKey": "AAAAAAAAAAA=",
        "canShare": calendar.default,
        "canViewPrivateItems": true,
        "canEdit": calendar.can_edit,
        "isRemovable": !calendar.default,
        "isTallyingResponses": calendar.default,
        "allowedOnlineMeetingProviders": [],
        "defaultOnlineMeetingProvider": "unknown",
        "owner": { "name": account.name, "address": account.email },
    })
}
