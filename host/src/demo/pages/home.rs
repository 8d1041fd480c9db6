//! `/`: who to be, and then the bookings with how far each has come.

use super::{
    super::{
        people::{self, Person},
        records::Booking,
        replies::{Overview, Provider, Reading},
        rest::{Call, Caller, Refusal},
        words::{self, Leaf, Progress, Tone},
    },
    App,
    frame::{self, Frame},
    session::{SignedIn, Visitor},
};
use crate::bookings::Status;
use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// Something to try.
pub(in super::super) struct Step {
    /// For the terminal.
    pub(in super::super) short: &'static str,
    head: &'static str,
    text: &'static str,
}

/// What to try, in this order.
pub(in super::super) static STEPS: [Step; 6] = [
    Step {
        short: "Sign in as Casey with a click, and connect Google Calendar",
        head: "Connect a calendar.",
        text: "Choose an account and allow it. All bookings appear there: open the calendar in \
               a second window.",
    },
    Step {
        short: "Move, cancel and restore a booking, and watch the calendar follow",
        head: "Move, cancel, restore.",
        text: "The calendar follows each change within a moment.",
    },
    Step {
        short: "Download a booking as .ics for any other calendar",
        head: "Take a file.",
        text: "Calendars without an account to connect, such as Apple\u{2019}s, open the .ics of \
               a booking.",
    },
    Step {
        short: "Say no, leave a box unticked, or be Kim, whose school refuses",
        head: "Say no.",
        text: "Cancel at the provider, leave a box unticked, or connect as Kim, whose school \
               refuses.",
    },
    Step {
        short: "As Morgan, the manager, switch Google off, change bookings, switch it on",
        head: "Break it.",
        text: "Morgan, the manager, can switch a provider off. Changes wait, and arrive when it \
               is back.",
    },
    Step {
        short: "Disconnect, and choose whether the bookings stay in the calendar",
        head: "Disconnect.",
        text: "Keep the bookings in the calendar, or have them taken out.",
    },
];

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

struct ProviderView {
    id: String,
    label: String,
    state: ProviderState,
}

enum ProviderState {
    Unavailable,
    /// Takes files.
    File,
    Open,
    Connected {
        account: String,
        calendar: String,
        page: Option<String>,
    },
    Dead {
        account: String,
        reason: Option<String>,
    },
}

struct BookingView {
    kind: &'static str,
    /// One of them, for people.
    kind_word: &'static str,
    id: String,
    title: String,
    leaf: Option<Leaf>,
    when: String,
    repeats: Option<String>,
    location: Option<String>,
    with: String,
    is_cancelled: bool,
    is_tentative: bool,
    is_all_day: bool,
    has_file: bool,
    rows: Vec<Row>,
    is_held_up: bool,
}

/// One participant's calendar.
struct Row {
    /// Whose, where several people are shown.
    name: Option<&'static str>,
    progress: Progress,
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
    let overview = app.rest.get(Caller::User(person), "/api/calendar/").await?;
    let overview: Overview = overview.json()?;
    let mut bookings = Vec::new();
    for booking in app.records.of(person).await {
        bookings.push(view(app, person, &overview, booking).await?);
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
    Ok(Home {
        person,
        providers: overview
            .providers
            .into_iter()
            .map(|known| provider(app, known))
            .collect(),
        switches: switches.collect(),
        steps: &STEPS,
        calls: app.rest.calls(),
        is_paused: is_waiting && !may_reload,
        bookings,
        frame,
    })
}

fn provider(app: &App, known: Provider) -> ProviderView {
    let account = known.account.unwrap_or_default();
    let state = match (known.kind.as_str(), known.connected) {
        ("file", _) => ProviderState::File,
        (_, true) if known.needs_reconnect => {
            let reason = known
                .reconnect_reason
                .map(|reason| words::sentence(&reason));
            ProviderState::Dead { account, reason }
        }
        (_, true) => ProviderState::Connected {
            page: app
                .standins
                .find(&known.id)
                .map(|standin| standin.calendar_page(&account)),
            calendar: known
                .calendar
                .map(|calendar| calendar.name)
                .unwrap_or_default(),
            account,
        },
        (_, false) if known.availability == "available" => ProviderState::Open,
        (_, false) => ProviderState::Unavailable,
    };
    ProviderView {
        id: known.id,
        label: known.label,
        state,
    }
}

async fn view(
    app: &App,
    person: &'static Person,
    overview: &Overview,
    booking: Booking,
) -> Result<BookingView, Refusal> {
    // The manager is shown everybody, which only the platform itself may ask for.
    let caller = if person.is_manager() {
        Caller::Platform
    } else {
        Caller::User(person)
    };
    let reading: Reading = app.rest.get(caller, &booking.path()).await?.json()?;
    let now = Timestamp::now();
    let mut rows = Vec::new();
    for participating in &reading.participants {
        let name = people::find(&participating.user).map(|person| person.name);
        for calendar in &participating.calendars {
            let label = overview.label(&calendar.provider);
            let progress = words::progress(reading.status, calendar, label, now);
            rows.push(Row {
                name: name.filter(|_| person.is_manager()),
                progress,
            });
        }
    }
    let others = booking
        .body
        .participants
        .iter()
        .filter(|other| other.user != person.id);
    let others: Vec<_> = others
        .filter_map(|other| people::find(&other.user))
        .map(|other| other.name)
        .collect();
    Ok(BookingView {
        has_file: booking.has(person),
        kind: booking.kind.as_str(),
        kind_word: booking.kind.as_str().trim_end_matches('s'),
        leaf: words::leaf(&booking.body),
        when: words::when(&booking.body),
        repeats: words::repeats(&booking.body),
        with: others.join(" and "),
        is_cancelled: reading.status == Status::Cancelled,
        is_tentative: reading.status == Status::Tentative,
        is_all_day: booking.body.start_date.is_some(),
        is_held_up: rows.iter().any(|row| row.progress.is_held_up),
        rows,
        title: booking.body.title,
        location: booking.body.location,
        id: booking.id,
    })
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    on: bool,
}

/// `POST /stand-ins/{provider}`: the manager plays a provider's bad day.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path(provider): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Response {
    match app.standins.find(&provider) {
        Some(standin) if person.is_manager() => {
            standin.switch(wanted.on);
            Redirect::to("/").into_response()
        }
        Some(_) | None => {
            let title = "Only the manager may do this";
            let refusal = Refusal::new(StatusCode::FORBIDDEN, "forbidden", title);
            frame::refusal(&app, person, refusal)
        }
    }
}
