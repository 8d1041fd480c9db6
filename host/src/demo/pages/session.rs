//! Signing in: a click on a name. The cookie is that name and no secret, because anybody
//! may click; it is not sent with another site's forms.

use super::{
    super::people::{self, Person},
    App, calendars,
};
use axum::{
    Form,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::{convert::Infallible, sync::Arc};

const COOKIE: &str = "calport-demo-user";

/// Whoever has signed in, if anybody.
pub(super) struct Visitor(pub(super) Option<&'static Person>);

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(person(&parts.headers)))
    }
}

/// Somebody who has signed in; others are asked to.
pub(super) struct SignedIn(pub(super) &'static Person);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Redirect> {
        person(&parts.headers)
            .map(Self)
            .ok_or_else(|| Redirect::to("/"))
    }
}

fn person(headers: &HeaderMap) -> Option<&'static Person> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .and_then(|(_, id)| people::find(id))
}

#[derive(Deserialize)]
pub(super) struct Click {
    user: String,
    /// Where to go then.
    next: Option<String>,
    /// The provider to connect then.
    connect: Option<String>,
}

/// `POST /sign-in`.
pub(super) async fn sign_in(State(app): State<Arc<App>>, Form(click): Form<Click>) -> Response {
    let Some(person) = people::find(&click.user) else {
        return Redirect::to("/").into_response();
    };
    let next = click
        .next
        .filter(|next| next.starts_with(super::RETURN_PATH));
    let mut response = match click.connect {
        Some(provider) => calendars::connect_any(app, person, provider).await,
        None => Redirect::to(next.as_deref().unwrap_or("/")).into_response(),
    };
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", person.id);
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `POST /sign-out`.
pub(super) async fn sign_out() -> impl IntoResponse {
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/"))
}
