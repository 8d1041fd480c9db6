//! A checked event: the one place where a caller's event is tested against the
//! limits of types.wit, before a file is written or a provider is called. Nothing
//! unchecked gets past this module.

mod person;
pub(crate) mod rrule;
mod text;

use url::Url;

use crate::bindings::calport::calendar::types::{
    AllDay, Event, InvalidField, Occurrence, Recurrence, Span, Status, Timed,
};
use crate::fault::field;
use crate::time::{Date, FIRST_INSTANT, LAST_INSTANT};
use crate::zones::Zone;
use rrule::Rule;
pub(crate) use text::{Breaks, text};

/// Limits of types.wit, in characters or items.
const LONGEST_UID: usize = 255;
const LONGEST_TITLE: usize = 1_024;
const LONGEST_DESCRIPTION: usize = 8_192;
const LONGEST_URL: usize = 2_048;
const MOST_REMINDERS: usize = 5;
const EARLIEST_REMINDER: u32 = 40_320;
const MOST_ATTENDEES: usize = 200;

/// An event whose every field has been checked. Texts hold no control characters
/// but tabs and, in `description`, line feeds.
#[derive(Debug, Clone)]
pub(crate) struct CheckedEvent {
    pub(crate) uid: String,
    pub(crate) revision: u32,
    pub(crate) status: Status,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<Url>,
    pub(crate) when: When,
    /// Minutes before the start, each once.
    pub(crate) reminders: Vec<u32>,
    pub(crate) organizer: Option<Person>,
    pub(crate) attendees: Vec<Person>,
    pub(crate) updated: i64,
}

/// A span together with how it repeats, so that the two always fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    Timed {
        start: i64,
        end: i64,
        zone: Zone,
        repeats: Option<Repeats<i64>>,
    },
    AllDay {
        start: Date,
        end: Date,
        repeats: Option<Repeats<Date>>,
    },
}

impl When {
    /// Whose clock it is on, unless it takes whole days.
    pub(crate) fn zone(&self) -> Option<Zone> {
        match self {
            Self::Timed { zone, .. } => Some(*zone),
            Self::AllDay { .. } => None,
        }
    }
}

/// How an event repeats; `T` is what its starts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeats<T> {
    pub(crate) rule: Rule<T>,
    /// In order, each once.
    pub(crate) excluded: Vec<T>,
}

/// Somebody by an address that holds ASCII only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) email: String,
}

impl CheckedEvent {
    /// Answers with the first field that is wrong.
    pub(crate) fn new(event: Event) -> Result<Self, InvalidField> {
        check_uid(&event.uid)?;
        let title = text("title", event.title, LONGEST_TITLE, Breaks::BecomeSpaces)?;
        if title.trim().is_empty() {
            return Err(field("title", "is empty", "send 1 to 1,024 characters"));
        }
        let description = event
            .description
            .map(|value| text("description", value, LONGEST_DESCRIPTION, Breaks::AreKept))
            .transpose()?;
        let location = event
            .location
            .map(|value| text("location", value, LONGEST_TITLE, Breaks::BecomeSpaces))
            .transpose()?;
        let url = event.url.as_deref().map(url).transpose()?;
        let when = match event.when {
            Span::Timed(span) => timed(&span, event.recurrence.as_ref())?,
            Span::AllDay(span) => all_day(&span, event.recurrence.as_ref())?,
        };
        let reminders = reminders(event.reminders)?;
        let organizer = event
            .organizer
            .map(|person| person::check("organizer", person))
            .transpose()?;
        if event.attendees.len() > MOST_ATTENDEES {
            return Err(field(
                "attendees",
                "holds more than 200 people",
                "send 200 at most",
            ));
        }
        let attendees = event
            .attendees
            .into_iter()
            .enumerate()
            .map(|(index, person)| person::check(&format!("attendees[{index}]"), person))
            .collect::<Result<_, _>>()?;
        check_instant("updated", event.updated)?;
        Ok(Self {
            uid: event.uid,
            revision: event.revision,
            status: event.status,
            title,
            description: description.filter(|value| !value.is_empty()),
            location: location.filter(|value| !value.is_empty()),
            url,
            when,
            reminders,
            organizer,
            attendees,
            updated: event.updated,
        })
    }
}

fn check_uid(uid: &str) -> Result<(), InvalidField> {
    let remedy = "send 1 to 255 printable ASCII characters";
    if uid.is_empty() {
        return Err(field("uid", "is empty", remedy));
    }
    if uid.len() > LONGEST_UID {
        return Err(field("uid", "is longer than 255 characters", remedy));
    }
    text::single_line("uid", uid)?;
    if !uid.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Err(field("uid", "holds a character that is not ASCII", remedy));
    }
    Ok(())
}

fn url(value: &str) -> Result<Url, InvalidField> {
    let remedy = "send an absolute http or https URL of 2,048 characters at most";
    if value.len() > LONGEST_URL {
        return Err(field("url", "is longer than 2,048 characters", remedy));
    }
    text::single_line("url", value)?;
    if value.chars().any(char::is_whitespace) {
        return Err(field("url", "holds a space", "write spaces as %20"));
    }
    let url = Url::parse(value).map_err(|error| match error {
        url::ParseError::IdnaError => field(
            "url",
            "has a host name that is not ASCII",
            "write the host in its xn-- form",
        ),
        _ => field("url", "is not an absolute URL", remedy),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(field("url", "is neither http nor https", remedy));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(field(
            "url",
            "holds a user name or password",
            "leave them out",
        ));
    }
    if url.as_str().len() > LONGEST_URL {
        return Err(field(
            "url",
            "is longer than 2,048 characters once encoded",
            remedy,
        ));
    }
    Ok(url)
}

fn timed(span: &Timed, recurrence: Option<&Recurrence>) -> Result<When, InvalidField> {
    check_instant("when.start", span.start)?;
    check_instant("when.end", span.end)?;
    if span.end <= span.start {
        return Err(field(
            "when.end",
            "is not after the start",
            "send an end after the start",
        ));
    }
    let zone = Zone::find(&span.zone).ok_or_else(|| {
        field(
            "when.zone",
            "is not the name of an IANA zone",
            "send a name such as Europe/London, in the database's own spelling",
        )
    })?;
    let repeats = recurrence
        .map(|recurrence| {
            let rule = Rule::parse(&recurrence.rule, span.start)?;
            check_occurs(&rule, Date::of(zone.local(span.start)))?;
            let excluded = excluded(&recurrence.excluded, &|name, occurrence| match occurrence {
                Occurrence::At(at) => check_instant(name, *at).map(|()| *at),
                Occurrence::On(_) => Err(field(
                    name,
                    "names a day, but the event is timed",
                    "send `at` with the occurrence's start",
                )),
            })?;
            Ok(Repeats { rule, excluded })
        })
        .transpose()?;
    Ok(When::Timed {
        start: span.start,
        end: span.end,
        zone,
        repeats,
    })
}

fn all_day(span: &AllDay, recurrence: Option<&Recurrence>) -> Result<When, InvalidField> {
    let start = date("when.start", &span.start)?;
    let end = date("when.end", &span.end)?;
    if end <= start {
        return Err(field(
            "when.end",
            "is not after the start",
            "send the day after the last one: the end is exclusive",
        ));
    }
    let repeats = recurrence
        .map(|recurrence| {
            let rule = Rule::parse(&recurrence.rule, start)?;
            check_occurs(&rule, start)?;
            let excluded = excluded(&recurrence.excluded, &|name, occurrence| match occurrence {
                Occurrence::On(day) => date(name, day).map(|day| day.0),
                Occurrence::At(_) => Err(field(
                    name,
                    "names an instant, but the event lasts whole days",
                    "send `on` with the occurrence's day",
                )),
            })?;
            Ok(Repeats {
                rule,
                excluded: excluded.into_iter().map(Date).collect(),
            })
        })
        .transpose()?;
    Ok(When::AllDay {
        start,
        end,
        repeats,
    })
}

fn check_occurs<T>(rule: &Rule<T>, first: Date) -> Result<(), InvalidField> {
    if rrule::occurs(rule, first) {
        return Ok(());
    }
    Err(field(
        "recurrence.rule",
        "never comes to a day",
        "check what its parts have in common, and INTERVAL against the start",
    ))
}

fn excluded(
    occurrences: &[Occurrence],
    check: &dyn Fn(&str, &Occurrence) -> Result<i64, InvalidField>,
) -> Result<Vec<i64>, InvalidField> {
    let mut checked = occurrences
        .iter()
        .enumerate()
        .map(|(index, occurrence)| check(&format!("recurrence.excluded[{index}]"), occurrence))
        .collect::<Result<Vec<_>, _>>()?;
    checked.sort_unstable();
    checked.dedup();
    Ok(checked)
}

fn reminders(minutes: Vec<u32>) -> Result<Vec<u32>, InvalidField> {
    if minutes.len() > MOST_REMINDERS {
        return Err(field(
            "reminders",
            "holds more than five",
            "send five at most",
        ));
    }
    let mut once: Vec<u32> = Vec::with_capacity(minutes.len());
    for (index, minutes) in minutes.into_iter().enumerate() {
        if minutes > EARLIEST_REMINDER {
            return Err(field(
                format!("reminders[{index}]"),
                "is more than four weeks before the start",
                "send 40,320 minutes at most",
            ));
        }
        if !once.contains(&minutes) {
            once.push(minutes);
        }
    }
    Ok(once)
}

fn check_instant(name: &str, instant: i64) -> Result<(), InvalidField> {
    if (FIRST_INSTANT..=LAST_INSTANT).contains(&instant) {
        return Ok(());
    }
    Err(field(
        name,
        "lies outside the years 1970 to 9999",
        "send seconds since 1970-01-01T00:00:00Z, not milliseconds",
    ))
}

fn date(name: &str, text: &str) -> Result<Date, InvalidField> {
    let date = Date::parse(text)
        .ok_or_else(|| field(name, "is not a day of the calendar", "send YYYY-MM-DD"))?;
    if !(FIRST_INSTANT..=LAST_INSTANT).contains(&date.midnight()) {
        return Err(field(
            name,
            "lies outside the years 1970 to 9999",
            "send YYYY-MM-DD",
        ));
    }
    Ok(date)
}

#[cfg(test)]
pub(crate) mod tests;
