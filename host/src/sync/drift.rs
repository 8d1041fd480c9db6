//! What a participant did to a booking's event in their own calendar, as it is kept with
//! the delivery, and what of it later pushes leave alone. It never looks into a calendar.

use crate::plugin::types::{AllDay, Event, Occurrence, Span, Timed};
use serde::{Deserialize, Serialize};

/// The reason of deliveries whose event was deleted, and stays so.
pub(crate) const DELETED: &str = "deleted in the calendar by its owner";

/// What is done about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The platform is told, and its next revision wins.
    #[default]
    Report,
    /// It is put back, and the platform is told.
    Restore,
    /// It stays until the platform states another time, and the platform is told.
    Accept,
}

impl Policy {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Report, Self::Restore, Self::Accept];

    /// The word that stands in settings and webhooks.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Restore => "restore",
            Self::Accept => "accept",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// How a calendar differs from what the platform stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// What was done.
    pub what: What,
    /// When the event takes place now, where that differs and is known. Of a recurring one
    /// its first occurrence.
    pub seen: Option<SeenSpan>,
    /// What it is called now, where that differs.
    pub seen_title: Option<String>,
    /// When it was noticed, in seconds since 1970.
    pub seen_at: i64,
    pub(crate) stays: Stays,
}

/// What was done to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It stands at another time.
    Moved,
    /// It is gone.
    Deleted,
    /// Something else of it is different: its title, text or place.
    Changed,
    /// A single date of a series was changed or deleted by itself.
    Occurrence,
}

impl What {
    /// The word that stands in replies and webhooks.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Deleted => "deleted",
            Self::Changed => "changed",
            Self::Occurrence => "occurrence",
        }
    }
}

/// A span as a booking's body puts it, but in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SeenSpan {
    /// With times.
    Timed {
        /// Seconds since 1970.
        start: i64,
        /// Seconds since 1970.
        end: i64,
        /// IANA name.
        zone: String,
    },
    /// Whole days.
    AllDay {
        /// YYYY-MM-DD.
        start_date: String,
        /// YYYY-MM-DD, exclusive.
        end_date: String,
    },
}

impl From<&Span> for SeenSpan {
    fn from(span: &Span) -> Self {
        match span.clone() {
            Span::Timed(Timed { start, end, zone }) => Self::Timed { start, end, zone },
            Span::AllDay(AllDay { start, end }) => Self::AllDay {
                start_date: start,
                end_date: end,
            },
        }
    }
}

impl From<SeenSpan> for Span {
    fn from(span: SeenSpan) -> Self {
        match span {
            SeenSpan::Timed { start, end, zone } => Self::Timed(Timed { start, end, zone }),
            SeenSpan::AllDay {
                start_date,
                end_date,
            } => Self::AllDay(AllDay {
                start: start_date,
                end: end_date,
            }),
        }
    }
}

/// How long pushes leave it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stays {
    /// It is being put back.
    Not,
    /// Until the platform states another revision than this one.
    Revision(u32),
    /// Until the platform states another time than this one; what else is new is shown at
    /// the time that the participant chose.
    Time { revision: u32, stated: Stated },
}

/// When the platform wants something to take place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stated {
    span: SeenSpan,
    rule: Option<String>,
    excluded: Vec<String>,
}

impl Stated {
    pub(crate) fn of(event: &Event) -> Self {
        let recurrence = event.recurrence.as_ref();
        let excluded = recurrence.map(|recurrence| {
            let dates = recurrence
                .excluded
                .iter()
                .map(|occurrence| match occurrence {
                    Occurrence::At(instant) => instant.to_string(),
                    Occurrence::On(date) => date.clone(),
                });
            dates.collect()
        });
        Self {
            span: (&event.when).into(),
            rule: recurrence.map(|recurrence| recurrence.rule.clone()),
            excluded: excluded.unwrap_or_default(),
        }
    }
}

/// What a push leaves alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kept {
    /// The whole event: nothing is pushed.
    Event,
    /// The time that the participant chose.
    Time(Span),
}

impl Drift {
    /// What a push of this event leaves alone; `None`: nothing.
    pub(super) fn keeps(&self, event: &Event) -> Option<Kept> {
        match &self.stays {
            Stays::Not => None,
            Stays::Revision(revision) => (*revision == event.revision).then_some(Kept::Event),
            Stays::Time { revision, .. } if *revision == event.revision => Some(Kept::Event),
            Stays::Time { stated, .. } if *stated != Stated::of(event) => None,
            Stays::Time { .. } => match (self.what, &self.seen) {
                (What::Moved, Some(seen)) if event.recurrence.is_none() => {
                    Some(Kept::Time(seen.clone().into()))
                }
                (What::Moved | What::Deleted, _) => Some(Kept::Event),
                (What::Changed | What::Occurrence, _) => None,
            },
        }
    }

    /// The same once another revision is shown beside it.
    pub(super) fn under(mut self, newest: u32) -> Self {
        match &mut self.stays {
            Stays::Not => {}
            Stays::Revision(revision) | Stays::Time { revision, .. } => *revision = newest,
        }
        self
    }

    /// Whether the same was done, whenever it was noticed.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.what, &self.seen, &self.seen_title) == (other.what, &other.seen, &other.seen_title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::types::Status;

    fn event(revision: u32, start: i64) -> Event {
        Event {
            uid: "1@calport".to_owned(),
            revision,
            status: Status::Confirmed,
            title: "Deep clean".to_owned(),
            description: None,
            location: None,
            url: None,
            when: span(start),
            recurrence: None,
            reminders: vec![],
            organizer: None,
            attendees: vec![],
            updated: 0,
        }
    }

    fn span(start: i64) -> Span {
        Span::Timed(Timed {
            start,
            end: start + 3_600,
            zone: "UTC".to_owned(),
        })
    }

    fn drift(what: What, stays: Stays) -> Drift {
        Drift {
            what,
            seen: (what == What::Moved).then(|| (&span(500)).into()),
            seen_title: None,
            seen_at: 9,
            stays,
        }
    }

    #[test]
    fn what_is_reported_stays_until_the_platform_states_something_new() {
        let reported = drift(What::Moved, Stays::Revision(3));
        assert_eq!(reported.keeps(&event(3, 0)), Some(Kept::Event));
        assert_eq!(reported.keeps(&event(4, 0)), None);
    }

    #[test]
    fn what_is_accepted_stays_until_the_platform_states_another_time() {
        let stays = Stays::Time {
            revision: 3,
            stated: Stated::of(&event(3, 0)),
        };
        let moved = drift(What::Moved, stays.clone());
        assert_eq!(moved.keeps(&event(3, 0)), Some(Kept::Event));
        assert_eq!(moved.keeps(&event(4, 0)), Some(Kept::Time(span(500))));
        assert_eq!(moved.keeps(&event(4, 60)), None);
        let deleted = drift(What::Deleted, stays.clone());
        assert_eq!(deleted.keeps(&event(4, 0)), Some(Kept::Event));
        assert_eq!(deleted.keeps(&event(4, 60)), None);
        assert_eq!(drift(What::Changed, stays).keeps(&event(4, 0)), None);
    }

    #[test]
    fn what_is_being_put_back_is_left_alone_by_no_push() {
        assert_eq!(drift(What::Deleted, Stays::Not).keeps(&event(3, 0)), None);
    }

    #[test]
    fn it_is_kept_as_it_was_noticed() {
        let stays = Stays::Time {
            revision: 3,
            stated: Stated::of(&event(3, 0)),
        };
        for drift in [drift(What::Moved, stays), drift(What::Deleted, Stays::Not)] {
            let json = serde_json::to_string(&drift).unwrap();
            assert_eq!(serde_json::from_str::<Drift>(&json).unwrap(), drift);
        }
    }
}
