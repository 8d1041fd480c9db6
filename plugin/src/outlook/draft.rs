//! An event as we want Graph to hold it. Never has attendees: Outlook would write to
//! them. Every field is one of Graph's `event` resource.

use serde_json::Value;

use super::recurrence::{self, LastDay};
use crate::bindings::calport::calendar::types::{Error, Status};
use crate::event::rrule::End;
use crate::event::{CheckedEvent, Repeats, When};
use crate::fault;
use crate::json::{Fields as _, object};
use crate::remote::stable_id;
use crate::time::{self, Date};

/// Our own named properties ("Outlook extended properties overview"); the GUID is
/// this project's, made once.
pub(super) const UID: &str = "String {5f2b9a1e-3c47-4d0a-9b7e-6a1d8c0f4e21} Name calportUid";
pub(super) const REVISION: &str =
    "String {5f2b9a1e-3c47-4d0a-9b7e-6a1d8c0f4e21} Name calportRevision";
pub(super) const SERIES: &str = "String {5f2b9a1e-3c47-4d0a-9b7e-6a1d8c0f4e21} Name calportSeries";

/// What stands in [`SERIES`] of an event that does not repeat.
pub(super) const SINGLE: &str = "single";

/// In front of a series' key while its exclusions are not all deleted yet.
pub(super) const PENDING: &str = "pending ";

/// Exchange keeps a subject and a place in 255 UTF-16 units.
const LONGEST_LINE: usize = 255;

/// What is to be in the calendar.
pub(super) struct Draft<'a> {
    pub(super) event: &'a CheckedEvent,
    pub(super) subject: String,
    pub(super) location: String,
    pub(super) body: String,
    pub(super) show_as: &'static str,
    /// Changes whenever the times of a series do. Graph cannot bring a deleted
    /// occurrence back, so that such a series is made anew.
    pub(super) series: String,
    /// Original starts of occurrences that do not take place; midnights in UTC for
    /// all-day events.
    pub(super) excluded: Vec<i64>,
    start: Value,
    end: Value,
    recurrence: Option<Value>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(event: &'a CheckedEvent) -> Result<Self, Error> {
        let (start, end, recurrence, excluded) = match &event.when {
            When::Timed {
                start,
                end,
                repeats: None,
                ..
            } => (moment(*start, "UTC"), moment(*end, "UTC"), None, Vec::new()),
            When::Timed {
                start,
                end,
                zone,
                repeats: Some(Repeats { rule, excluded }),
            } => {
                let windows = zone.windows().ok_or_else(|| {
                    fault::invalid(
                        "when.zone",
                        "is a zone that Outlook has none of the same time for",
                        "send single events, or a zone that keeps the time of a country",
                    )
                })?;
                let local = |instant| zone.local(instant);
                let last = recurrence::last_day(rule, *start, local);
                let first = Date::of(local(*start));
                let pattern =
                    recurrence::patterned(rule, first, last, windows).map_err(Error::Invalid)?;
                let (start, end) = (moment(local(*start), windows), moment(local(*end), windows));
                (start, end, Some(pattern), excluded.clone())
            }
            When::AllDay {
                start,
                end,
                repeats,
            } => {
                let moments = (
                    moment(start.midnight(), "UTC"),
                    moment(end.midnight(), "UTC"),
                );
                let (pattern, excluded) = match repeats {
                    None => (None, Vec::new()),
                    Some(Repeats { rule, excluded }) => {
                        let last = match rule.end {
                            End::Never => LastDay::Never,
                            End::Count(count) => LastDay::Count(count),
                            End::Until(day) => LastDay::On(day),
                        };
                        let pattern = recurrence::patterned(rule, *start, last, "UTC")
                            .map_err(Error::Invalid)?;
                        (
                            Some(pattern),
                            excluded.iter().map(|day| day.midnight()).collect(),
                        )
                    }
                };
                (moments.0, moments.1, pattern, excluded)
            }
        };
        let series = match &recurrence {
            None => SINGLE.to_owned(),
            Some(pattern) => stable_id(&[
                "calport outlook series",
                &start.to_string(),
                &end.to_string(),
                &pattern.to_string(),
                &format!("{excluded:?}"),
            ]),
        };
        let mut body = event.description.clone().unwrap_or_default();
        // Graph's event has no field for a link.
        if let Some(url) = &event.url {
            if !body.is_empty() {
                body.push_str("\n\n");
            }
            body.push_str(url.as_str());
        }
        Ok(Self {
            event,
            subject: line(&event.title),
            location: line(event.location.as_deref().unwrap_or_default()),
            body,
            show_as: match event.status {
                Status::Tentative => "tentative",
                Status::Confirmed | Status::Cancelled => "busy",
            },
            series,
            excluded,
            start,
            end,
            recurrence,
        })
    }

    /// What a new event is made of. `generation`: Graph takes each transaction id
    /// for one event only, also after that was deleted.
    pub(super) fn create(&self, calendar: &str, generation: u32) -> Value {
        let mut body = self.fields(!self.excluded.is_empty());
        let id = stable_id(&[
            "calport outlook event",
            calendar,
            &generation.to_string(),
            &self.event.uid,
        ]);
        if let Some(body) = body.as_object_mut() {
            body.insert("transactionId".to_owned(), id.into());
            self.insert_times(body);
            if let Some(recurrence) = &self.recurrence {
                body.insert("recurrence".to_owned(), recurrence.clone());
            }
        }
        body
    }

    /// What an existing event is changed to. The times of a series stay as they are:
    /// naming them makes Graph forget its deleted occurrences.
    pub(super) fn update(&self) -> Value {
        let mut body = self.fields(false);
        if let Some(body) = body.as_object_mut()
            && self.recurrence.is_none()
        {
            self.insert_times(body);
        }
        body
    }

    /// Whether Graph's `patternedRecurrence` repeats in the same way. Only what decides
    /// on the days is looked at: Graph fills in the rest as it likes.
    pub(super) fn recurs_as(&self, theirs: &Value) -> bool {
        let Some(ours) = &self.recurrence else {
            return theirs.is_null();
        };
        let days = |recurrence: &Value| -> Vec<String> {
            let days = recurrence.at("pattern").at("daysOfWeek").as_array();
            let mut days: Vec<String> = days
                .into_iter()
                .flatten()
                .filter_map(|day| day.as_str().map(str::to_ascii_lowercase))
                .collect();
            days.sort_unstable();
            days
        };
        let same = |part: &str, name: &str| {
            let (ours, theirs) = (ours.at(part).at(name), theirs.at(part).at(name));
            ours.is_null() || ours == theirs
        };
        same("pattern", "type")
            && same("pattern", "interval")
            && same("pattern", "dayOfMonth")
            && same("pattern", "month")
            && same("range", "type")
            && same("range", "numberOfOccurrences")
            && (days(ours).is_empty() || days(ours) == days(theirs))
    }

    pub(super) fn is_all_day(&self) -> bool {
        matches!(self.event.when, When::AllDay { .. })
    }

    fn insert_times(&self, body: &mut serde_json::Map<String, Value>) {
        body.insert("start".to_owned(), self.start.clone());
        body.insert("end".to_owned(), self.end.clone());
        body.insert("isAllDay".to_owned(), self.is_all_day().into());
    }

    fn fields(&self, pending: bool) -> Value {
        let series = if pending {
            format!("{PENDING}{}", self.series)
        } else {
            self.series.clone()
        };
        let property = |id: &'static str, value: &str| {
            object(vec![("id", id.into()), ("value", value.into())])
        };
        let properties = vec![
            property(UID, &self.event.uid),
            property(REVISION, &self.event.revision.to_string()),
            property(SERIES, &series),
        ];
        let body = vec![
            ("contentType", "text".into()),
            ("content", self.body.as_str().into()),
        ];
        let mut body = object(vec![
            ("subject", self.subject.as_str().into()),
            ("body", object(body)),
            (
                "location",
                object(vec![("displayName", self.location.as_str().into())]),
            ),
            ("showAs", self.show_as.into()),
            ("singleValueExtendedProperties", properties.into()),
        ]);
        // Outlook knows one reminder: the first one named. None named: the user's own.
        if let (Some(minutes), Some(body)) = (self.event.reminders.first(), body.as_object_mut()) {
            body.insert("isReminderOn".to_owned(), true.into());
            body.insert("reminderMinutesBeforeStart".to_owned(), (*minutes).into());
        }
        body
    }
}

fn moment(local: i64, zone: &str) -> Value {
    object(vec![
        ("dateTime", time::extended(local).into()),
        ("timeZone", zone.into()),
    ])
}

/// Shortened to what Exchange keeps, with a mark that something is missing.
fn line(text: &str) -> String {
    if text.encode_utf16().count() <= LONGEST_LINE {
        return text.to_owned();
    }
    let mut units = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            units += c.len_utf16();
            units < LONGEST_LINE
        })
        .collect();
    format!("{}…", kept.trim_end())
}
