//! Pages that only say something.

use super::{
    HOME_PATH,
    app::{App, Frame, render},
    notice::Notice,
    visit::Asked,
    words::Language,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;

/// One heading, one sentence.
#[derive(Template)]
#[template(path = "page/message.html")]
pub(super) struct Message {
    pub(super) frame: Frame,
    pub(super) heading: String,
    pub(super) text: String,
    pub(super) back_to_settings: bool,
}

impl Message {
    /// For a browser that has no page open.
    pub(super) fn new(app: &App, language: Language, heading: &str, text: &str) -> Self {
        Self {
            frame: Frame {
                languages_at: HOME_PATH,
                ..Frame::new(app, language)
            },
            heading: heading.to_owned(),
            text: text.to_owned(),
            back_to_settings: false,
        }
    }

    pub(super) fn with(&self, status: StatusCode) -> Response {
        render(status, self)
    }
}

#[derive(Deserialize)]
pub(super) struct Outcome {
    pub(super) provider: Option<String>,
    pub(super) status: Option<String>,
    pub(super) handle: Option<String>,
}

/// `GET /done/`: where a browser ends that began on a platform without a return URL.
pub(super) async fn done(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Query(outcome): Query<Outcome>,
    headers: HeaderMap,
) -> Response {
    let mut response = outcome_page(&app, asked.language(&headers), &outcome);
    let no_referrer = header::HeaderValue::from_static("no-referrer");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, no_referrer);
    response
}

/// What a connection came to, for a browser that has no page open.
pub(super) fn outcome_page(app: &App, language: Language, outcome: &Outcome) -> Response {
    let words = language.words();
    let status = outcome.status.as_deref().unwrap_or_default();
    let notice = Notice::parse(status).unwrap_or(Notice::Failed);
    let label = outcome
        .provider
        .as_deref()
        .and_then(|provider| app.label(provider));
    let heading = match notice {
        Notice::Connected => words.done_heading,
        Notice::Parked => words.finish_heading,
        _ if notice.is_good() => words.title,
        _ => words.nothing_heading,
    };
    let text = match notice {
        Notice::Parked => words.finish_elsewhere.to_owned(),
        _ => notice.sentence(words, label.unwrap_or(words.calendars_heading), ""),
    };
    Message::new(app, language, heading, &text).with(StatusCode::OK)
}
