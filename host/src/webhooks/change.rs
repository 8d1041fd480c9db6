//! What can happen that a platform wants to know, and how it is put.

use crate::{
    bookings::BookingId,
    subject::Subject,
    sync::{Drift, Policy, SeenSpan, State},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Change {
    /// A user has connected an account, for the first time or again.
    ConnectionConnected {
        /// Who.
        subject: Subject,
        /// At which provider.
        provider: String,
    },
    /// The provider refuses a user's grant: nothing works until they connect again.
    ConnectionNeedsReconnect {
        /// Who.
        subject: Subject,
        /// At which provider.
        provider: String,
        /// Why, in plain words.
        reason: String,
    },
    /// A user's account is connected no longer.
    ConnectionDisconnected {
        /// Who.
        subject: Subject,
        /// At which provider.
        provider: String,
    },
    /// A booking's state in one participant's calendar is another one.
    BookingStateChanged {
        /// Which booking.
        booking: BookingId,
        /// Whose calendar.
        user: String,
        /// At which provider.
        provider: String,
        /// The state that it has now.
        state: State,
        /// Why it waits or failed, in plain words.
        reason: Option<String>,
        /// Opens the event in the provider's own page.
        link: Option<String>,
    },
    /// A participant has changed a booking's event in their own calendar.
    BookingDrifted {
        /// Which booking.
        booking: BookingId,
        /// Whose calendar.
        user: String,
        /// At which provider.
        provider: String,
        /// What they did.
        drift: Drift,
        /// What is done about it.
        policy: Policy,
    },
}

impl Change {
    /// Its name. Stable.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConnectionConnected { .. } => "connection.connected",
            Self::ConnectionNeedsReconnect { .. } => "connection.needs_reconnect",
            Self::ConnectionDisconnected { .. } => "connection.disconnected",
            Self::BookingStateChanged { .. } => "booking.state_changed",
            Self::BookingDrifted { .. } => "booking.drifted",
        }
    }

    /// Whom it is about.
    pub(super) fn user(&self) -> Subject {
        match self {
            Self::ConnectionConnected { subject, .. }
            | Self::ConnectionNeedsReconnect { subject, .. }
            | Self::ConnectionDisconnected { subject, .. } => subject.clone(),
            Self::BookingStateChanged { booking, user, .. }
            | Self::BookingDrifted { booking, user, .. } => Subject::new(&booking.tenant, user),
        }
    }

    /// What it is about: changes of the same are told in their order.
    pub(super) fn about(&self) -> String {
        match self {
            Self::ConnectionConnected { subject, provider }
            | Self::ConnectionNeedsReconnect {
                subject, provider, ..
            }
            | Self::ConnectionDisconnected { subject, provider } => {
                joined(["connection", &subject.tenant, &subject.user, provider])
            }
            Self::BookingStateChanged {
                booking,
                user,
                provider,
                ..
            }
            | Self::BookingDrifted {
                booking,
                user,
                provider,
                ..
            } => {
                let BookingId { tenant, kind, id } = booking;
                joined([kind.as_str(), tenant, id, user, provider])
            }
        }
    }

    /// The `data` of the webhook.
    pub(super) fn data(&self) -> Value {
        match self {
            Self::ConnectionConnected { subject, provider }
            | Self::ConnectionDisconnected { subject, provider } => {
                Value::Object(connection(subject, provider))
            }
            Self::ConnectionNeedsReconnect {
                subject,
                provider,
                reason,
            } => {
                let mut data = connection(subject, provider);
                data.insert("reason".to_owned(), json!(reason));
                Value::Object(data)
            }
            Self::BookingStateChanged {
                booking,
                user,
                provider,
                state,
                reason,
                link,
            } => {
                let mut data = of_booking(booking, user, provider);
                data.insert("state".to_owned(), json!(state.as_str()));
                data.insert("reason".to_owned(), json!(reason));
                data.insert("link".to_owned(), json!(link));
                Value::Object(data)
            }
            Self::BookingDrifted {
                booking,
                user,
                provider,
                drift,
                policy,
            } => {
                let mut data = of_booking(booking, user, provider);
                data.insert("what".to_owned(), json!(drift.what.as_str()));
                data.insert("seen".to_owned(), json!(drift.seen.as_ref().map(seen)));
                data.insert("policy".to_owned(), json!(policy.as_str()));
                Value::Object(data)
            }
        }
    }
}

/// Every part with its length in front, so that no two subjects give the same text.
fn joined<const N: usize>(parts: [&str; N]) -> String {
    parts.map(|part| format!("{}:{part}", part.len())).join("/")
}

fn connection(subject: &Subject, provider: &str) -> Map<String, Value> {
    Map::from_iter([
        ("tenant".to_owned(), json!(subject.tenant)),
        ("user".to_owned(), json!(subject.user)),
        ("provider".to_owned(), json!(provider)),
    ])
}

fn of_booking(booking: &BookingId, user: &str, provider: &str) -> Map<String, Value> {
    let BookingId { tenant, kind, id } = booking;
    let mut data = connection(&Subject::new(tenant, user), provider);
    data.insert("kind".to_owned(), json!(kind.as_str()));
    data.insert("booking".to_owned(), json!(id));
    data
}

/// As a booking's body says it.
fn seen(span: &SeenSpan) -> Value {
    match span {
        SeenSpan::Timed { start, end, zone } => json!({
            "start": Timestamp::from_second(*start).ok(),
            "end": Timestamp::from_second(*end).ok(),
            "zone": zone,
        }),
        SeenSpan::AllDay {
            start_date,
            end_date,
        } => json!({"start_date": start_date, "end_date": end_date}),
    }
}
