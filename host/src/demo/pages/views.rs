//! What the start page shows of providers and bookings: Calport's answers in words.

use super::{
    super::{
        people::{self, Person},
        records::Booking,
        replies::{Overview, Participating, Provider, Reading},
        rest::{Caller, Refusal},
        words::{self, Leaf, Progress},
    },
    App,
};
use crate::bookings::Status;
use jiff::Timestamp;

/// The calendars of everybody whose bookings are shown.
pub(super) type Overviews = [(&'static Person, Overview)];

pub(super) struct ProviderView {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) state: ProviderState,
}

pub(super) enum ProviderState {
    Unavailable,
    /// Takes files, one by one or from a feed.
    File {
        fetched: Option<String>,
    },
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

pub(super) struct BookingView {
    pub(super) kind: &'static str,
    /// One of them, for people.
    pub(super) kind_word: &'static str,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) leaf: Option<Leaf>,
    pub(super) when: String,
    pub(super) repeats: Option<String>,
    pub(super) location: Option<String>,
    pub(super) with: String,
    pub(super) is_cancelled: bool,
    pub(super) is_tentative: bool,
    pub(super) is_all_day: bool,
    pub(super) has_file: bool,
    pub(super) rows: Vec<Row>,
    pub(super) is_held_up: bool,
}

/// One participant's calendar.
pub(super) struct Row {
    /// Whose, where several people are shown.
    pub(super) name: Option<&'static str>,
    pub(super) progress: Progress,
}

pub(super) fn provider(app: &App, known: Provider) -> ProviderView {
    let account = known.account.unwrap_or_default();
    let state = match (known.kind.as_str(), known.connected) {
        ("file", has_feed) => {
            let fetched = known
                .last_fetched
                .map(|at| words::ago(at, Timestamp::now()));
            let never = || "not fetched yet".to_owned();
            ProviderState::File {
                fetched: has_feed.then(|| fetched.unwrap_or_else(never)),
            }
        }
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

/// How far a booking has come in each calendar of one participant.
pub(super) fn progress(
    app: &App,
    status: Status,
    participating: &Participating,
    overview: &Overview,
) -> impl Iterator<Item = Progress> {
    let now = Timestamp::now();
    participating.calendars.iter().map(move |calendar| {
        let label = overview.label(&calendar.provider);
        let mut progress = words::progress(status, calendar, label, now);
        if overview.is_dead(&calendar.provider) {
            progress = words::under_dead_grant(progress, calendar, label);
        }
        if let Some(standin) = app.standins.find(&calendar.provider) {
            // Providers' links lead to the providers, not to those who play them.
            let is_own = |link: &String| link.starts_with(standin.base_url());
            let account = overview.account(&calendar.provider);
            let page = account.map(|account| standin.calendar_page(account));
            let link = progress.link.take();
            progress.link = link.and_then(|link| Some(link).filter(is_own).or(page));
        }
        progress
    })
}

pub(super) async fn booking(
    app: &App,
    person: &'static Person,
    overviews: &Overviews,
    booking: Booking,
) -> Result<BookingView, Refusal> {
    // The manager is shown everybody, which only the platform itself may ask for.
    let caller = if person.is_manager() {
        Caller::Platform
    } else {
        Caller::User(person)
    };
    let reading: Reading = app.rest.get(caller, &booking.path()).await?.json()?;
    let mut rows = Vec::new();
    for participating in &reading.participants {
        let known = overviews
            .iter()
            .find(|(known, _)| known.id == participating.user);
        let Some((whose, overview)) = known else {
            continue;
        };
        let name = person.is_manager().then_some(whose.name);
        let progress = progress(app, reading.status, participating, overview);
        rows.extend(progress.map(|progress| Row { name, progress }));
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
