//! Choosing the calendar that bookings go to, and bringing them there once more.

use super::{
    app::{App, Frame, Stop, render, to_start},
    notice::{self, Notice},
    visit::{Posted, Visit},
    words::fill,
};
use crate::account::{self, AccountError};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

#[derive(Template)]
#[template(path = "page/choose.html")]
struct Choose {
    frame: Frame,
    provider: String,
    legend: String,
    /// That the chosen calendar is gone, if so.
    gone: Option<String>,
    /// That there is none to choose, if so.
    empty: Option<String>,
    calendars: Vec<Calendar>,
}

struct Calendar {
    id: String,
    name: String,
    is_main: bool,
    is_chosen: bool,
}

/// `GET /page/calendars/{provider}/choose/`: asks the provider each time.
pub(super) async fn show(
    State(app): State<App>,
    Path(provider): Path<String>,
    visit: Visit,
) -> Response {
    let Some(label) = app.label(&provider) else {
        return visit.missing(&app);
    };
    let words = visit.words();
    match account::calendars(app.service(), visit.subject(), &provider).await {
        Ok((connection, entries)) => {
            let chosen = connection.destination;
            let is_there = entries.iter().any(|entry| entry.id == chosen.id);
            let choose = Choose {
                frame: visit.frame(&app),
                legend: fill(words.choose_legend, "account", &connection.account.label),
                gone: (!is_there).then(|| fill(words.gone_text, "calendar", &chosen.name)),
                empty: entries
                    .is_empty()
                    .then(|| fill(words.choose_empty, "provider", label)),
                calendars: entries
                    .into_iter()
                    .map(|entry| Calendar {
                        is_chosen: entry.id == chosen.id,
                        is_main: entry.primary,
                        id: entry.id,
                        name: entry.name,
                    })
                    .collect(),
                provider,
            };
            render(StatusCode::OK, &choose)
        }
        Err(error) => refused(&app, &visit, &provider, label, &error),
    }
}

/// What needs another page is said there; a provider that does not answer is said here,
/// where loading again asks again.
fn refused(
    app: &App,
    visit: &Visit,
    provider: &str,
    label: &str,
    error: &AccountError,
) -> Response {
    let code = notice::of_account(error);
    match Notice::parse(code) {
        Some(said @ (Notice::Retry | Notice::Unavailable)) => {
            let words = visit.words();
            let message = visit.message(app, words.sorry_heading, &said.sentence(words, label, ""));
            message.with(StatusCode::SERVICE_UNAVAILABLE)
        }
        Some(_) | None => to_start(provider, code),
    }
}

/// `POST /page/calendars/{provider}/choose/`.
pub(super) async fn choose(
    State(app): State<App>,
    Path(provider): Path<String>,
    posted: Posted,
) -> Response {
    let id = posted.field("calendar").unwrap_or_default();
    match account::choose(app.service(), posted.visit.subject(), &provider, id).await {
        Ok(_) => to_start(&provider, "chosen"),
        Err(error) => to_start(&provider, notice::of_account(&error)),
    }
}

/// `POST /page/calendars/{provider}/again/`.
pub(super) async fn try_again(
    State(app): State<App>,
    Path(provider): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let again = account::try_again(app.service(), posted.visit.subject(), &provider).await;
    Ok(match again {
        Ok(()) => to_start(&provider, "trying"),
        Err(error) => to_start(&provider, notice::of_account(&error)),
    })
}
