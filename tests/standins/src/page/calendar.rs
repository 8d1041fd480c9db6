//! `/calendar`: an account's calendars and what is in them, for the demo's user to look at.
//!
//! It only shows; nothing can be changed here.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::pairs::Pairs;
use crate::recurrence;
use crate::zoned::When;

#[derive(Template)]
#[template(path = "calendar.html")]
pub(crate) struct CalendarPage<'a> {
    pub(crate) provider: &'a str,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Percent-encoded.
    pub(crate) query: String,
    /// Seconds between two reloads, if the page was asked for that.
    pub(crate) refresh: Option<u32>,
    pub(crate) calendars: Vec<CalendarView>,
}

pub(crate) struct CalendarView {
    pub(crate) name: String,
    pub(crate) note: &'static str,
    pub(crate) events: Vec<EventView>,
}

pub(crate) struct EventView {
    pub(crate) start: DateTime<Utc>,
    pub(crate) weekday: String,
    pub(crate) day: String,
    pub(crate) month: String,
    pub(crate) title: String,
    pub(crate) when: String,
    pub(crate) repeats: Option<String>,
    pub(crate) location: String,
    pub(crate) description: String,
    pub(crate) tentative: bool,
}

impl CalendarPage<'_> {
    /// `refresh=3`: seconds, not 0.
    pub(crate) fn refresh(query: &Pairs) -> Option<u32> {
        query
            .get("refresh")
            .and_then(|seconds| seconds.parse().ok())
            .filter(|seconds| *seconds > 0)
    }
}

impl CalendarView {
    /// With its events in the order in which they begin.
    pub(crate) fn new(name: &str, note: &'static str, mut events: Vec<EventView>) -> Self {
        events.sort_by_key(|event| event.start);
        Self {
            name: name.to_owned(),
            note,
            events,
        }
    }
}

/// One event's row. `lines`: its recurrence lines.
pub(crate) fn event_view(title: &str, when: &When, zone: Tz, lines: &[String]) -> EventView {
    let (day, words) = match when {
        When::Timed { start, end } => (start.date_naive(), timed(start, end)),
        When::AllDay { start, end } => (*start, all_day(*start, *end)),
    };
    let title = title.trim();
    EventView {
        start: when.range(zone).0,
        weekday: day.format("%a").to_string(),
        day: day.format("%-d").to_string(),
        month: day.format("%b %Y").to_string(),
        title: if title.is_empty() {
            "(no title)".to_owned()
        } else {
            title.to_owned()
        },
        when: words,
        repeats: recurrence::in_words(lines),
        location: String::new(),
        description: String::new(),
        tentative: false,
    }
}

fn timed(start: &DateTime<Tz>, end: &DateTime<Tz>) -> String {
    let zone = start.timezone();
    let end = end.with_timezone(&zone);
    let last = if start.date_naive() == end.date_naive() {
        end.format("%H:%M").to_string()
    } else {
        end.format("%a %-d %b %H:%M").to_string()
    };
    format!(
        "{} – {last} {}",
        start.format("%H:%M"),
        zone.name().replace('_', " ")
    )
}

fn all_day(start: NaiveDate, end: NaiveDate) -> String {
    let last = end.pred_opt().unwrap_or(end);
    if last <= start {
        "All day".into()
    } else {
        format!("All day, until {}", last.format("%a %-d %b"))
    }
}
