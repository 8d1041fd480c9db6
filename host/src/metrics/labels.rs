//! The labels of the counters, and the closed sets of values that they take.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use std::fmt::{self, Write};

/// How a try to bring a booking to a calendar ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// The calendar shows what it should.
    InCalendar,
    /// The event is gone, as it should be.
    Removed,
    /// It is tried again.
    Retried,
    /// It waits until the user connects again.
    NeedsReconnect,
    /// It is set aside.
    Failed,
}

/// How a wish for a fresh access token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshResult {
    /// The provider gave one.
    Refreshed,
    /// Somebody else had got one meanwhile.
    Shared,
    /// There is none.
    Failed,
}

/// How a try to tell the platform something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookResult {
    /// The platform has taken it.
    Delivered,
    /// It is tried again.
    Retried,
    /// It is set aside.
    SetAside,
}

impl DeliveryOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::InCalendar => "in_calendar",
            Self::Removed => "removed",
            Self::Retried => "retried",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Failed => "failed",
        }
    }
}

impl RefreshResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Refreshed => "refreshed",
            Self::Shared => "shared",
            Self::Failed => "failed",
        }
    }
}

impl WebhookResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::SetAside => "set_aside",
        }
    }
}

impl EncodeLabelValue for DeliveryOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        encoder.write_str(self.as_str())
    }
}

impl EncodeLabelValue for RefreshResult {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        encoder.write_str(self.as_str())
    }
}

impl EncodeLabelValue for WebhookResult {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        encoder.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Delivery {
    pub(super) provider: String,
    pub(super) outcome: DeliveryOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Refresh {
    pub(super) provider: String,
    pub(super) result: RefreshResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Webhook {
    pub(super) result: WebhookResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Removal {
    pub(super) what: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Call {
    pub(super) export: &'static str,
    pub(super) result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) route: String,
    pub(super) status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Connections {
    pub(super) provider: String,
    pub(super) state: &'static str,
}
