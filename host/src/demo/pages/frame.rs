//! What is around every page, and the page that only says something.

use super::{
    super::{
        NAME,
        people::{PEOPLE, Person},
        rest::Refusal,
        words::{Tone, sentence},
    },
    App,
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

/// What the base template shows.
pub(super) struct Frame {
    pub(super) name: &'static str,
    pub(super) person: Option<&'static Person>,
    pub(super) people: &'static [Person],
    /// The companies that stand-ins play.
    pub(super) played: String,
    /// Those that are switched off.
    pub(super) off: Vec<&'static str>,
    /// Seconds until the page is to load itself again.
    pub(super) reload: Option<u8>,
}

impl Frame {
    pub(super) fn new(app: &App, person: Option<&'static Person>) -> Self {
        let companies: Vec<_> = app.standins.all().map(|standin| standin.company).collect();
        let off = app.standins.all().filter(|standin| standin.is_off());
        Self {
            name: NAME,
            person,
            people: &PEOPLE,
            played: companies.join(" and "),
            off: off.map(|standin| standin.company).collect(),
            reload: None,
        }
    }

    pub(super) fn is_current(&self, person: &Person) -> bool {
        self.person == Some(person)
    }
}

/// A page that says something and offers the next step.
#[derive(Template)]
#[template(path = "demo/message.html")]
pub(super) struct Message {
    pub(super) frame: Frame,
    pub(super) tone: Tone,
    pub(super) heading: String,
    pub(super) texts: Vec<String>,
    pub(super) action: Option<Action>,
    /// Where a link back goes, and what it says.
    pub(super) back: (&'static str, &'static str),
}

/// A form with one button.
pub(super) struct Action {
    pub(super) target: String,
    pub(super) label: String,
    pub(super) hidden: Vec<(&'static str, String)>,
}

/// A page with a status.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What Calport, or the platform itself, said no to, in its own words.
pub(super) fn refusal(app: &App, person: &'static Person, refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let detail = match (refusal.field, refusal.detail) {
        (Some(field), Some(detail)) => Some(format!("{field} {detail}")),
        (field, detail) => detail.or(field),
    };
    let full_stop = |text: String| format!("{}.", sentence(&text));
    let message = Message {
        frame: Frame::new(app, Some(person)),
        tone: Tone::Bad,
        heading: refusal.title,
        texts: [detail, refusal.remedy]
            .into_iter()
            .flatten()
            .map(full_stop)
            .collect(),
        action: None,
        back: ("/", "Back to the bookings"),
    };
    page(status, &message)
}

/// A refusal where nothing is known of the visitor.
pub(super) fn refused(status: StatusCode, why: &'static str) -> Response {
    (status, format!("{why}.\n")).into_response()
}
