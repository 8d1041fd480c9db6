//! What the page says about something that just happened: one sentence of ours, with the
//! one next step. Providers' own words never reach it.

use super::words::{Words, fill};
use crate::{
    account::{AccountError, Left},
    connect::{ACCOUNT_CHANGED, FlowError},
    plugin::{CallError, error_code},
};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    Connected,
    /// Another account has taken the connected one's place.
    Switched,
    /// The same, with some of our entries still in the old one's calendar.
    SwitchedLeft,
    /// The account stays that was connected.
    Stayed,
    /// Another account than the connected one, and nobody has been asked.
    AccountChanged,
    /// Disconnected, our entries left alone.
    Kept,
    /// Disconnected, our entries removed.
    Removed,
    /// Disconnected, some of our entries not removed.
    Left,
    /// Disconnecting, our entries still being removed.
    Leaving,
    Chosen,
    Trying,
    /// What the user changed is put back.
    Restoring,
    Parked,
    FeedEnded,
    Denied,
    NeedsScope,
    NeedsAdmin,
    NeedsReconnect,
    /// The app's own credentials are missing or refused.
    Unavailable,
    Retry,
    /// The user has connected too often in a short while.
    TooOften,
    Expired,
    Gone,
    NotConnected,
    Rejected,
    Failed,
}

impl Notice {
    /// By the word that stands in URLs: the contract's name of an error, or the page's own
    /// of a success.
    pub(super) fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "connected" => Self::Connected,
            "switched" => Self::Switched,
            "switched-left" => Self::SwitchedLeft,
            "stayed" => Self::Stayed,
            ACCOUNT_CHANGED => Self::AccountChanged,
            "kept" => Self::Kept,
            "removed" => Self::Removed,
            "left" => Self::Left,
            "leaving" => Self::Leaving,
            "chosen" => Self::Chosen,
            "trying" => Self::Trying,
            "restoring" => Self::Restoring,
            "parked" => Self::Parked,
            "feed-ended" => Self::FeedEnded,
            "denied" => Self::Denied,
            "needs-scope" => Self::NeedsScope,
            "needs-admin" => Self::NeedsAdmin,
            "needs-reconnect" => Self::NeedsReconnect,
            "not-configured" | "misconfigured" => Self::Unavailable,
            "retry" => Self::Retry,
            "too-often" => Self::TooOften,
            "expired" => Self::Expired,
            "gone" => Self::Gone,
            "not-connected" => Self::NotConnected,
            "rejected" => Self::Rejected,
            "invalid" | "conflict" | "other" | "internal" | "unknown-provider" => Self::Failed,
            _ => return None,
        })
    }

    /// Whether it is what the user wanted.
    pub(super) fn is_good(self) -> bool {
        match self {
            Self::Connected
            | Self::Switched
            | Self::Stayed
            | Self::Kept
            | Self::Removed
            | Self::Leaving
            | Self::Chosen
            | Self::Trying
            | Self::Restoring
            | Self::FeedEnded => true,
            Self::Left
            | Self::SwitchedLeft
            | Self::AccountChanged
            | Self::Parked
            | Self::Denied
            | Self::NeedsScope
            | Self::NeedsAdmin
            | Self::NeedsReconnect
            | Self::Unavailable
            | Self::Retry
            | Self::TooOften
            | Self::Expired
            | Self::Gone
            | Self::NotConnected
            | Self::Rejected
            | Self::Failed => false,
        }
    }

    /// Whether it tells of the end of a grant.
    pub(super) fn ends_grant(self) -> bool {
        match self {
            Self::Kept
            | Self::Removed
            | Self::Left
            | Self::Switched
            | Self::SwitchedLeft
            | Self::Stayed => true,
            // Who took the grant back now would keep our entries.
            Self::Leaving
            | Self::Restoring
            | Self::Connected
            | Self::AccountChanged
            | Self::Chosen
            | Self::Trying
            | Self::Parked
            | Self::FeedEnded
            | Self::Denied
            | Self::NeedsScope
            | Self::NeedsAdmin
            | Self::NeedsReconnect
            | Self::Unavailable
            | Self::Retry
            | Self::TooOften
            | Self::Expired
            | Self::Gone
            | Self::NotConnected
            | Self::Rejected
            | Self::Failed => false,
        }
    }

    /// How it looks. What the user decided is no fault, and one step more is none either.
    pub(super) fn style(self) -> &'static str {
        if matches!(self, Self::Denied | Self::Parked) {
            "plain"
        } else if self.is_good() {
            "good"
        } else {
            "bad"
        }
    }

    /// The sentence. `calendar` is where bookings go now.
    pub(super) fn sentence(self, words: &Words, provider: &str, calendar: &str) -> String {
        let text = match self {
            Self::Connected => words.said_connected,
            Self::Switched => words.said_switched,
            Self::SwitchedLeft => words.said_switched_left,
            Self::Stayed => words.said_stayed,
            Self::AccountChanged => words.said_account_changed,
            Self::Kept => words.said_kept,
            Self::Removed => words.said_removed,
            Self::Left => words.said_left,
            Self::Leaving => words.said_leaving,
            Self::Chosen => return fill(words.said_chosen, "calendar", calendar),
            Self::Trying => words.said_trying,
            Self::Restoring => words.said_restoring,
            Self::Parked => words.said_parked,
            Self::FeedEnded => words.said_feed_ended,
            Self::Denied => words.said_denied,
            Self::NeedsScope => words.said_needs_scope,
            Self::NeedsAdmin => words.said_needs_admin,
            Self::NeedsReconnect => words.said_needs_reconnect,
            Self::Unavailable => words.said_unavailable,
            Self::Retry => words.said_retry,
            Self::TooOften => words.said_too_often,
            Self::Expired => words.said_expired,
            Self::Gone => words.said_gone,
            Self::NotConnected => words.said_not_connected,
            Self::Rejected => words.said_rejected,
            Self::Failed => words.said_failed,
        };
        fill(text, "provider", provider)
    }
}

/// The word for a failed flow.
pub(super) fn of_flow(error: &FlowError) -> &'static str {
    tracing::warn!(%error, "the page could not connect");
    error.code()
}

/// The word for something that could not be done with an account.
pub(super) fn of_account(error: &AccountError) -> &'static str {
    tracing::warn!(%error, "the page could not do what was asked of an account");
    match error {
        AccountError::UnknownProvider => "unknown-provider",
        AccountError::NotConnected => "not-connected",
        AccountError::UnknownCalendar => "gone",
        AccountError::Call(CallError::Plugin(error)) => error_code(error),
        AccountError::Call(CallError::TimedOut) => "retry",
        AccountError::Call(
            CallError::Trapped(_) | CallError::OutOfMemory | CallError::Improper(_),
        )
        | AccountError::Booking(_)
        | AccountError::Vault(_) => "internal",
    }
}

/// The word for the end of a connection.
pub(super) fn of_left(left: Left, also_events: bool) -> &'static str {
    match (also_events, left.left) {
        _ if left.leaving > 0 => "leaving",
        (false, _) => "kept",
        (true, 0) => "removed",
        (true, _) => "left",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::types::{Error, InvalidField, RetryAdvice, RetryCause};

    #[test]
    fn every_error_of_the_contract_has_a_sentence() {
        let text = String::new;
        for error in [
            Error::Invalid(InvalidField {
                field: text(),
                problem: text(),
                remedy: text(),
            }),
            Error::NotConfigured(vec![]),
            Error::Misconfigured(text()),
            Error::NotConnected,
            Error::NeedsReconnect(text()),
            Error::NeedsScope(vec![]),
            Error::NeedsAdmin(text()),
            Error::Denied,
            Error::Retry(RetryAdvice {
                cause: RetryCause::NoReply,
                after: None,
            }),
            Error::Conflict,
            Error::Gone,
            Error::Rejected(text()),
            Error::Other(None),
        ] {
            let code = of_account(&AccountError::Call(error.into()));
            assert!(
                Notice::parse(code).is_some_and(|notice| !notice.is_good()),
                "{code}"
            );
        }
        for error in [
            FlowError::UnknownProvider,
            FlowError::UnknownState,
            FlowError::UnknownHandle,
            FlowError::RefusedUrl(""),
            FlowError::NoGrant,
            FlowError::TooOften(1),
            FlowError::Call(CallError::TimedOut),
            FlowError::Call(CallError::OutOfMemory),
        ] {
            assert!(Notice::parse(of_flow(&error)).is_some(), "{error}");
        }
    }
}
