//! The question which of two accounts shall be connected, and the answer. Whoever leaves
//! it unanswered keeps the one that they had.

use super::{
    HOME_PATH,
    app::{App, Frame, Stop, render, see_other, to_start},
    notice,
    visit::{Posted, Visit},
    words::fill,
};
use crate::connect::{ACCOUNT_CHANGED, Answered, Left};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use url::form_urlencoded;

#[derive(Template)]
#[template(path = "page/switch.html")]
struct Ask {
    frame: Frame,
    provider: String,
    text: String,
    consequence: String,
    yes: String,
    no: String,
    handle: String,
}

/// The question behind a handle.
pub(super) async fn ask(
    app: &App,
    visit: &Visit,
    provider: &str,
    label: &str,
    handle: String,
) -> Result<Response, Stop> {
    let service = app.service();
    let question = service
        .flows()
        .question(visit.subject(), provider, &handle)
        .await;
    let question = question.map_err(|error| visit.failed(app, &error))?;
    let asked = question.and_then(|question| Some((question.connected?, question.new)));
    let Some((old, new)) = asked else {
        return Ok(to_start(provider, "expired"));
    };
    let upcoming = service.bookings().upcoming(visit.subject()).await;
    let upcoming = upcoming.map_err(|error| visit.failed(app, &error))?.len();
    let words = visit.words();
    let both = |text: &str| {
        let text = fill(text, "provider", label);
        let text = fill(&text, "count", &upcoming.to_string());
        fill(&fill(&text, "old", &old), "new", &new)
    };
    let consequence = match upcoming {
        0 => words.switch_nothing,
        _ => words.switch_bookings,
    };
    let ask = Ask {
        frame: Frame {
            languages_at: HOME_PATH,
            ..visit.frame(app)
        },
        text: both(words.switch_text),
        consequence: both(consequence),
        yes: both(words.switch_yes),
        no: both(words.switch_no),
        provider: provider.to_owned(),
        handle,
    };
    Ok(render(StatusCode::OK, &ask))
}

/// Where a browser is asked, after a step of the page's own.
pub(super) fn to_question(provider: &str, handle: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("provider", provider)
        .append_pair("status", ACCOUNT_CHANGED)
        .append_pair("handle", handle)
        .finish();
    see_other(&format!("{}?{query}", super::RETURN_PATH))
}

/// `POST /page/calendars/{provider}/switch/`.
pub(super) async fn answer(
    State(app): State<App>,
    Path(provider): Path<String>,
    posted: Posted,
) -> Response {
    let handle = posted.field("handle").unwrap_or_default();
    let replace = posted.field("answer") == Some("switch");
    let answered = app
        .service()
        .flows()
        .answer(posted.visit.subject(), &provider, handle, replace)
        .await;
    match answered {
        Ok(Answered::Switched(Left { left: 0, .. })) => to_start(&provider, "switched"),
        Ok(Answered::Switched(_)) => to_start(&provider, "switched-left"),
        Ok(Answered::Stayed { .. }) => to_start(&provider, "stayed"),
        Err(error) => to_start(&provider, notice::of_flow(&error)),
    }
}
