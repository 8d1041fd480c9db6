//! Ending a connection, with the question what shall become of our entries.

use super::{
    app::{App, Frame, Stop, render, to_start},
    notice,
    visit::{Posted, Visit},
    words::fill,
};
use crate::account;
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

#[derive(Template)]
#[template(path = "page/disconnect.html")]
struct Ask {
    frame: Frame,
    provider: String,
    heading: String,
    intro: String,
    /// Why there is nothing to choose, where our access is gone already.
    stay: Option<String>,
}

/// `GET /page/calendars/{provider}/disconnect/`.
pub(super) async fn ask(
    State(app): State<App>,
    Path(provider): Path<String>,
    visit: Visit,
) -> Result<Response, Stop> {
    let Some(label) = app.label(&provider) else {
        return Ok(visit.missing(&app));
    };
    let connection = app
        .service()
        .vault()
        .connection(visit.subject(), &provider)
        .await;
    let connection = connection.map_err(|error| visit.failed(&app, &error))?;
    let Some(connection) = connection else {
        return Ok(to_start(&provider, "not-connected"));
    };
    let words = visit.words();
    let ask = Ask {
        frame: visit.frame(&app),
        heading: fill(words.disconnect_heading, "provider", label),
        intro: fill(words.disconnect_intro, "account", &connection.account.label),
        stay: (connection.reconnect_reason.is_some())
            .then(|| fill(words.disconnect_stay, "provider", label)),
        provider,
    };
    Ok(render(StatusCode::OK, &ask))
}

/// `POST /page/calendars/{provider}/disconnect/`.
pub(super) async fn disconnect(
    State(app): State<App>,
    Path(provider): Path<String>,
    posted: Posted,
) -> Response {
    let also_events = posted.field("events") == Some("remove");
    let subject = posted.visit.subject();
    match account::disconnect(app.service(), subject, &provider, also_events).await {
        Ok(left) => to_start(&provider, notice::of_left(left, also_events)),
        Err(error) => to_start(&provider, notice::of_account(&error)),
    }
}
