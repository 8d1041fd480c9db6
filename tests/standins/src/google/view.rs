//! The stand-in's own pages: `/` and `/calendar`.
//!
//! They show what is in the calendars, whether or not the stand-in is switched off.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;

use super::config::GoogleRole;
use super::event::{Event, Status};
use super::state::{App, Calendar};
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
        events: account
            .calendars
            .iter()
            .map(|calendar| shown(calendar).count())
            .sum(),
    });
    server::html(
        200,
        &IndexPage {
            provider: "Google",
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
        let note = match (calendar.primary, calendar.role) {
            (true, _) => "main calendar",
            (false, GoogleRole::Owner) => "",
            (false, GoogleRole::Writer) => "shared",
            (false, GoogleRole::Reader) => "read-only",
        };
        let events = shown(calendar).map(|event| view(event, calendar)).collect();
        CalendarView::new(&calendar.name, note, events)
    });
    let page = CalendarPage {
        provider: "Google",
        name: account.name.clone(),
        email: account.email.clone(),
        query: account_query(&account.email),
        refresh: CalendarPage::refresh(&query),
        calendars: calendars.collect(),
    };
    server::html(200, &page)
}

fn shown(calendar: &Calendar) -> impl Iterator<Item = &Event> {
    calendar
        .events
        .values()
        .filter(|event| event.status != Status::Cancelled)
}

fn view(event: &Event, calendar: &Calendar) -> EventView {
    EventView {
        location: event.text("location").to_owned(),
        description: event.text("description").to_owned(),
        tentative: event.status == Status::Tentative,
        ..event_view(
            event.text("summary"),
            &event.when,
            calendar.zone,
            &event.lines(),
        )
    }
}
