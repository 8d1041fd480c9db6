//! Events of ours in one calendar, as the look into it needs them. What is over is left
//! alone: whoever tidies up past entries is not to be answered.

use crate::{
    db::Database,
    sync::{Delivery, Lane, columns},
};
use sqlx::{Row, any::AnyRow};

/// An event of ours, and what is noted about it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) delivery: Delivery,
    /// To be compared, and why.
    pub(super) touched: Option<Touched>,
    /// How often it was put back in the day that began then.
    pub(super) restores: i64,
    pub(super) restoring_since: Option<i64>,
}

/// Why an event is to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touched {
    /// Something happened to it as a whole, perhaps.
    Event,
    /// The same, and a single date of it is not like the others.
    Occurrence,
}

impl Touched {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Occurrence => "occurrence",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "occurrence" => Self::Occurrence,
            _ => Self::Event,
        }
    }
}

/// All events of a lane that lie ahead and were pushed.
pub(super) async fn of_lane(database: &Database, lane: &Lane) -> Result<Vec<Known>, sqlx::Error> {
    let now = database.now().await?;
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        ", d.touched, d.restores, d.restoring_since FROM deliveries d \
         JOIN bookings b ON b.tenant = d.tenant AND b.kind = d.kind AND b.id = d.booking_id \
         WHERE d.tenant = $1 AND d.user_id = $2 AND d.provider = $3 AND d.remote IS NOT NULL \
         AND (b.ends_at IS NULL OR b.ends_at > $4)"
    ))
    .bind(&lane.subject.tenant)
    .bind(&lane.subject.user)
    .bind(&lane.provider)
    .bind(now)
    .fetch_all(database.pool())
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Known, sqlx::Error> {
    let touched: Option<String> = row.try_get("touched")?;
    Ok(Known {
        delivery: Delivery::from_row(row)?,
        touched: touched.as_deref().map(Touched::parse),
        restores: row.try_get("restores")?,
        restoring_since: row.try_get("restoring_since")?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        bookings::{BookingId, Kind},
        plugin::{
            calendar::RemoteEvent,
            types::{Event, Span, Status, Timed},
        },
        sync::State,
    };

    pub(in crate::drift) fn remote(etag: &str) -> RemoteEvent {
        RemoteEvent {
            id: "a".to_owned(),
            calendar: "primary".to_owned(),
            etag: Some(etag.to_owned()),
            link: None,
        }
    }

    pub(in crate::drift) fn known(id: &str, etag: &str) -> Known {
        let remote = RemoteEvent {
            id: id.to_owned(),
            ..remote(etag)
        };
        Known {
            delivery: Delivery {
                booking: BookingId {
                    tenant: "default".to_owned(),
                    kind: Kind::Jobs,
                    id: id.to_owned(),
                },
                user: "ann".to_owned(),
                provider: "google".to_owned(),
                state: State::InCalendar,
                reason: None,
                next_try: None,
                attempts: 0,
                drift: None,
                generation: 1,
                remote: Some(remote.into()),
            },
            touched: None,
            restores: 0,
            restoring_since: None,
        }
    }

    pub(in crate::drift) fn event(revision: u32) -> Event {
        Event {
            uid: "1@calport".to_owned(),
            revision,
            status: Status::Confirmed,
            title: "Deep clean".to_owned(),
            description: None,
            location: None,
            url: None,
            when: Span::Timed(Timed {
                start: 0,
                end: 60,
                zone: "UTC".to_owned(),
            }),
            recurrence: None,
            reminders: vec![],
            organizer: None,
            attendees: vec![],
            updated: 0,
        }
    }
}
