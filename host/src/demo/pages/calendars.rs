//! Calendars: connecting one, coming back from its provider, choosing where bookings go,
//! and disconnecting.

use super::{
    super::{
        people::Person,
        replies::{Begun, Calendar, Calendars, Completed, Left, Opened, Overview},
        rest::{Caller, Refusal},
        words::{self, Next, Outcome, Tone},
    },
    App,
    frame::{self, Action, Frame, Message},
    session::{SignedIn, Visitor},
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The platform's `CALPORT_RETURN_URL`.
pub(in super::super) const RETURN_PATH: &str = "/calendars";

/// A path of Calport's for a provider. Ids come from addresses that anybody can type.
pub(super) fn path(provider: &str, call: &str) -> String {
    let provider: String = url::form_urlencoded::byte_serialize(provider.as_bytes()).collect();
    format!("/api/calendar/{provider}/{call}/")
}

pub(super) async fn overview(app: &App, person: &'static Person) -> Result<Overview, Refusal> {
    app.rest
        .get(Caller::User(person), "/api/calendar/")
        .await?
        .json()
}

/// `POST /calendars/{provider}/connect`: passes the flow cookie on, and the browser, too.
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
) -> Response {
    let hint = Some(json!({ "login_hint": person.account(&provider) }));
    let path = path(&provider, "connect");
    let begun = app
        .rest
        .call(Caller::User(person), Method::POST, &path, hint)
        .await;
    let begun = begun.and_then(|reply| Ok((reply.json::<Begun>()?, reply.headers)));
    match begun {
        Ok((begun, headers)) => {
            let mut response = Redirect::to(&begun.authorization_url).into_response();
            for cookie in headers.get_all(header::SET_COOKIE) {
                response
                    .headers_mut()
                    .append(header::SET_COOKIE, cookie.clone());
            }
            response
        }
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

/// Connects whatever kind of provider it is: with an account, or with a feed.
pub(super) async fn connect_any(
    app: Arc<App>,
    person: &'static Person,
    provider: String,
) -> Response {
    let is_played = app.standins.find(&provider).is_some();
    let (app, person, provider) = (State(app), SignedIn(person), Path(provider));
    if is_played {
        connect(app, person, provider).await
    } else {
        super::feeds::make(app, person, provider).await
    }
}

/// `POST /settings-page`: Calport's own page, for platforms that build none.
pub(super) async fn own_page(State(app): State<Arc<App>>, SignedIn(person): SignedIn) -> Response {
    let body = Some(json!({ "user": person.id, "name": person.name }));
    let path = "/api/page-sessions/";
    let opened = app
        .rest
        .call(Caller::Platform, Method::POST, path, body)
        .await;
    match opened.and_then(|reply| reply.json::<Opened>()) {
        Ok(opened) => Redirect::to(&opened.url).into_response(),
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

#[derive(Deserialize)]
pub(super) struct Back {
    provider: Option<String>,
    status: Option<String>,
    handle: Option<String>,
}

#[derive(Template)]
#[template(path = "demo/signin.html")]
struct SignIn {
    frame: Frame,
    next: String,
}

/// `GET /calendars`: the browser is back.
pub(super) async fn returned(
    State(app): State<Arc<App>>,
    Visitor(visitor): Visitor,
    uri: Uri,
    Query(back): Query<Back>,
) -> Response {
    let (Some(provider), Some(status)) = (back.provider, back.status) else {
        return Redirect::to("/").into_response();
    };
    let outcome = words::outcome(&status);
    let Some(person) = visitor else {
        if !matches!(outcome.next, Next::Complete | Next::Choose) {
            return Redirect::to("/").into_response();
        }
        let next = uri
            .path_and_query()
            .map_or("/", |next| next.as_str())
            .to_owned();
        let frame = Frame::new(&app, None);
        return frame::page(StatusCode::OK, &SignIn { frame, next });
    };
    let overview = match overview(&app, person).await {
        Ok(overview) => overview,
        Err(refusal) => return frame::refusal(&app, person, refusal),
    };
    let Some(known) = overview.providers.iter().find(|known| known.id == provider) else {
        return Redirect::to("/").into_response();
    };
    if let (Next::Choose, Some(handle)) = (outcome.next, &back.handle) {
        return choice(&app, person, &known.id, handle, outcome).await;
    }
    let action = match (outcome.next, back.handle) {
        (Next::Complete, Some(handle)) => Some(Action {
            target: format!("/calendars/{}/complete", known.id),
            label: format!("Yes, finish connecting {}", known.label),
            hidden: vec![("handle", handle)],
        }),
        (Next::Connect, _) => Some(Action {
            target: format!("/calendars/{}/connect", known.id),
            label: format!("Connect {}", known.label),
            hidden: Vec::new(),
        }),
        (Next::Bookings | Next::Choose, _) | (Next::Complete, None) => None,
    };
    let account = known
        .account
        .as_deref()
        .filter(|_| outcome.tone == Tone::Good);
    let account = account.map(|account| format!("{}: {account}.", known.label));
    let message = Message {
        frame: Frame::new(&app, Some(person)),
        tone: outcome.tone,
        heading: outcome.heading.to_owned(),
        texts: [Some(outcome.text.to_owned()), account]
            .into_iter()
            .flatten()
            .collect(),
        action,
        back: ("/", "See the bookings"),
    };
    frame::page(StatusCode::OK, &message)
}

/// Asks which account it shall be. Leaving the question keeps the one that is connected.
async fn choice(
    app: &App,
    person: &'static Person,
    provider: &str,
    handle: &str,
    outcome: Outcome,
) -> Response {
    let asked = finish(app, person, provider, json!({ "handle": handle })).await;
    let asked = match asked {
        Ok(asked) => asked,
        Err(refusal) => return frame::refusal(app, person, refusal),
    };
    let (Some(old), Some(new)) = (asked.account, asked.new_account) else {
        return Redirect::to("/").into_response();
    };
    let consequence = format!(
        "If you switch, your bookings move from the calendar of {old} to the one of {new}, and \
         access to {old} ends."
    );
    let message = Message {
        frame: Frame::new(app, Some(person)),
        tone: outcome.tone,
        heading: outcome.heading.to_owned(),
        texts: vec![outcome.text.to_owned(), consequence],
        action: Some(Action {
            target: format!("/calendars/{provider}/complete"),
            label: format!("Switch to {new}"),
            hidden: vec![
                ("handle", handle.to_owned()),
                ("replace", "true".to_owned()),
            ],
        }),
        back: ("/", "Keep the one that is connected"),
    };
    frame::page(StatusCode::OK, &message)
}

#[derive(Deserialize)]
pub(super) struct Finish {
    handle: String,
    replace: Option<bool>,
}

async fn finish(
    app: &App,
    person: &'static Person,
    provider: &str,
    body: Value,
) -> Result<Completed, Refusal> {
    let path = path(provider, "complete");
    let completed = app
        .rest
        .call(Caller::User(person), Method::POST, &path, Some(body))
        .await;
    completed.and_then(|reply| reply.json::<Completed>())
}

/// `POST /calendars/{provider}/complete`: finishes a parked flow, or says which account it
/// shall be. The answer is shown as that of a flow which came straight back.
pub(super) async fn complete(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
    Form(Finish { handle, replace }): Form<Finish>,
) -> Response {
    let body = json!({ "handle": handle, "replace": replace });
    let (status, handle) = match finish(&app, person, &provider, body).await {
        Ok(completed) => (completed.status, completed.handle),
        Err(refusal) => (refusal.code, None),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("provider", &provider)
        .append_pair("status", &status);
    if let Some(handle) = handle {
        query.append_pair("handle", &handle);
    }
    let query = query.finish();
    Redirect::to(&format!("{RETURN_PATH}?{query}")).into_response()
}

#[derive(Template)]
#[template(path = "demo/calendar.html")]
struct Settings {
    frame: Frame,
    provider: String,
    label: String,
    account: String,
    company: &'static str,
    page: Option<String>,
    /// Empty with a reason: they could not be asked for.
    calendars: Vec<Calendar>,
    problem: Option<String>,
}

/// `GET /calendars/{provider}`.
pub(super) async fn settings(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
) -> Response {
    let overview = match overview(&app, person).await {
        Ok(overview) => overview,
        Err(refusal) => return frame::refusal(&app, person, refusal),
    };
    let known = overview
        .providers
        .into_iter()
        .find(|known| known.id == provider);
    let Some(known) = known.filter(|known| known.connected) else {
        return Redirect::to("/").into_response();
    };
    let caller = Caller::User(person);
    let listed = app.rest.get(caller, &path(&provider, "calendars")).await;
    let (calendars, problem) = match listed.and_then(|reply| reply.json::<Calendars>()) {
        Ok(listed) => (listed.calendars, None),
        Err(refusal) => (Vec::new(), Some(refusal.title)),
    };
    let standin = app.standins.find(&known.id);
    let account = known.account.unwrap_or_default();
    let settings = Settings {
        frame: Frame::new(&app, Some(person)),
        company: standin.map_or("the provider", |standin| standin.company),
        page: standin.map(|standin| standin.calendar_page(&account)),
        provider: known.id,
        label: known.label,
        account,
        calendars,
        problem,
    };
    frame::page(StatusCode::OK, &settings)
}

#[derive(Deserialize)]
pub(super) struct Choice {
    calendar: String,
}

/// `POST /calendars/{provider}/choose`.
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
    Form(choice): Form<Choice>,
) -> Response {
    let body = Some(json!({ "id": choice.calendar }));
    let path = path(&provider, "calendar");
    match app
        .rest
        .call(Caller::User(person), Method::PUT, &path, body)
        .await
    {
        Ok(_) => Redirect::to("/").into_response(),
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

#[derive(Deserialize)]
pub(super) struct Leaving {
    events: String,
}

/// `POST /calendars/{provider}/disconnect`.
pub(super) async fn disconnect(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
    Form(leaving): Form<Leaving>,
) -> Response {
    let body = Some(json!({ "remove_events": leaving.events == "remove" }));
    let path = path(&provider, "disconnect");
    let left = app
        .rest
        .call(Caller::User(person), Method::POST, &path, body)
        .await;
    match left.and_then(|reply| reply.json::<Left>()) {
        Ok(Left {
            revocation,
            removed,
            left,
            ..
        }) => {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("revocation", &revocation)
                .append_pair("removed", &removed.to_string())
                .append_pair("left", &left.to_string())
                .finish();
            let provider: String =
                url::form_urlencoded::byte_serialize(provider.as_bytes()).collect();
            Redirect::to(&format!("/calendars/{provider}/disconnected?{query}")).into_response()
        }
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

/// `GET /calendars/{provider}/disconnected`: what came of it.
pub(super) async fn disconnected(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
    Query(left): Query<Left>,
) -> Response {
    let overview = match overview(&app, person).await {
        Ok(overview) => overview,
        Err(refusal) => return frame::refusal(&app, person, refusal),
    };
    let label = overview.label(&provider);
    let count = |events: usize| match events {
        1 => "One booking was".to_owned(),
        events => format!("{events} bookings were"),
    };
    let pages = overview.revoke_urls(&provider);
    let mut texts = vec![words::of_grant(&left.revocation, pages)];
    if left.removed > 0 {
        texts.push(format!(
            "{} taken out of your calendar.",
            count(left.removed)
        ));
    }
    if left.left > 0 {
        texts.push(format!(
            "{} left in it, because it did not answer.",
            count(left.left)
        ));
    }
    let message = Message {
        frame: Frame::new(&app, Some(person)),
        tone: Tone::Quiet,
        heading: format!("{label} is disconnected"),
        texts,
        action: None,
        back: ("/", "See the bookings"),
    };
    frame::page(StatusCode::OK, &message)
}
