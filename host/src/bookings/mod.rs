//! Appointments and jobs: what the platform wants to be so, as it says it in JSON and as
//! the contract's events say it.

mod body;
mod event;
mod forget;
mod store;

pub use body::{Body, BodyError, Participant, Person, Recurrence, Status, When};
pub use event::{event_for, file_name};
pub use store::{Bookings, Held, Put, PutError};

/// What a booking is to its platform. Each kind has ids of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Of a customer.
    Appointments,
    /// Of a member of staff.
    Jobs,
}

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Appointments, Self::Jobs];

    /// The word that stands in paths and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Appointments => "appointments",
            Self::Jobs => "jobs",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Names one booking.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BookingId {
    /// Whose platform's.
    pub tenant: String,
    /// Which kind.
    pub kind: Kind,
    /// The platform's own id of it.
    pub id: String,
}
