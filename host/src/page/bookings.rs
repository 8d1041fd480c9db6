//! The bookings that lie ahead, with how far each has come in each connected calendar.

use super::{
    app::App,
    times::{self, Shown},
    words::{Words, fill},
};
use crate::{
    bookings::{Body, Held, Status, When},
    config::is_loopback,
    feeds::Link,
    subject::Subject,
    sync::{Delivery, Drift, State, What},
};
use jiff::{Timestamp, tz::TimeZone};
use url::Url;

/// As many as one looks through.
const MAX_SHOWN: usize = 50;

/// One booking.
pub(super) struct Row {
    pub(super) title: String,
    pub(super) when: Option<Shown>,
    pub(super) location: Option<String>,
    /// Remarks, such as that it repeats.
    pub(super) remarks: Vec<&'static str>,
    pub(super) calendars: Vec<InCalendar>,
    /// The platform's own page of it.
    pub(super) url: Option<String>,
    pub(super) file: String,
}

/// How far a booking has come in one calendar.
pub(super) struct InCalendar {
    /// Ours, for the style.
    pub(super) state: &'static str,
    pub(super) text: String,
    /// The event's own page at the provider, and what the link says.
    pub(super) link: Option<(String, String)>,
    /// What the user changed there and can have put back.
    pub(super) restore: Option<Restore>,
}

/// The fields of the form that puts an event back.
pub(super) struct Restore {
    pub(super) kind: &'static str,
    pub(super) booking: String,
    pub(super) provider: String,
    pub(super) label: String,
}

/// The rows, and how many there are beyond them. `dead`: the providers whose grants are, so
/// that what is in their calendars stays there and changes no more.
pub(super) fn rows(
    app: &App,
    words: &'static Words,
    subject: &Subject,
    held: Vec<Held>,
    deliveries: &[Delivery],
    dead: &[&str],
    now: i64,
) -> (Vec<Row>, usize) {
    let mut ahead: Vec<_> = held
        .into_iter()
        .filter(|held| held.body.status != Status::Cancelled)
        .collect();
    ahead.sort_by_key(|held| begin(&held.body));
    let more = ahead.len().saturating_sub(MAX_SHOWN);
    ahead.truncate(MAX_SHOWN);
    let rows = ahead
        .into_iter()
        .map(|held| row(app, words, subject, held, deliveries, dead, now));
    (rows.collect(), more)
}

/// When it begins; whole days begin before any hour of theirs.
fn begin(body: &Body) -> Option<Timestamp> {
    match body.when().ok()? {
        When::Timed { start, .. } => Some(start),
        When::AllDay { start, .. } => Some(start.to_zoned(TimeZone::UTC).ok()?.timestamp()),
    }
}

fn row(
    app: &App,
    words: &'static Words,
    subject: &Subject,
    held: Held,
    deliveries: &[Delivery],
    dead: &[&str],
    now: i64,
) -> Row {
    let mut remarks = Vec::new();
    if held.body.status == Status::Tentative {
        remarks.push(words.booking_tentative);
    }
    if held.body.recurrence.is_some() {
        remarks.push(words.booking_repeats);
    }
    let own = deliveries
        .iter()
        .filter(|delivery| delivery.booking == held.id);
    let signer = app.service().signer();
    let public_url = &app.options().public_url;
    Row {
        when: times::of_booking(words, &held.body),
        calendars: own
            .map(|delivery| {
                let is_dead = dead.contains(&delivery.provider.as_str());
                in_calendar(app, words, delivery, is_dead)
            })
            .collect(),
        url: held.body.url.as_deref().and_then(safe_link),
        file: Link::url(public_url, signer, &held.id, &subject.user, now),
        title: held.body.title,
        location: held.body.location,
        remarks,
    }
}

fn in_calendar(app: &App, words: &Words, delivery: &Delivery, is_dead: bool) -> InCalendar {
    let label = app.label(&delivery.provider).unwrap_or(&delivery.provider);
    let drift = seen_drift(delivery);
    let state = match (drift.map(|drift| drift.what), delivery.state) {
        (Some(What::Moved), _) => words.drift_moved,
        (Some(What::Deleted), _) => words.drift_deleted,
        (Some(What::Changed), _) => words.drift_changed,
        (Some(What::Occurrence), _) => words.drift_occurrence,
        (None, State::InCalendar) if is_dead => words.in_calendar_dead,
        (None, State::InCalendar) => words.in_calendar,
        (None, State::Waiting) => words.waiting,
        (None, State::NeedsReconnect) => words.needs_reconnect,
        (None, State::Failed) => words.failed,
    };
    let text = fill(words.booking_state, "state", state);
    let link = delivery.link().and_then(safe_link);
    InCalendar {
        state: match (drift, delivery.state) {
            (Some(_), _) => "drifted",
            (None, State::InCalendar) if is_dead => State::NeedsReconnect.as_str(),
            (None, state) => state.as_str(),
        },
        text: fill(&text, "provider", label),
        link: link.map(|url| (url, fill(words.open_in, "provider", label))),
        restore: drift
            .filter(|drift| drift.what != What::Occurrence)
            .map(|_| Restore {
                kind: delivery.booking.kind.as_str(),
                booking: delivery.booking.id.clone(),
                provider: delivery.provider.clone(),
                label: fill(words.put_back, "provider", label),
            }),
    }
}

/// What the user did, as long as that is how it stands: not while something is on its way.
fn seen_drift(delivery: &Delivery) -> Option<&Drift> {
    match delivery.state {
        State::InCalendar | State::Failed => delivery.drift.as_ref(),
        State::Waiting | State::NeedsReconnect => None,
    }
}

/// A link that a browser may follow: not one that runs anything.
fn safe_link(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    };
    is_safe.then(|| url.into())
}

impl Row {
    /// What tells links of one booking from those of the next, for those who hear them.
    pub(super) fn described(&self, action: &str) -> String {
        format!("{action}: {}", self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_runs_something_is_none() {
        // case 37
        for link in [
            "javascript:alert(1)",
            " javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "http://platform.example/",
            "//evil.example",
            "/page/close/",
            "",
        ] {
            assert_eq!(safe_link(link), None, "{link}");
        }
        assert!(safe_link("https://calendar.example/event?id=1").is_some());
        assert!(safe_link("http://127.0.0.1:8000/").is_some());
    }
}
