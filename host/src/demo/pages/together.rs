//! `/together`: everybody side by side, each with a calendar of another provider, and how far
//! each booking has come in each of them.

use super::{
    super::{
        people::{PEOPLE, Person},
        replies::{Overview, Reading},
        rest::{Caller, Refusal},
        words::{self, Progress, Tone},
    },
    App, calendars,
    frame::{self, Frame},
    session::Visitor,
    views::{self, Overviews, ProviderState, ProviderView},
};
use crate::bookings::Status;
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "demo/together.html")]
struct Together {
    frame: Frame,
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// Whether something is on its way, and the page does not reload itself.
    is_paused: bool,
}

/// One person, with what they have connected.
struct Column {
    person: &'static Person,
    connected: Vec<ProviderView>,
    /// What to connect first.
    suggested: Option<ProviderView>,
}

/// One booking in everybody's calendars.
struct Row {
    title: String,
    when: String,
    leaf: String,
    is_cancelled: bool,
    cells: Vec<Cell>,
}

/// One booking in one person's calendars.
struct Cell {
    name: &'static str,
    takes_part: bool,
    calendars: Vec<Progress>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `no`: do not reload.
    reload: Option<String>,
}

/// `GET /together`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Visitor(visitor): Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    match together(&app, visitor, asked.reload.is_none()).await {
        Ok(together) => frame::page(StatusCode::OK, &together),
        Err(refusal) => frame::refusal(&app, visitor.unwrap_or(&PEOPLE[0]), refusal),
    }
}

async fn together(
    app: &App,
    visitor: Option<&'static Person>,
    may_reload: bool,
) -> Result<Together, Refusal> {
    let mut overviews = Vec::new();
    for person in &PEOPLE {
        overviews.push((person, calendars::overview(app, person).await?));
    }
    let mut rows = Vec::new();
    for booking in app.records.all().await {
        let reading = app.rest.get(Caller::Platform, &booking.path()).await?;
        let reading: Reading = reading.json()?;
        let leaf = words::leaf(&booking.body);
        rows.push(Row {
            when: words::when(&booking.body),
            leaf: leaf.map_or_else(String::new, |leaf| {
                format!("{} {} {}", leaf.weekday, leaf.day, leaf.month)
            }),
            is_cancelled: reading.status == Status::Cancelled,
            cells: cells(app, &reading, &overviews),
            title: booking.body.title,
        });
    }
    let is_waiting = rows
        .iter()
        .flat_map(|row| &row.cells)
        .flat_map(|cell| &cell.calendars)
        .any(|progress| progress.tone == Tone::Waiting);
    let mut frame = Frame::new(app, visitor);
    if is_waiting && may_reload {
        frame.reload = Some(1);
    }
    Ok(Together {
        frame,
        columns: overviews
            .into_iter()
            .map(|(person, overview)| column(app, person, overview))
            .collect(),
        rows,
        is_paused: is_waiting && !may_reload,
    })
}

fn cells(app: &App, reading: &Reading, overviews: &Overviews) -> Vec<Cell> {
    let cell = |(person, overview): &(&'static Person, Overview)| {
        let mut participants = reading.participants.iter();
        let own = participants.find(|participant| participant.user == person.id);
        let mut calendars: Vec<_> = own
            .into_iter()
            .flat_map(|own| views::progress(app, reading.status, own, overview))
            .collect();
        if own.is_some() && overview.has_feed() {
            calendars.push(words::in_feed(reading.status));
        }
        Cell {
            name: person.name,
            takes_part: own.is_some(),
            calendars,
        }
    };
    overviews.iter().map(cell).collect()
}

fn column(app: &App, person: &'static Person, overview: Overview) -> Column {
    let providers = overview.providers.into_iter();
    let (connected, others): (Vec<_>, Vec<_>) = providers
        .map(|known| views::provider(app, known))
        .partition(|view| match view.state {
            ProviderState::Connected { .. } | ProviderState::Dead { .. } => true,
            ProviderState::File { ref fetched } => fetched.is_some(),
            ProviderState::Open | ProviderState::Unavailable => false,
        });
    let suggested = others
        .into_iter()
        .find(|view| view.id == person.suggested)
        .filter(|view| connected.is_empty() && !matches!(view.state, ProviderState::Unavailable));
    Column {
        person,
        connected,
        suggested,
    }
}
