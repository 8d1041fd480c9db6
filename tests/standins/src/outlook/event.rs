//! An event as the stand-in keeps it, and as Graph shows it.
//!
//! What the client wrote is kept apart from what only Graph decides, so that neither can pass for the other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use rrule::RRuleSet;
use serde_json::{Map, Value, json};

use super::ids::{self, IdKind};
use super::state::Account;
use super::zones::windows_name;
use crate::recurrence;
use crate::zoned::{Range, When};

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) number: u64,
    /// The number of its calendar.
    pub(crate) calendar: u64,
    pub(crate) transaction_id: Option<String>,
    pub(crate) ical_uid: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// The number of the last change.
    pub(crate) change: u64,
    pub(crate) when: When,
    pub(crate) series: Option<Series>,
    /// Single-value extended properties by id, in the spelling of [`super::graph`].
    pub(crate) properties: BTreeMap<String, String>,
    /// The other fields that the client wrote.
    pub(crate) body: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) set: RRuleSet,
    /// The pattern as an RRULE, for people.
    pub(crate) lines: Vec<String>,
    /// Occurrences that were deleted one by one.
    pub(crate) deleted: BTreeSet<NaiveDate>,
}

/// How a caller wants events to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) ids: IdKind,
    /// Clock and name that times are told in.
    pub(crate) zone: (Tz, String),
    pub(crate) text_bodies: bool,
    /// Extended properties to include, by id.
    pub(crate) properties: Vec<String>,
}

impl Manner {
    /// Immutable ids, UTC, bodies as text, no extended properties.
    pub(crate) fn plain() -> Self {
        let zone = (Tz::UTC, "UTC".to_owned());
        Self {
            ids: IdKind::Immutable,
            zone,
            text_bodies: true,
            properties: Vec::new(),
        }
    }
}

impl Event {
    pub(crate) fn change_key(&self) -> String {
        format!("{:016x}AAA==", self.updated.timestamp_millis())
    }

    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.change_key())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.body
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A text inside an object: `("location", "displayName")`.
    pub(crate) fn inner(&self, name: &str, field: &str) -> &str {
        self.body
            .get(name)
            .and_then(|value| value.get(field))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The occurrences in a range: the event itself, unless it is a series.
    pub(crate) fn occurrences(&self, range: Range) -> Vec<When> {
        // Whole days are floating for Graph: midnight UTC, whatever the zone.
        match &self.series {
            None => {
                let fits = recurrence::overlaps(self.when.range(Tz::UTC), range);
                if fits {
                    vec![self.when.clone()]
                } else {
                    Vec::new()
                }
            }
            Some(series) => {
                let mut found = recurrence::occurrences(&series.set, &self.when, Tz::UTC, range);
                found.retain(|when| !series.deleted.contains(&day(when)));
                found
            }
        }
    }

    /// As Graph shows it.
    pub(crate) fn json(&self, account: &Account, manner: &Manner) -> Value {
        let kind = if self.series.is_some() {
            "seriesMaster"
        } else {
            "singleInstance"
        };
        let mut fields = self.body.clone();
        let (start, end) = shown(&self.when, &manner.zone);
        let stamp = |time: DateTime<Utc>| json!(time.to_rfc3339_opts(SecondsFormat::Millis, true));
        let id = ids::event(account, self.number, None, manner.ids);
        let link = url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>();
        let link = format!(
            "https://outlook.office365.com/owa/?itemid={link}&exvsurl=1&path=/calendar/item"
        );
        let organizer =
            json!({ "emailAddress": { "name": account.name, "address": account.email } });
        for (name, value) in [
            ("@odata.etag", json!(self.etag())),
            ("id", json!(id)),
            ("changeKey", json!(self.change_key())),
            ("createdDateTime", stamp(self.created)),
            ("lastModifiedDateTime", stamp(self.updated)),
            ("iCalUId", json!(self.ical_uid)),
            ("type", json!(kind)),
            ("seriesMasterId", Value::Null),
            ("isCancelled", json!(false)),
            ("isOrganizer", json!(true)),
            ("isDraft", json!(false)),
            ("hasAttachments", json!(false)),
            ("organizer", organizer),
            (
                "responseStatus",
                json!({ "response": "organizer", "time": "0001-01-01T00:00:00Z" }),
            ),
            ("webLink", json!(link)),
            ("onlineMeeting", Value::Null),
            ("onlineMeetingUrl", Value::Null),
            ("originalStartTimeZone", json!(self.original_zone("start"))),
            ("originalEndTimeZone", json!(self.original_zone("end"))),
            (
                "bodyPreview",
                json!(
                    self.inner("body", "content")
                        .chars()
                        .take(255)
                        .collect::<String>()
                ),
            ),
            ("body", self.content(manner.text_bodies)),
            ("isAllDay", json!(matches!(self.when, When::AllDay { .. }))),
            ("start", start),
            ("end", end),
        ] {
            fields.insert(name.to_owned(), value);
        }
        for (name, default) in [
            ("subject", Value::Null),
            ("showAs", json!("busy")),
            ("importance", json!("normal")),
            ("sensitivity", json!("normal")),
            ("isReminderOn", json!(true)),
            ("reminderMinutesBeforeStart", json!(15)),
            ("responseRequested", json!(true)),
            ("allowNewTimeProposals", json!(true)),
            ("hideAttendees", json!(false)),
            ("isOnlineMeeting", json!(false)),
            ("onlineMeetingProvider", json!("unknown")),
            ("recurrence", Value::Null),
            ("attendees", json!([])),
            ("categories", json!([])),
            (
                "location",
                json!({ "displayName": "", "locationType": "default" }),
            ),
        ] {
            fields.entry(name).or_insert(default);
        }
        if let Some(transaction) = &self.transaction_id {
            fields.insert("transactionId".into(), transaction.as_str().into());
        }
        let wanted = |id: &&String| manner.properties.contains(id);
        let properties: Vec<Value> = self
            .properties
            .keys()
            .filter(wanted)
            .map(|id| json!({ "id": id, "value": self.properties.get(id) }))
            .collect();
        if !properties.is_empty() {
            fields.insert("singleValueExtendedProperties".into(), properties.into());
        }
        fields.into()
    }

    /// One occurrence of a series.
    pub(crate) fn occurrence(&self, when: &When, account: &Account, manner: &Manner) -> Value {
        let mut value = self.json(account, manner);
        if let (Some(_), Some(fields)) = (&self.series, value.as_object_mut()) {
            let (start, end) = shown(when, &manner.zone);
            let key = occurrence_key(when);
            let first = when
                .range(Tz::UTC)
                .0
                .to_rfc3339_opts(SecondsFormat::Secs, true);
            for (name, value) in [
                (
                    "id",
                    json!(ids::event(account, self.number, Some(&key), manner.ids)),
                ),
                ("type", json!("occurrence")),
                (
                    "seriesMasterId",
                    json!(ids::event(account, self.number, None, manner.ids)),
                ),
                ("recurrence", Value::Null),
                ("originalStart", json!(first)),
                ("start", start),
                ("end", end),
            ] {
                fields.insert(name.to_owned(), value);
            }
        }
        value
    }

    fn original_zone(&self, name: &str) -> &str {
        let given = self.inner(name, "timeZone");
        super::zones::zone(given).map_or("UTC", windows_name)
    }

    /// Graph answers in HTML, whatever it was given, unless it is asked for text.
    fn content(&self, as_text: bool) -> Value {
        let content = self.inner("body", "content");
        let html = self
            .inner("body", "contentType")
            .eq_ignore_ascii_case("html");
        if as_text || html {
            let kind = if as_text { "text" } else { "html" };
            return json!({ "contentType": kind, "content": content });
        }
        let escaped = content
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let wrapped = format!(
            "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n\
             </head>\r\n<body>\r\n<div class=\"PlainText\">{}</div>\r\n</body>\r\n</html>\r\n",
            escaped.replace('\n', "<br>\r\n")
        );
        json!({ "contentType": "html", "content": wrapped })
    }
}

/// The local day that an occurrence begins on, which names it within its series.
pub(crate) fn day(when: &When) -> NaiveDate {
    match when {
        When::Timed { start, .. } => start.date_naive(),
        When::AllDay { start, .. } => *start,
    }
}

pub(crate) fn occurrence_key(when: &When) -> String {
    day(when).format("%Y%m%d").to_string()
}

fn shown(when: &When, (zone, name): &(Tz, String)) -> (Value, Value) {
    let one = |time: String| json!({ "dateTime": format!("{time}.0000000"), "timeZone": name });
    match when {
        When::Timed { start, end } => {
            let local = |time: &DateTime<Tz>| {
                zone.from_utc_datetime(&time.naive_utc())
                    .format("%Y-%m-%dT%H:%M:%S")
                    .to_string()
            };
            (one(local(start)), one(local(end)))
        }
        When::AllDay { start, end } => (
            one(format!("{start}T00:00:00")),
            one(format!("{end}T00:00:00")),
        ),
    }
}
