//! Who looks at the page: opening it, knowing the browser again, and closing it.

use super::{
    COOKIE, HOME_PATH,
    app::{App, Frame, Stop, see_other},
    guard,
    message::Message,
    session::Session,
    words::{Language, Words},
};
use crate::{serving, subject::Subject};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The form field that every form carries.
const FORM_TOKEN: &str = "form_token";

/// A language asked for in the URL.
#[derive(Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
}

impl Asked {
    /// What was asked for, or what the browser prefers.
    pub(super) fn language(&self, headers: &HeaderMap) -> Language {
        let asked = self.lang.as_deref().and_then(Language::parse);
        asked.unwrap_or_else(|| Language::accepted(headers))
    }
}

/// A browser that has the page open.
pub(super) struct Visit {
    session: Session,
    language: Language,
}

impl Visit {
    pub(super) fn subject(&self) -> &Subject {
        &self.session.visitor.subject
    }

    pub(super) fn words(&self) -> &'static Words {
        self.language.words()
    }

    pub(super) fn frame(&self, app: &App) -> Frame {
        let visitor = &self.session.visitor;
        let name = visitor.name.as_ref().unwrap_or(&visitor.subject.user);
        Frame {
            visitor: Some(name.clone()),
            form_token: self.session.form_token(),
            ..Frame::new(app, self.language)
        }
    }

    /// A page that says something, with the way back.
    pub(super) fn message(&self, app: &App, heading: &str, text: &str) -> Message {
        Message {
            frame: Frame {
                languages_at: HOME_PATH,
                ..self.frame(app)
            },
            heading: heading.to_owned(),
            text: text.to_owned(),
            back_to_settings: true,
        }
    }

    /// No such provider, or none of a kind that this could be done with.
    pub(super) fn missing(&self, app: &App) -> Response {
        let words = self.words();
        let message = self.message(app, words.missing_heading, words.missing_text);
        message.with(StatusCode::NOT_FOUND)
    }

    /// Something of ours failed.
    pub(super) fn failed(&self, app: &App, error: &dyn std::error::Error) -> Stop {
        tracing::error!(%error, "the page failed");
        let words = self.words();
        let message = self.message(app, words.sorry_heading, words.said_failed);
        message.with(StatusCode::SERVICE_UNAVAILABLE).into()
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let Query(asked) =
            Query::<Asked>::try_from_uri(&parts.uri).unwrap_or(Query(Asked { lang: None }));
        let language = asked.language(&parts.headers);
        let sessions = app.service().page_sessions();
        let token = COOKIE.read(app.options().is_secure(), &parts.headers);
        let session = match token {
            Some(token) => sessions
                .find(token)
                .await
                .map_err(|error| failed(app, language, &error))?,
            None => None,
        };
        let Some(session) = session else {
            let words = language.words();
            let message = Message::new(app, language, words.closed_heading, words.closed_text);
            return Err(message.with(StatusCode::FORBIDDEN).into());
        };
        let chosen = asked.lang.as_deref().and_then(Language::parse);
        if let Some(chosen) = chosen.filter(|chosen| session.language != Some(*chosen)) {
            let kept = sessions.speak(&session, chosen).await;
            kept.map_err(|error| failed(app, language, &error))?;
        }
        let language = chosen.or(session.language).unwrap_or(language);
        Ok(Self { session, language })
    }
}

/// A form of the page that a browser has sent.
pub(super) struct Posted {
    pub(super) visit: Visit,
    fields: BTreeMap<String, String>,
}

impl Posted {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl FromRequest<App> for Posted {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let is_own = guard::is_same_origin(app, &parts.headers);
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        let refused = || {
            let words = visit.words();
            let message = visit.message(app, words.sorry_heading, words.said_form_refused);
            Stop::from(message.with(StatusCode::FORBIDDEN))
        };
        if !is_own {
            return Err(refused());
        }
        if !is_form(&parts.headers) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response().into());
        }
        let request = Request::from_parts(parts, body);
        let bytes = Bytes::from_request(request, app).await.map_err(unread)?;
        let fields: BTreeMap<_, _> = form_urlencoded::parse(&bytes).into_owned().collect();
        let brought = fields.get(FORM_TOKEN).map(String::as_str);
        if !guard::is_own_form(&visit.session.form_token(), brought) {
            return Err(refused());
        }
        Ok(Self { visit, fields })
    }
}

/// Whether a body is declared as what the page's own forms send.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A form that did not come whole. No browser of a visitor's sends one.
fn unread(rejection: BytesRejection) -> Stop {
    if serving::was_too_slow(&rejection) {
        return StatusCode::REQUEST_TIMEOUT.into_response().into();
    }
    rejection.into_response().into()
}

#[derive(Deserialize)]
pub(super) struct Ticket {
    ticket: Option<String>,
}

/// `GET /page/open/`: uses the one-time URL up.
pub(super) async fn open(
    State(app): State<App>,
    method: Method,
    Query(asked): Query<Asked>,
    Query(Ticket { ticket }): Query<Ticket>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    // What only looks must not use it up: mail scanners and browsers that look ahead.
    if method == Method::HEAD || guard::is_prefetch(&headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let language = asked.language(&headers);
    let opened = app
        .service()
        .page_sessions()
        .open(&ticket.unwrap_or_default())
        .await;
    let Some(token) = opened.map_err(|error| failed(&app, language, &error))? else {
        let words = language.words();
        let message = Message::new(&app, language, words.link_heading, words.link_text);
        return Ok(message.with(StatusCode::FORBIDDEN));
    };
    let cookie = COOKIE.set(app.options().is_secure(), &token);
    let cookie = cookie.map_err(|error| failed(&app, language, &error))?;
    let mut response = see_other(HOME_PATH);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `POST /page/close/`.
pub(super) async fn close(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let Posted { visit, .. } = posted;
    let closed = app.service().page_sessions().close(&visit.session).await;
    closed.map_err(|error| visit.failed(&app, &error))?;
    let words = visit.words();
    let message = Message::new(&app, visit.language, words.bye_heading, words.bye_text);
    let mut response = message.with(StatusCode::OK);
    let cookie = COOKIE.clear(app.options().is_secure());
    let cookie = cookie.map_err(|error| visit.failed(&app, &error))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Something of ours failed before the visitor was known.
pub(super) fn failed(app: &App, language: Language, error: &dyn std::error::Error) -> Stop {
    tracing::error!(%error, "the page failed");
    let words = language.words();
    let message = Message::new(app, language, words.sorry_heading, words.said_failed);
    message.with(StatusCode::SERVICE_UNAVAILABLE).into()
}
