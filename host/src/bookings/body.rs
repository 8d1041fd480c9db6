//! The JSON of a booking. Whatever is unknown, naive or contradictory in it is refused by
//! name; what calendars themselves demand is checked by the plugin.

use crate::{
    object::{self, Mistake},
    subject,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most participants of one booking.
const MAX_PARTICIPANTS: usize = 500;

/// A booking as the platform states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Grows with every change.
    pub revision: u32,
    /// Whether it stands.
    #[serde(default)]
    pub status: Status,
    /// What calendars show.
    pub title: String,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Where the platform shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// First moment of a timed booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// First moment after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
    /// IANA zone name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// First day of an all-day booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Date>,
    /// First day after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// How it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// Minutes before the start.
    #[serde(default)]
    pub reminders: Vec<u32>,
    /// Whose booking it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Person>,
    /// For information.
    #[serde(default)]
    pub attendees: Vec<Person>,
    /// Whose calendars it belongs in.
    #[serde(default)]
    pub participants: Vec<Participant>,
}

/// Whether a booking stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It takes place.
    #[default]
    Confirmed,
    /// It may take place.
    Tentative,
    /// It does not.
    Cancelled,
}

/// How a booking repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// The value of an RRULE.
    pub rule: String,
    /// Starts that are left out: RFC 3339, or dates of an all-day booking.
    #[serde(default)]
    pub excluded: Vec<String>,
}

/// Somebody by e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// For display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    pub email: String,
}

/// A user of the platform who takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// The platform's id of the user.
    pub user: String,
    /// What the user is to the booking, in the platform's words.
    pub role: String,
}

/// What is wrong with a body. Never repeats a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyError {
    /// The field, dotted and indexed.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to send instead.
    pub remedy: String,
}

impl BodyError {
    /// A mistake in a field.
    pub fn new(
        field: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// When a booking takes place, taken from its six fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// From one moment to another.
    Timed {
        /// First moment.
        start: Timestamp,
        /// First moment after.
        end: Timestamp,
        /// IANA zone name.
        zone: String,
    },
    /// Whole days.
    AllDay {
        /// First day.
        start: Date,
        /// First day after.
        end: Date,
    },
}

impl Body {
    /// Reads and checks a body.
    ///
    /// # Errors
    /// The first mistake, by field.
    pub fn parse(json: &[u8]) -> Result<Self, BodyError> {
        let body: Self = object::read(json).map_err(|Mistake { field, problem }| {
            let remedy = match field.as_str() {
                "start" | "end" => "an RFC 3339 time with an offset: 2026-12-01T10:00:00Z",
                "start_date" | "end_date" => "a date: 2026-12-24",
                "body" => "one JSON object with the fields that the documentation lists",
                _ => "the fields that the documentation lists, each of its type",
            };
            BodyError::new(field, problem, remedy)
        })?;
        body.when()?;
        body.check_participants()?;
        Ok(body)
    }

    /// When it takes place.
    ///
    /// # Errors
    /// Fields of both kinds, or not all of one.
    pub fn when(&self) -> Result<When, BodyError> {
        const EITHER: &str = "start, end and zone for a timed booking, or start_date and \
             end_date for one of whole days";
        let missing = |field: &str| BodyError::new(field, "is missing", EITHER);
        let timed = self.start.is_some() || self.end.is_some() || self.zone.is_some();
        let all_day = self.start_date.is_some() || self.end_date.is_some();
        match (timed, all_day) {
            (true, false) => Ok(When::Timed {
                start: self.start.ok_or_else(|| missing("start"))?,
                end: self.end.ok_or_else(|| missing("end"))?,
                zone: self.zone.clone().ok_or_else(|| missing("zone"))?,
            }),
            (false, true) => Ok(When::AllDay {
                start: self.start_date.ok_or_else(|| missing("start_date"))?,
                end: self.end_date.ok_or_else(|| missing("end_date"))?,
            }),
            (true, true) => Err(BodyError::new(
                "start_date",
                "stands beside start, end or zone",
                EITHER,
            )),
            (false, false) => Err(missing("start")),
        }
    }

    fn check_participants(&self) -> Result<(), BodyError> {
        if self.participants.len() > MAX_PARTICIPANTS {
            let problem = format!("has more than {MAX_PARTICIPANTS} entries");
            let remedy = "split the booking: one calendar event for so many is refused";
            return Err(BodyError::new("participants", problem, remedy));
        }
        let mut users = BTreeSet::new();
        for (index, participant) in self.participants.iter().enumerate() {
            if !subject::is_valid_id(&participant.user) {
                return Err(BodyError::new(
                    format!("participants[{index}].user"),
                    "is not a user id",
                    "1 to 128 visible ASCII characters",
                ));
            }
            if participant.role.is_empty()
                || participant.role.len() > 64
                || participant.role.chars().any(char::is_control)
            {
                return Err(BodyError::new(
                    format!("participants[{index}].role"),
                    "is not a role",
                    "1 to 64 characters, for example customer or staff",
                ));
            }
            if !users.insert(&participant.user) {
                return Err(BodyError::new(
                    format!("participants[{index}].user"),
                    "stands twice",
                    "each user once, with one role",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn timed() -> Value {
        json!({
            "revision": 3, "title": "Deep clean", "start": "2026-12-01T10:00:00Z",
            "end": "2026-12-01T12:00:00+01:00", "zone": "Europe/London",
            "participants": [{"user": "u-17", "role": "customer"}],
        })
    }

    #[test]
    fn a_body_keeps_its_meaning_through_storage() {
        let body = Body::parse(timed().to_string().as_bytes()).unwrap();
        let again = Body::parse(&serde_json::to_vec(&body).unwrap()).unwrap();
        assert_eq!(body, again);
    }

    #[test]
    fn every_mistake_names_its_field() {
        for (field, value, named) in [
            ("titel", json!("x"), "titel"),
            ("title", json!(7), "title"),
            ("title", Value::Null, "title"),
            ("start", json!("2026-12-01T10:00:00"), "start"),
            ("start", json!("soon"), "start"),
            ("end", Value::Null, "end"),
            ("zone", Value::Null, "zone"),
            ("start_date", json!("2026-12-24"), "start_date"),
            ("status", json!("gone"), "status"),
            ("revision", json!(-1), "revision"),
            ("reminders", json!(["1h"]), "reminders[0]"),
            (
                "recurrence",
                json!({"rule": "FREQ=DAILY", "until": 1}),
                "recurrence.until",
            ),
            (
                "participants",
                json!([{"user": "", "role": "x"}]),
                "participants[0].user",
            ),
            (
                "participants",
                json!([{"user": "a b", "role": "x"}]),
                "participants[0].user",
            ),
            (
                "participants",
                json!([{"user": "a", "role": ""}]),
                "participants[0].role",
            ),
            (
                "participants",
                json!([{"user": "a", "role": "x"}, {"user": "a", "role": "y"}]),
                "participants[1].user",
            ),
            (
                "participants",
                json!(vec![json!({"user": "a", "role": "x"}); 501]),
                "participants",
            ),
        ] {
            let mut body = timed();
            body[field] = value;
            let error = Body::parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(error.field, named, "{error:?}");
            assert!(!error.problem.is_empty() && !error.remedy.is_empty());
        }
    }

    #[test]
    fn a_mistake_never_repeats_the_value() {
        let mut body = timed();
        body["revision"] = json!("canary-4711");
        let error = Body::parse(body.to_string().as_bytes()).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
