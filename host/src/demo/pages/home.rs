//! `/`: who to be, and then the bookings with how far each has come.

use super::{
    super::{
        people::{PEOPLE, Person},
        rest::{Call, Refusal},
        words::Tone,
    },
    App, calendars,
    frame::{self, Frame},
    session::Visitor,
    steps::{STEPS, Step},
    views::{self, BookingView, ProviderState, ProviderView},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "demo/welcome.html")]
struct Welcome {
    frame: Frame,
    steps: &'static [Step],
}

#[derive(Template)]
#[template(path = "demo/home.html")]
struct Home {
    frame: Frame,
    person: &'static Person,
    providers: Vec<ProviderView>,
    bookings: Vec<BookingView>,
    switches: Vec<Switch>,
    steps: &'static [Step],
    calls: Vec<Call>,
    /// Whether something is on its way, and the page does not reload itself.
    is_paused: bool,
}

struct Switch {
    provider: &'static str,
    company: &'static str,
    is_off: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `no`: do not reload.
    reload: Option<String>,
}

/// `GET /`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Visitor(visitor): Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(person) = visitor else {
        let frame = Frame::new(&app, None);
        return frame::page(
            StatusCode::OK,
            &Welcome {
                frame,
                steps: &STEPS,
            },
        );
    };
    match home(&app, person, asked.reload.is_none()).await {
        Ok(home) => frame::page(StatusCode::OK, &home),
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

async fn home(app: &App, person: &'static Person, may_reload: bool) -> Result<Home, Refusal> {
    let overview = calendars::overview(app, person).await?;
    let mut overviews = vec![(person, overview)];
    if person.is_manager() {
        for other in PEOPLE.iter().filter(|other| *other != person) {
            overviews.push((other, calendars::overview(app, other).await?));
        }
    }
    let mut bookings = Vec::new();
    for booking in app.records.of(person).await {
        bookings.push(views::booking(app, person, &overviews, booking).await?);
    }
    let rows = || bookings.iter().flat_map(|booking| &booking.rows);
    let is_waiting = rows().any(|row| row.progress.tone == Tone::Waiting);
    let is_held_up = rows().any(|row| row.progress.is_held_up);
    let mut frame = Frame::new(app, Some(person));
    if is_waiting && may_reload {
        frame.reload = Some(if is_held_up { 2 } else { 1 });
    }
    let switches = app
        .standins
        .all()
        .filter(|_| person.is_manager())
        .map(|standin| Switch {
            provider: standin.provider,
            company: standin.company,
            is_off: standin.is_off(),
        });
    let own = overviews
        .into_iter()
        .next()
        .map(|(_, overview)| overview.providers);
    Ok(Home {
        person,
        providers: own
            .into_iter()
            .flatten()
            .map(|known| views::provider(app, known))
            .collect(),
        switches: switches.collect(),
        steps: &STEPS,
        calls: app.rest.calls(),
        is_paused: is_waiting && !may_reload,
        bookings,
        frame,
    })
}
