//! Connecting from the page: to the provider's consent page and back.

use super::{
    HOME_PATH,
    app::{App, Frame, Stop, render, see_other, to_start},
    message::{Outcome, outcome_page},
    notice, switch,
    visit::{Asked, Posted, Visit},
    words::fill,
};
use crate::connect::{ACCOUNT_CHANGED, FLOW_COOKIE, Origin, Returned};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use secrecy::ExposeSecret;

/// `POST /page/calendars/{provider}/connect/`.
pub(super) async fn begin(
    State(app): State<App>,
    Path(provider): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let visit = posted.visit;
    let service = app.service();
    let connection = service
        .vault()
        .connection_or_leaving(visit.subject(), &provider)
        .await;
    let connection = connection.map_err(|error| visit.failed(&app, &error))?;
    // Who reconnects means the account that they had.
    let hint = connection.map(|connection| connection.account.label);
    let begun = service
        .flows()
        .begin(visit.subject(), &provider, hint, Origin::Page)
        .await;
    let begun = match begun {
        Ok(begun) => begun,
        Err(error) => return Ok(to_start(&provider, notice::of_flow(&error))),
    };
    let cookie = FLOW_COOKIE.set(app.options().is_secure(), &begun.cookie);
    let cookie = cookie.map_err(|error| visit.failed(&app, &error))?;
    let mut response = see_other(begun.authorization_url.as_str());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// A flow that came back in another browser than it began in.
#[derive(Template)]
#[template(path = "page/finish.html")]
struct Finish {
    frame: Frame,
    provider: String,
    text: String,
    handle: String,
}

/// `GET /page/returned/`: what the callback came to. Where the page is closed by now, or
/// was never open in this browser, the outcome is said all the same.
pub(super) async fn returned(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Query(outcome): Query<Outcome>,
    headers: HeaderMap,
    visit: Result<Visit, Stop>,
) -> Result<Response, Stop> {
    let Ok(visit) = visit else {
        return Ok(outcome_page(&app, asked.language(&headers), &outcome));
    };
    let provider = outcome.provider.unwrap_or_default();
    let is_question = outcome.status.as_deref() == Some(ACCOUNT_CHANGED);
    Ok(match (outcome.handle, app.label(&provider)) {
        (Some(handle), Some(label)) if is_question => {
            switch::ask(&app, &visit, &provider, label, handle).await?
        }
        (Some(handle), Some(label)) => {
            let finish = Finish {
                frame: Frame {
                    languages_at: HOME_PATH,
                    ..visit.frame(&app)
                },
                text: fill(visit.words().finish_text, "provider", label),
                provider,
                handle,
            };
            render(StatusCode::OK, &finish)
        }
        (Some(_), None) => visit.missing(&app),
        (None, _) => to_start(&provider, &outcome.status.unwrap_or_default()),
    })
}

/// `POST /page/calendars/{provider}/complete/`: only the user who began the flow can.
pub(super) async fn complete(
    State(app): State<App>,
    Path(provider): Path<String>,
    posted: Posted,
) -> Response {
    let handle = posted.field("handle").unwrap_or_default();
    let completed = app
        .service()
        .flows()
        .complete(posted.visit.subject(), &provider, handle)
        .await;
    match completed {
        Ok(Returned::Connected) => to_start(&provider, "connected"),
        Ok(Returned::AccountChanged(handle)) => {
            switch::to_question(&provider, handle.expose_secret())
        }
        Ok(Returned::Parked(_)) => to_start(&provider, "parked"),
        Err(error) => to_start(&provider, notice::of_flow(&error)),
    }
}
