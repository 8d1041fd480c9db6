//! Feeds: secret addresses for calendars that have no account to connect.

use super::{
    super::{replies::Feed, rest::Caller},
    App,
    frame::{self, Frame},
    session::SignedIn,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "demo/feed.html")]
struct Shown {
    frame: Frame,
    feed: Feed,
}

/// `POST /calendars/{provider}/feed`: the address is shown in the reply and nowhere else,
/// so that it is in no history.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
) -> Response {
    let path = super::calendars::path(&provider, "connect");
    let made = app
        .rest
        .call(Caller::User(person), Method::POST, &path, None)
        .await;
    match made.and_then(|reply| reply.json::<Feed>()) {
        Ok(feed) => {
            let frame = Frame::new(&app, Some(person));
            frame::page(StatusCode::OK, &Shown { frame, feed })
        }
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

/// `POST /calendars/{provider}/forget`: the addresses die.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
) -> Response {
    let path = super::calendars::path(&provider, "disconnect");
    match app
        .rest
        .call(Caller::User(person), Method::POST, &path, None)
        .await
    {
        Ok(_) => Redirect::to("/").into_response(),
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}
