//! `/me`: who the token belongs to.
//!
//! Personal accounts have no `mail`, as many of them have none at Microsoft: `userPrincipalName` always is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde_json::json;

use super::super::state::App;
use super::access::{self, PROFILE};
use super::error::GraphError;
use super::odata::{Options, context};
use crate::server;

const FIELDS: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

pub(super) async fn me(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let state = app.state();
    let index = access::account(&app, &state, &headers, PROFILE)?;
    let options = Options::parse(&uri, &headers, &["$select"])?;
    let account = state
        .accounts
        .get(index)
        .ok_or_else(GraphError::not_found)?;
    let (given, surname) = account.name.split_once(' ').unwrap_or((&account.name, ""));
    let body = json!({
        "@odata.context": context(&app),
        "businessPhones": [],
        "displayName": account.name,
        "givenName": given,
        "id": account.id,
        "jobTitle": null,
        "mail": if account.personal { None } else { Some(&account.email) },
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": surname,
        "userPrincipalName": account.email,
    });
    let body = options.selected(body, |name| FIELDS.contains(&name))?;
    Ok(server::json(200, &body))
}
