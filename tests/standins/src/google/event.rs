//! An event as the stand-in keeps it, and as Google shows it.
//!
//! What the client wrote is kept apart from what only Google decides, so that neither can pass for the other.

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use rrule::RRuleSet;
use serde_json::{Map, Value, json};

use super::state::Calendar;
use crate::zoned::When;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Confirmed,
    Tentative,
    /// Deleted; the id stays taken.
    Cancelled,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Tentative => "tentative",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) ical_uid: String,
    pub(crate) status: Status,
    pub(crate) sequence: i64,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// The number of the last change, across all calendars.
    pub(crate) change: u64,
    pub(crate) when: When,
    pub(crate) series: Option<RRuleSet>,
    /// The other fields that the client wrote.
    pub(crate) body: Map<String, Value>,
}

impl Event {
    /// Changes with every write.
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", self.updated.timestamp_millis() * 2)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.body
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The recurrence lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.body.get("recurrence").and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        lines.map(str::to_owned).collect()
    }

    /// Whether it makes its owner busy.
    pub(crate) fn is_opaque(&self) -> bool {
        self.status != Status::Cancelled && self.text("transparency") != "transparent"
    }

    /// A value of `extendedProperties.private` or `.shared`.
    pub(crate) fn property(&self, kind: &str, name: &str) -> Option<&str> {
        self.body
            .get("extendedProperties")?
            .get(kind)?
            .get(name)?
            .as_str()
    }

    /// As the API shows it, with times in `zone`.
    pub(crate) fn json(&self, owner: &str, calendar: &Calendar, zone: Tz) -> Value {
        let person = if calendar.primary {
            json!({ "email": owner, "self": true })
        } else {
            json!({ "email": calendar.id, "displayName": calendar.name, "self": true })
        };
        let mut fields = self.body.clone();
        let (start, end) = shown(&self.when, &self.body, zone);
        let stamp = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        for (name, value) in [
            ("kind", json!("calendar#event")),
            ("etag", json!(self.etag())),
            ("id", json!(self.id)),
            ("status", json!(self.status.name())),
            (
                "htmlLink",
                json!(format!(
                    "https://www.google.com/calendar/event?eid={}",
                    self.id
                )),
            ),
            (
                "created",
                json!(self.created.to_rfc3339_opts(SecondsFormat::Secs, true)),
            ),
            ("updated", json!(stamp(self.updated))),
            ("creator", json!({ "email": owner, "self": true })),
            ("organizer", person),
            ("start", start),
            ("end", end),
            ("iCalUID", json!(self.ical_uid)),
            ("sequence", json!(self.sequence)),
        ] {
            fields.insert(name.to_owned(), value);
        }
        fields
            .entry("reminders")
            .or_insert_with(|| json!({ "useDefault": true }));
        fields
            .entry("eventType")
            .or_insert_with(|| json!("default"));
        if fields
            .get("transparency")
            .is_some_and(|value| value == "opaque")
        {
            fields.remove("transparency");
        }
        fields.into()
    }

    /// One occurrence of a series, as `singleEvents=true` shows it.
    pub(crate) fn instance(
        &self,
        when: &When,
        owner: &str,
        calendar: &Calendar,
        zone: Tz,
    ) -> Value {
        let mut value = self.json(owner, calendar, zone);
        let (start, end) = shown(when, &self.body, zone);
        let suffix = match when {
            When::Timed { start, .. } => start.to_utc().format("%Y%m%dT%H%M%SZ"),
            When::AllDay { start, .. } => start.format("%Y%m%d"),
        };
        if let Some(fields) = value.as_object_mut() {
            fields.insert("id".into(), format!("{}_{suffix}", self.id).into());
            fields.insert("recurringEventId".into(), self.id.clone().into());
            fields.insert("originalStartTime".into(), start.clone());
            fields.insert("start".into(), start);
            fields.insert("end".into(), end);
            fields.remove("recurrence");
        }
        value
    }
}

/// `start` and `end` with the offset of `zone`, whatever offset they were written with.
fn shown(when: &When, body: &Map<String, Value>, zone: Tz) -> (Value, Value) {
    match when {
        When::Timed { start, end } => {
            let one = |field: &str, time: &DateTime<Tz>| {
                let shown = zone.from_utc_datetime(&time.naive_utc());
                let written = body.get(field).and_then(|value| value.get("timeZone"));
                let written = written.and_then(Value::as_str).unwrap_or(zone.name());
                let shown = shown.to_rfc3339_opts(SecondsFormat::Secs, true);
                json!({ "dateTime": shown.replace("+00:00", "Z"), "timeZone": written })
            };
            (one("start", start), one("end", end))
        }
        When::AllDay { start, end } => (
            json!({ "date": start.to_string() }),
            json!({ "date": end.to_string() }),
        ),
    }
}
