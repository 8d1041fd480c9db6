//! An event as Google's `Event` resource: how ours is written, and how Google's is
//! read and compared. Never sends attendees: Google would write to them.

use serde_json::Value;

use crate::bindings::calport::calendar::types::{Error, Span, Status};
use crate::bindings::exports::calport::calendar::changes::Aspects;
use crate::event::{CheckedEvent, Repeats, When};
use crate::json::{Fields as _, object};
use crate::zones::Zone;
use crate::{json, remote, time};

/// Private extended properties: at most 44 characters (`Event` resource).
pub(super) const UID: &str = "calportUid";
pub(super) const REVISION: &str = "calportRevision";

/// Google's event.
pub(super) struct Item(Value);

impl Item {
    /// Of a reply's body. One without an id is none.
    pub(super) fn read(body: Value) -> Result<Self, Error> {
        json::required(body.at("id"))?;
        Ok(Self(body))
    }

    pub(super) fn id(&self) -> &str {
        self.text("id")
    }

    pub(super) fn etag(&self) -> Option<&str> {
        self.0.at("etag").as_str()
    }

    pub(super) fn link(&self) -> Option<&str> {
        self.0.at("htmlLink").as_str()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.text("status") == "cancelled"
    }

    /// Whether somebody else's uid stands on it. An event that has lost its mark is
    /// ours still: its id says so.
    pub(super) fn is_of_another(&self, uid: &str) -> bool {
        self.private(UID).is_some_and(|other| other != uid)
    }

    /// The revision that it shows, 0 when it has lost it.
    pub(super) fn revision(&self) -> u32 {
        self.private(REVISION)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    pub(super) fn title(&self) -> &str {
        self.text("summary")
    }

    /// Whether a write of `event` would change nothing that a user can see.
    pub(super) fn shows(&self, event: &CheckedEvent) -> bool {
        self.differs(event).is_empty()
            && self.private(UID) == Some(&event.uid)
            && self.private(REVISION) == Some(&event.revision.to_string())
            && self.reminds(&event.reminders)
    }

    /// What of `event` it shows otherwise.
    pub(super) fn differs(&self, event: &CheckedEvent) -> Aspects {
        let (is_then, recurrence) = match &event.when {
            When::Timed {
                start,
                end,
                zone,
                repeats,
            } => {
                let zone = repeats.is_some().then(|| zone.name());
                (
                    self.is_at("start", *start, zone) && self.is_at("end", *end, zone),
                    repeats.as_ref().map(timed_lines).unwrap_or_default(),
                )
            }
            When::AllDay {
                start,
                end,
                repeats,
            } => (
                *self.0.at("start").at("date") == *start.to_string()
                    && *self.0.at("end").at("date") == *end.to_string(),
                repeats.as_ref().map(all_day_lines).unwrap_or_default(),
            ),
        };
        let url = self.0.at("source").at("url").as_str();
        let is_same = |name: &str, wanted: &Option<String>| {
            self.text(name) == wanted.as_deref().unwrap_or_default()
        };
        [
            (Aspects::TITLE, self.title() == event.title),
            (
                Aspects::DESCRIPTION,
                is_same("description", &event.description),
            ),
            (Aspects::LOCATION, is_same("location", &event.location)),
            (
                Aspects::URL,
                url == event.url.as_ref().map(|url| url.as_str()),
            ),
            (Aspects::WHEN, is_then),
            (Aspects::RECURRENCE, self.recurs(&recurrence)),
            (Aspects::STATUS, self.text("status") == status(event)),
        ]
        .into_iter()
        .filter(|(_, is_same)| !is_same)
        .fold(Aspects::empty(), |all, (aspect, _)| all | aspect)
    }

    /// When it takes place, as far as that can be told. `wanted`: what zone is meant
    /// where Google names none that is known.
    pub(super) fn span(&self, wanted: &When) -> Option<Span> {
        let (start, end) = (self.0.at("start"), self.0.at("end"));
        if let Some(first) = start.at("date").as_str() {
            let last = end.at("date").as_str()?;
            return remote::all_day(time::Date::parse(first)?, time::Date::parse(last)?);
        }
        let at = |moment: &Value| moment.at("dateTime").as_str().and_then(time::parse_rfc3339);
        let theirs = start.at("timeZone").as_str().and_then(Zone::find);
        remote::timed(at(start)?, at(end)?, theirs.or(wanted.zone()))
    }

    fn text(&self, name: &str) -> &str {
        self.0.at(name).as_str().unwrap_or_default()
    }

    fn private(&self, name: &str) -> Option<&str> {
        self.0
            .at("extendedProperties")
            .at("private")
            .at(name)
            .as_str()
    }

    fn is_at(&self, name: &str, instant: i64, zone: Option<&str>) -> bool {
        let moment = self.0.at(name);
        moment.at("dateTime").as_str().and_then(time::parse_rfc3339) == Some(instant)
            && zone.is_none_or(|zone| *moment.at("timeZone") == *zone)
    }

    /// Google may write the parts of a rule in another order.
    fn recurs(&self, lines: &[String]) -> bool {
        let theirs = json::list(self.0.at("recurrence")).unwrap_or_default();
        theirs.len() == lines.len()
            && lines.iter().all(|line| {
                theirs
                    .iter()
                    .filter_map(Value::as_str)
                    .any(|other| is_same_line(line, other))
            })
    }

    fn reminds(&self, minutes: &[u32]) -> bool {
        let reminders = self.0.at("reminders");
        let overrides = json::list(reminders.at("overrides")).unwrap_or_default();
        json::flag(reminders.at("useDefault")) == minutes.is_empty()
            && overrides.len() == minutes.len()
            && minutes.iter().all(|minutes| {
                overrides
                    .iter()
                    .any(|one| one.at("method") == "popup" && *one.at("minutes") == *minutes)
            })
    }
}

/// What a host keeps as the version: our revision and Google's etag. An etag alone would
/// let an old revision through.
pub(super) fn version(revision: u32, etag: &str) -> String {
    format!("{revision} {etag}")
}

fn is_same_line(one: &str, other: &str) -> bool {
    let (Some(one_rule), Some(other_rule)) =
        (one.strip_prefix("RRULE:"), other.strip_prefix("RRULE:"))
    else {
        return one == other;
    };
    let has_all = |all: &str, parts: &str| {
        parts
            .split(';')
            .all(|part| all.split(';').any(|p| p == part))
    };
    has_all(one_rule, other_rule) && has_all(other_rule, one_rule)
}

/// What an update sends: every field that is ours, `null` where it is to be empty,
/// so that nothing of an earlier revision stays. Fields that are the user's (colour,
/// guests) are not named and keep their values.
pub(super) fn patch(event: &CheckedEvent) -> Value {
    let (start, end, recurrence) = match &event.when {
        When::Timed {
            start,
            end,
            zone,
            repeats,
        } => {
            let at = |instant| {
                moment(
                    Value::Null,
                    time::rfc3339(instant).into(),
                    zone.name().into(),
                )
            };
            (at(*start), at(*end), repeats.as_ref().map(timed_lines))
        }
        When::AllDay {
            start,
            end,
            repeats,
        } => {
            let on = |day: &time::Date| moment(day.to_string().into(), Value::Null, Value::Null);
            (on(start), on(end), repeats.as_ref().map(all_day_lines))
        }
    };
    let defaults = event.reminders.is_empty();
    let overrides: Vec<Value> = event
        .reminders
        .iter()
        .map(|minutes| {
            object(vec![
                ("method", "popup".into()),
                ("minutes", (*minutes).into()),
            ])
        })
        .collect();
    let reminders = vec![
        ("useDefault", defaults.into()),
        (
            "overrides",
            if defaults {
                Value::Null
            } else {
                overrides.into()
            },
        ),
    ];
    let private = vec![
        (UID, event.uid.as_str().into()),
        (REVISION, event.revision.to_string().into()),
    ];
    let source = event.url.as_ref().map(|url| {
        object(vec![
            ("title", event.title.as_str().into()),
            ("url", url.as_str().into()),
        ])
    });
    object(vec![
        ("status", status(event).into()),
        ("summary", event.title.as_str().into()),
        ("description", event.description.as_deref().into()),
        ("location", event.location.as_deref().into()),
        ("source", source.unwrap_or_default()),
        ("start", start),
        ("end", end),
        ("recurrence", recurrence.into()),
        ("transparency", "opaque".into()),
        ("reminders", object(reminders)),
        (
            "extendedProperties",
            object(vec![("private", object(private))]),
        ),
    ])
}

/// `start` or `end`: a day or an instant, never a mixture.
fn moment(date: Value, date_time: Value, zone: Value) -> Value {
    object(vec![
        ("date", date),
        ("dateTime", date_time),
        ("timeZone", zone),
    ])
}

/// What an insert sends: the same without what is empty.
pub(super) fn insert(event: &CheckedEvent, id: &str) -> Value {
    let mut body = patch(event);
    without_nulls(&mut body);
    if let Some(body) = body.as_object_mut() {
        body.insert("id".to_owned(), Value::from(id));
    }
    body
}

/// The id of an event: the same for the same uid, so that a repeated insert meets
/// the first one. Generations follow each other when Google will not give an id back.
pub(super) fn id(uid: &str, generation: u32) -> String {
    remote::stable_id(&["calport google event", &generation.to_string(), uid])
}

fn status(event: &CheckedEvent) -> &'static str {
    match event.status {
        Status::Confirmed => "confirmed",
        Status::Tentative => "tentative",
        Status::Cancelled => "cancelled",
    }
}

fn timed_lines(repeats: &Repeats<i64>) -> Vec<String> {
    let excluded: Vec<String> = repeats
        .excluded
        .iter()
        .map(|start| format!("{}Z", time::basic(*start)))
        .collect();
    lines(repeats.rule.to_string(), "EXDATE:", &excluded)
}

fn all_day_lines(repeats: &Repeats<time::Date>) -> Vec<String> {
    let excluded: Vec<String> = repeats.excluded.iter().map(|day| day.basic()).collect();
    lines(repeats.rule.to_string(), "EXDATE;VALUE=DATE:", &excluded)
}

fn lines(rule: String, name: &str, excluded: &[String]) -> Vec<String> {
    let mut lines = vec![format!("RRULE:{rule}")];
    if !excluded.is_empty() {
        lines.push(format!("{name}{}", excluded.join(",")));
    }
    lines
}

fn without_nulls(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
        object.values_mut().for_each(without_nulls);
    }
}
