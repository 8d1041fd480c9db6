//! The consent page: choose an account, tick boxes, allow or cancel.
//!
//! It works without JavaScript, keeps nothing between its two requests, and asks for no password.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;

use super::super::state::App;
use super::approve::decided;
use super::authorize::Authorize;
use super::error::OAuthError;
use super::scope;
use crate::consent::ConsentChoice;
use crate::page::{Choice, ConsentPage, RefusalPage, Tick};
use crate::pairs::{Pairs, media_type};
use crate::server::{self, found as back};

pub(super) async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let request = match Authorize::parse(&app, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(error) => return refusal(&error),
    };
    if request.prompts.iter().any(|prompt| prompt == "none") {
        // Nobody is ever signed in here, and so nobody can be asked silently.
        let choice = ConsentChoice::Refused("interaction_required".into());
        return back(&decided(&app, &request, usize::MAX, &choice));
    }
    let accounts: Vec<(String, String)> = {
        let state = app.state();
        state
            .accounts
            .iter()
            .map(|one| (one.email.clone(), one.name.clone()))
            .collect()
    };
    let hinted = request.login_hint.as_deref().unwrap_or_default();
    let hinted = accounts
        .iter()
        .position(|(email, _)| email.eq_ignore_ascii_case(hinted))
        .unwrap_or(0);
    let accounts = accounts.into_iter().enumerate();
    let page = ConsentPage {
        provider: "Google",
        app: &app.config.app_name,
        returns_to: ConsentPage::origin(&request.redirect_uri),
        accounts: accounts
            .map(|(index, (email, name))| Choice {
                email,
                name,
                chosen: index == hinted,
            })
            .collect(),
        boxes: request
            .scopes
            .iter()
            .filter_map(|scope| {
                Some(Tick {
                    words: scope::words(scope)?,
                    scope: scope.clone(),
                })
            })
            .collect(),
        asks: Vec::new(),
        always: request
            .scopes
            .iter()
            .filter(|scope| scope::words(scope).is_none())
            .map(|scope| {
                if scope.ends_with("email") {
                    "your e-mail address"
                } else {
                    "who you are"
                }
            })
            .collect(),
    };
    server::html(200, &page)
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = match Authorize::parse(&app, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(error) => return refusal(&error),
    };
    if media_type(&headers).as_deref() != Some("application/x-www-form-urlencoded") {
        return refusal(&OAuthError::invalid_request(
            "The page was not sent as a form",
        ));
    }
    let form = Pairs::parse(&body);
    let account = form
        .get("account")
        .and_then(|email| app.state().find_account(email));
    let choice = match form.get("decision") {
        Some("allow") => {
            let boxes = request
                .scopes
                .iter()
                .filter(|scope| scope::words(scope).is_some());
            let unticked = boxes.filter(|scope| !form.all("scope").any(|ticked| ticked == *scope));
            ConsentChoice::AllowWithout(unticked.cloned().collect())
        }
        Some("cancel") => ConsentChoice::Cancel,
        Some(_) | None => return refusal(&OAuthError::invalid_request("Nothing was decided")),
    };
    match (account, &choice) {
        (Some(account), _) => back(&decided(&app, &request, account, &choice)),
        (None, ConsentChoice::Cancel) => back(&decided(&app, &request, usize::MAX, &choice)),
        (None, _) => refusal(&OAuthError::invalid_request("No such account")),
    }
}

fn refusal(error: &OAuthError) -> Response {
    let page = RefusalPage {
        provider: "Google",
        status: error.status,
        code: &error.code,
        message: &error.description,
    };
    server::html(error.status, &page)
}
