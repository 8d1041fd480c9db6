//! The consent page: choose an account, accept or cancel.
//!
//! It works without JavaScript, keeps nothing between its two requests, and asks for no password.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;

use super::super::state::App;
use super::approve::{decided, denied};
use super::authorize::{Authorize, Refused};
use super::error::AadError;
use super::scope;
use crate::consent::ConsentChoice;
use crate::page::{Choice, ConsentPage, RefusalPage};
use crate::pairs::{Pairs, media_type};
use crate::server;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let request = match Authorize::parse(&app, &tenant, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(refused) => return refusal(refused),
    };
    if request.silent {
        // Nobody is ever signed in here, and so nobody can be asked silently.
        let error = AadError::named(
            400,
            "login_required",
            "Silent sign-in failed: nobody is signed in.",
        );
        return server::found(&denied(&request.back, &error, None));
    }
    let state = app.state();
    let fitting = request
        .accounts
        .iter()
        .filter_map(|index| state.accounts.get(*index));
    let hint = request.login_hint.as_deref().unwrap_or_default();
    let hinted = fitting
        .clone()
        .position(|account| account.email.eq_ignore_ascii_case(hint));
    let accounts = fitting.enumerate().map(|(index, account)| Choice {
        email: account.email.clone(),
        name: account.name.clone(),
        chosen: index == hinted.unwrap_or(0),
    });
    let page = ConsentPage {
        provider: "Microsoft",
        app: &app.config.app_name,
        returns_to: ConsentPage::origin(&request.back.redirect_uri),
        accounts: accounts.collect(),
        boxes: Vec::new(),
        asks: request
            .scopes
            .iter()
            .map(|scope| scope::words(scope))
            .collect(),
        always: Vec::new(),
    };
    server::html(200, &page)
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = match Authorize::parse(&app, &tenant, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(refused) => return refusal(refused),
    };
    let wrong = |message| refusal(Refused::Page(Box::new(AadError::invalid(message))));
    if media_type(&headers).as_deref() != Some("application/x-www-form-urlencoded") {
        return wrong("The page was not sent as a form.");
    }
    let form = Pairs::parse(&body);
    let account = form
        .get("account")
        .and_then(|email| app.state().find_account(email));
    let account = account.filter(|account| request.accounts.contains(account));
    let choice = match (form.get("decision"), account) {
        (Some("allow"), Some(_)) => ConsentChoice::Allow,
        (Some("allow"), None) => return wrong("No such account."),
        (Some("cancel"), _) => ConsentChoice::Cancel,
        (Some(_) | None, _) => return wrong("Nothing was decided."),
    };
    server::found(&decided(&app, &request, account, &choice))
}

fn refusal(refused: Refused) -> Response {
    match refused {
        Refused::Back(back, error) => server::found(&denied(&back, &error, None)),
        Refused::Page(error) => {
            let page = RefusalPage {
                provider: "Microsoft",
                status: error.status,
                code: &format!("AADSTS{}", error.code),
                message: &error.message,
            };
            server::html(error.status, &page)
        }
    }
}
