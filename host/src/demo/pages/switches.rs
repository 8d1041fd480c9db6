//! The manager's switches: a provider's bad day at a click.

use super::{super::rest::Refusal, App, frame, session::SignedIn};
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Wanted {
    on: bool,
}

/// `POST /stand-ins/{provider}`.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Response {
    match app.standins.find(&provider) {
        Some(standin) if person.is_manager() => {
            standin.switch(wanted.on);
            Redirect::to("/").into_response()
        }
        Some(_) | None => {
            let title = "Only the manager may do this";
            let refusal = Refusal::new(StatusCode::FORBIDDEN, "forbidden", title);
            frame::refusal(&app, person, refusal)
        }
    }
}
