//! The stand-in's own pages: `/` and `/calendar`.
//!
//! They show what is in the calendars, whether or not the stand-in is switched off.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;

use super::event::Event;
use super::state::{Account, App};
use crate::page::{
    AccountLink, CalendarPage, CalendarView, EventView, IndexPage, account_query, event_view,
};
use crate::pairs::Pairs;
use crate::server;

pub(super) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/calendar", get(calendar))
        .with_state(app)
}

async fn index(State(app): State<Arc<App>>) -> Response {
    let state = app.state();
    let accounts = state.accounts.iter().map(|account| AccountLink {
        email: account.email.clone(),
        name: account.name.clone(),
        query: account_query(&account.email),
        events: account.events.len(),
    });
    server::html(
        200,
        &IndexPage {
            provider: "Microsoft",
            accounts: accounts.collect(),
        },
    )
}

async fn calendar(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = Pairs::parse(query.unwrap_or_default());
    let state = app.state();
    let found = query
        .get("account")
        .and_then(|email| state.find_account(email));
    let Some(account) = found.and_then(|index| state.accounts.get(index)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let calendars = account.calendars.iter().map(|calendar| {
        let note = match (calendar.default, calendar.can_edit) {
            (true, _) => "default calendar",
            (false, true) => "",
            (false, false) => "read-only",
        };
        let events = account
            .events
            .values()
            .filter(|event| event.calendar == calendar.number);
        CalendarView::new(
            &calendar.name,
            note,
            events.map(|event| view(event, account)).collect(),
        )
    });
    let page = CalendarPage {
        provider: "Microsoft",
        name: account.name.clone(),
        email: account.email.clone(),
        query: account_query(&account.email),
        refresh: CalendarPage::refresh(&query),
        calendars: calendars.collect(),
    };
    server::html(200, &page)
}

fn view(event: &Event, account: &Account) -> EventView {
    let lines = event.series.as_ref().map(|series| {
        let deleted = series
            .deleted
            .iter()
            .map(|day| format!("EXDATE:{}", day.format("%Y%m%d")));
        series
            .lines
            .iter()
            .cloned()
            .chain(deleted)
            .collect::<Vec<_>>()
    });
    let html = event
        .inner("body", "contentType")
        .eq_ignore_ascii_case("html");
    let description = if html {
        ""
    } else {
        event.inner("body", "content")
    };
    EventView {
        location: event.inner("location", "displayName").to_owned(),
        description: description.to_owned(),
        tentative: event.text("showAs") == "tentative",
        ..event_view(
            event.text("subject"),
            &event.when,
            account.zone,
            &lines.unwrap_or_default(),
        )
    }
}
