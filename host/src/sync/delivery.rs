//! One delivery: what is owed to one participant's calendar, and how far it has come.

use super::drift::{Drift, What};
use crate::{
    bookings::{BookingId, Kind},
    plugin::calendar::RemoteEvent,
    remote::Remote,
    subject::Subject,
};
use sqlx::{Row, any::AnyRow};

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Work is left to do.
    Waiting,
    /// The calendar shows what it should.
    InCalendar,
    /// Nothing works until the user connects again.
    NeedsReconnect,
    /// Set aside: refused for good, or tried too often.
    Failed,
}

impl State {
    /// The word that stands in the database and in replies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InCalendar => "in_calendar",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Failed => "failed",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        let all = [Self::Waiting, Self::InCalendar, Self::NeedsReconnect];
        all.into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Failed)
    }
}

/// What is owed to one participant's calendar.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Of which booking.
    pub booking: BookingId,
    /// To whom.
    pub user: String,
    /// At which provider.
    pub provider: String,
    /// How far it has come.
    pub state: State,
    /// Why it waits or failed, in plain words.
    pub reason: Option<String>,
    /// When it is tried again, in seconds since 1970.
    pub next_try: Option<i64>,
    /// How often in a row it was tried without success.
    pub attempts: i64,
    /// How the calendar differs, if the participant has changed something there.
    pub drift: Option<Drift>,
    pub(crate) generation: i64,
    pub(crate) remote: Option<Remote>,
}

/// What [`Delivery::from_row`] reads, as a literal: statements are never put together at
/// run time.
macro_rules! columns {
    () => {
        "d.tenant, d.kind, d.booking_id, d.user_id, d.provider, d.generation, d.state, \
         d.reason, d.remote, d.attempts, d.next_try, d.drift"
    };
}
pub(crate) use columns;

impl Delivery {
    /// Opens the event in the provider's own page.
    pub fn link(&self) -> Option<&str> {
        let is_there = !self.is_deleted();
        let remote = self.remote.as_ref().filter(|_| is_there);
        remote.and_then(Remote::link)
    }

    /// Whose calendar it is.
    pub fn subject(&self) -> Subject {
        Subject::new(&self.booking.tenant, &self.user)
    }

    /// What an earlier call returned.
    pub fn remote_event(&self) -> Option<RemoteEvent> {
        self.remote.clone().map(Into::into)
    }

    /// Whether its participant has deleted the event.
    pub fn is_deleted(&self) -> bool {
        self.drift
            .as_ref()
            .is_some_and(|drift| drift.what == What::Deleted)
    }

    pub(crate) fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let kind: String = row.try_get("kind")?;
        let state: String = row.try_get("state")?;
        let remote: Option<String> = row.try_get("remote")?;
        let drift: Option<String> = row.try_get("drift")?;
        Ok(Self {
            booking: BookingId {
                tenant: row.try_get("tenant")?,
                kind: Kind::parse(&kind)
                    .ok_or_else(|| sqlx::Error::Decode("booking kind".into()))?,
                id: row.try_get("booking_id")?,
            },
            user: row.try_get("user_id")?,
            provider: row.try_get("provider")?,
            generation: row.try_get("generation")?,
            state: State::parse(&state),
            reason: row.try_get("reason")?,
            remote: remote
                .map(|json| serde_json::from_str(&json))
                .transpose()
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            drift: drift
                .map(|json| serde_json::from_str(&json))
                .transpose()
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            attempts: row.try_get("attempts")?,
            next_try: row.try_get("next_try")?,
        })
    }

    /// Shows the pause of its calendar or provider, where one keeps it waiting.
    pub(super) fn with_pause(mut self, row: &AnyRow, now: i64) -> Result<Self, sqlx::Error> {
        if self.state != State::Waiting {
            return Ok(self);
        }
        for (until, reason) in [
            ("lane_paused_until", "lane_pause_reason"),
            ("provider_paused_until", "provider_pause_reason"),
        ] {
            let until: Option<i64> = row.try_get(until)?;
            if let Some(until) = until.filter(|until| *until > now)
                && self.next_try.is_none_or(|next_try| next_try < until)
            {
                self.next_try = Some(until);
                self.reason = row.try_get(reason)?;
            }
        }
        Ok(self)
    }
}
