//! An event as Graph holds it: what is asked for, how it is read, and whether it is
//! what we want it to be.

use serde_json::Value;

use super::busy::instant;
use super::draft::{Draft, PENDING, REVISION, SERIES, SINGLE, UID};
use crate::bindings::calport::calendar::types::{Error, Span};
use crate::bindings::exports::calport::calendar::calendar::RemoteEvent;
use crate::bindings::exports::calport::calendar::changes::Aspects;
use crate::event::When;
use crate::json::Fields as _;
use crate::time::Date;
use crate::{json, remote};

pub(super) const SELECT: &str = "id,subject,body,start,end,isAllDay,location,showAs,isReminderOn,\
                                 reminderMinutesBeforeStart,recurrence,webLink";

/// Graph's event.
pub(super) struct Item(Value);

impl Item {
    /// Of a reply's body. One without an id is none.
    pub(super) fn read(body: Value) -> Result<Self, Error> {
        json::required(body.at("id"))?;
        Ok(Self(body))
    }

    /// What was just made: Graph's answer leaves our own properties out.
    pub(super) fn made(mut body: Value, sent: &Value) -> Result<Self, Error> {
        const PROPERTIES: &str = "singleValueExtendedProperties";
        if let Some(body) = body.as_object_mut() {
            body.entry(PROPERTIES)
                .or_insert_with(|| sent.at(PROPERTIES).clone());
        }
        Self::read(body)
    }

    pub(super) fn id(&self) -> &str {
        self.0.at("id").as_str().unwrap_or_default()
    }

    pub(super) fn etag(&self) -> Option<String> {
        remote::etag(self.0.at("@odata.etag").as_str())
    }

    pub(super) fn kept(&self, calendar: &str) -> RemoteEvent {
        RemoteEvent {
            id: self.id().to_owned(),
            calendar: calendar.to_owned(),
            etag: self.etag(),
            link: remote::link(self.0.at("webLink").as_str()),
        }
    }

    pub(super) fn is_of_another(&self, uid: &str) -> bool {
        self.property(UID).is_some_and(|other| other != uid)
    }

    /// The revision that it shows, 0 when it has lost it.
    pub(super) fn revision(&self) -> u32 {
        self.property(REVISION)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    /// Whether it repeats, or does not, just as the draft does.
    pub(super) fn is_same_series(&self, draft: &Draft<'_>) -> bool {
        match self.property(SERIES) {
            Some(series) => series.strip_prefix(PENDING).unwrap_or(series) == draft.series,
            None => draft.series == SINGLE && self.0.at("recurrence").is_null(),
        }
    }

    /// Whether occurrences are still there that should not be.
    pub(super) fn is_pending(&self) -> bool {
        self.property(SERIES)
            .is_some_and(|series| series.starts_with(PENDING))
    }

    pub(super) fn title(&self) -> &str {
        self.text("subject")
    }

    /// Whether an update would change nothing that a user can see.
    pub(super) fn shows(&self, draft: &Draft<'_>) -> bool {
        let event = draft.event;
        let reminds = event.reminders.first().is_none_or(|minutes| {
            json::flag(self.0.at("isReminderOn"))
                && *self.0.at("reminderMinutesBeforeStart") == *minutes
        });
        self.differs(draft).is_empty()
            && self.revision() == event.revision
            && self.property(UID) == Some(&event.uid)
            && self.property(SERIES) == Some(&draft.series)
            && reminds
    }

    /// What of the draft it shows otherwise. A link is part of the text.
    pub(super) fn differs(&self, draft: &Draft<'_>) -> Aspects {
        let (start, end) = match &draft.event.when {
            When::Timed { start, end, .. } => (*start, *end),
            When::AllDay { start, end, .. } => (start.midnight(), end.midnight()),
        };
        let is_then = instant(self.0.at("start")) == Some(start)
            && instant(self.0.at("end")) == Some(end)
            && json::flag(self.0.at("isAllDay")) == draft.is_all_day();
        let text = self.0.at("body").at("content").as_str().unwrap_or_default();
        let place = self.0.at("location").at("displayName").as_str();
        [
            (Aspects::TITLE, self.title() == draft.subject),
            (Aspects::DESCRIPTION, same_text(text, &draft.body)),
            (
                Aspects::LOCATION,
                place.unwrap_or_default() == draft.location,
            ),
            (Aspects::WHEN, is_then),
            (
                Aspects::RECURRENCE,
                draft.recurs_as(self.0.at("recurrence")),
            ),
            (Aspects::STATUS, self.text("showAs") == draft.show_as),
        ]
        .into_iter()
        .filter(|(_, is_same)| !is_same)
        .fold(Aspects::empty(), |all, (aspect, _)| all | aspect)
    }

    /// When it takes place, as far as that can be told. Graph tells times in UTC:
    /// `wanted` says whose clock is meant.
    pub(super) fn span(&self, wanted: &When) -> Option<Span> {
        let (start, end) = (instant(self.0.at("start"))?, instant(self.0.at("end"))?);
        if json::flag(self.0.at("isAllDay")) {
            remote::all_day(Date::of(start), Date::of(end))
        } else {
            remote::timed(start, end, wanted.zone())
        }
    }

    fn text(&self, name: &str) -> &str {
        self.0.at(name).as_str().unwrap_or_default()
    }

    fn property(&self, id: &str) -> Option<&str> {
        let properties = self.0.at("singleValueExtendedProperties").as_array()?;
        // Graph answers with the GUID in whatever case it likes.
        properties
            .iter()
            .find(|property| {
                property
                    .at("id")
                    .as_str()
                    .is_some_and(|other| other.eq_ignore_ascii_case(id))
            })?
            .at("value")
            .as_str()
    }
}

/// Exchange writes CRLF, adds a line break at the end, and turns texts into HTML and back:
/// what it makes of white space says nothing.
fn same_text(theirs: &str, ours: &str) -> bool {
    theirs.split_whitespace().eq(ours.split_whitespace())
}
