//! The platform's own bookings. It is their only master: every change is written down here
//! first and then told to Calport, so that nothing is lost between the two; what Calport
//! refuses is taken back.

use super::{
    people::Person,
    rest::{Caller, Refusal, Rest},
};
use crate::bookings::{Body, Kind, Status, When};
use axum::http::{Method, StatusCode};
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use std::{io::Write, path::PathBuf, sync::Arc};
use tokio::sync::Mutex;

/// As many as the page shows well.
const MAX_BOOKINGS: usize = 60;

/// A booking of the platform's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Booking {
    #[serde(with = "kind")]
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) body: Body,
}

mod kind {
    //! Kinds by their word.

    use crate::bookings::Kind;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(kind: &Kind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
        let word = String::deserialize(from)?;
        Kind::parse(&word).ok_or_else(|| de::Error::custom("no such kind of booking"))
    }
}

impl Booking {
    /// Whether the person may see and change it.
    pub(super) fn is_for(&self, person: &Person) -> bool {
        person.is_manager() || self.has(person)
    }

    /// Whether the person takes part in it.
    pub(super) fn has(&self, person: &Person) -> bool {
        self.body
            .participants
            .iter()
            .any(|participant| participant.user == person.id)
    }

    /// Its path in the REST interface.
    pub(super) fn path(&self) -> String {
        format!("/api/{}/{}/", self.kind.as_str(), self.id)
    }

    /// What bookings are listed by.
    fn begins(&self) -> Timestamp {
        match self.body.when() {
            Ok(When::Timed { start, .. }) => start,
            Ok(When::AllDay { start, .. }) => {
                let midnight = start.to_zoned(jiff::tz::TimeZone::UTC);
                midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
            }
            Err(_) => Timestamp::MAX,
        }
    }
}

/// What can be done to a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    /// An hour later, or a day when it takes whole days.
    Later,
    Cancel,
    Restore,
    /// Nothing new, but Calport is to try again at once.
    Again,
}

/// The platform's bookings, kept in a file.
pub(super) struct Records {
    rest: Arc<Rest>,
    file: PathBuf,
    bookings: Mutex<Vec<Booking>>,
}

impl Records {
    /// Those in the file, or these first ones. Calport is told of all of them: what it
    /// knows already changes nothing.
    pub(super) async fn open(
        rest: Arc<Rest>,
        file: PathBuf,
        first: Vec<Booking>,
    ) -> Result<Self, String> {
        let bookings = match std::fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|error| format!("{}: {error}", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => first,
            Err(error) => return Err(format!("{}: {error}", file.display())),
        };
        for booking in &bookings {
            tell(&rest, booking)
                .await
                .map_err(|refusal| refusal.to_string())?;
        }
        let records = Self {
            rest,
            file,
            bookings: Mutex::default(),
        };
        records
            .save(&bookings)
            .map_err(|refusal| refusal.to_string())?;
        *records.bookings.lock().await = bookings;
        Ok(records)
    }

    /// What the person may see, soonest first.
    pub(super) async fn of(&self, person: &Person) -> Vec<Booking> {
        let mut seen = self.all().await;
        seen.retain(|booking| booking.is_for(person));
        seen
    }

    /// All of them, the earliest first.
    pub(super) async fn all(&self) -> Vec<Booking> {
        let mut all = self.bookings.lock().await.clone();
        all.sort_by_key(Booking::begins);
        all
    }

    /// One that the person may see.
    pub(super) async fn find(
        &self,
        person: &Person,
        kind: Kind,
        id: &str,
    ) -> Result<Booking, Refusal> {
        let bookings = self.bookings.lock().await;
        let found = bookings
            .iter()
            .find(|booking| booking.kind == kind && booking.id == id);
        found
            .filter(|booking| booking.is_for(person))
            .cloned()
            .ok_or_else(no_booking)
    }

    /// Takes a new booking in. Its id is its title's words, and a number where those are
    /// taken.
    pub(super) async fn add(&self, kind: Kind, body: Body) -> Result<Booking, Refusal> {
        let mut bookings = self.bookings.lock().await;
        if bookings.len() >= MAX_BOOKINGS {
            let title = "This demo takes no more bookings";
            return Err(Refusal::new(StatusCode::CONFLICT, "full", title));
        }
        let words = slug(&body.title);
        let taken = |id: &str| {
            bookings
                .iter()
                .any(|known| known.kind == kind && known.id == id)
        };
        let numbered = (2..).map(|number| format!("{words}-{number}"));
        let id = std::iter::once(words.clone())
            .chain(numbered)
            .find(|id| !taken(id));
        let booking = Booking {
            kind,
            id: id.unwrap_or(words),
            body,
        };
        let mut next = bookings.clone();
        next.push(booking.clone());
        self.save(&next)?;
        match tell(&self.rest, &booking).await {
            Ok(()) => {
                *bookings = next;
                Ok(booking)
            }
            Err(refusal) => {
                self.save(&bookings)?;
                Err(refusal)
            }
        }
    }

    /// Changes a booking that the person may change.
    pub(super) async fn change(
        &self,
        person: &Person,
        kind: Kind,
        id: &str,
        change: Change,
    ) -> Result<(), Refusal> {
        // Held meanwhile, so that two clicks never make the same revision.
        let mut bookings = self.bookings.lock().await;
        let mut next = bookings.clone();
        let found = next
            .iter_mut()
            .find(|booking| booking.kind == kind && booking.id == id);
        let booking = found
            .filter(|booking| booking.is_for(person))
            .ok_or_else(no_booking)?;
        match change {
            Change::Later => later(&mut booking.body),
            Change::Cancel => booking.body.status = Status::Cancelled,
            Change::Restore => booking.body.status = Status::Confirmed,
            Change::Again => {}
        }
        booking.body.revision = booking.body.revision.saturating_add(1);
        let booking = booking.clone();
        self.save(&next)?;
        let told = match change {
            Change::Cancel => {
                let path = booking.path();
                self.rest
                    .call(Caller::Platform, Method::DELETE, &path, None)
                    .await
                    .map(drop)
            }
            Change::Later | Change::Restore | Change::Again => tell(&self.rest, &booking).await,
        };
        match told {
            Ok(()) => *bookings = next,
            Err(_) => self.save(&bookings)?,
        }
        told
    }

    /// Written aside and renamed, so that it is never there by half.
    fn save(&self, bookings: &[Booking]) -> Result<(), Refusal> {
        let write = || -> std::io::Result<()> {
            let folder = self.file.parent().ok_or(std::io::ErrorKind::NotFound)?;
            let mut written = tempfile::NamedTempFile::new_in(folder)?;
            written.write_all(&serde_json::to_vec_pretty(bookings)?)?;
            written.persist(&self.file)?;
            Ok(())
        };
        write().map_err(|error| {
            let title = "The demo cannot write to its folder";
            let refusal = Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "unsaved", title);
            Refusal {
                detail: Some(error.to_string()),
                ..refusal
            }
        })
    }
}

async fn tell(rest: &Rest, booking: &Booking) -> Result<(), Refusal> {
    let body = serde_json::to_value(&booking.body).unwrap_or_default();
    rest.call(Caller::Platform, Method::PUT, &booking.path(), Some(body))
        .await
        .map(drop)
}

fn no_booking() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is no such booking of yours",
    )
}

fn later(body: &mut Body) {
    use jiff::ToSpan;
    let moment = |at: Option<Timestamp>| at.and_then(|at| at.checked_add(1.hour()).ok()).or(at);
    let day = |on: Option<civil::Date>| on.and_then(|on| on.checked_add(1.day()).ok()).or(on);
    body.start = moment(body.start);
    body.end = moment(body.end);
    body.start_date = day(body.start_date);
    body.end_date = day(body.end_date);
}

/// A title as an id that is easy to recognise: `window-cleaning`.
fn slug(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words
        .take(6)
        .collect::<Vec<_>>()
        .join("-")
        .to_ascii_lowercase();
    let slug: String = slug.chars().take(40).collect();
    if slug.is_empty() {
        "booking".to_owned()
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_of_the_titles_words() {
        for (title, id) in [
            ("Window cleaning", "window-cleaning"),
            ("  <b>Tea & cake</b>  ", "b-tea-cake-b"),
            ("\u{7a93}", "booking"),
        ] {
            assert_eq!(slug(title), id);
        }
    }
}
