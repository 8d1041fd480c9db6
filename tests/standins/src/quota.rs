//! How many requests an account may make in any window of time.
//!
//! It slides, so that no burst at a window's edge slips through; refused requests do not count.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use crate::fault::ErrorBody;
use crate::gate::Mailbox;
use crate::server::locked;

/// So many requests of an account in any window of this length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    pub(crate) requests: usize,
    pub(crate) window: Duration,
}

/// How a provider says that it was too many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: &'static str,
    /// Whether it says when to come back.
    pub(crate) says_when: bool,
}

pub(crate) struct Quota {
    account: Mailbox,
    allowance: Allowance,
    refusal: Refusal,
    seen: Mutex<HashMap<usize, VecDeque<Instant>>>,
}

impl Quota {
    pub(crate) fn new(account: Mailbox, allowance: Allowance, refusal: Refusal) -> Self {
        Self {
            account,
            allowance,
            refusal,
            seen: Mutex::default(),
        }
    }

    /// Counts a request; where there are too many, how long until there is room.
    pub(crate) fn enter(&self, headers: &HeaderMap) -> Result<(), Duration> {
        let Some(account) = (self.account)(headers) else {
            return Ok(());
        };
        let now = Instant::now();
        let mut all = locked(&self.seen);
        let seen = all.entry(account).or_default();
        while let Some(oldest) = seen.front() {
            let age = now.duration_since(*oldest);
            if age < self.allowance.window {
                break;
            }
            seen.pop_front();
        }
        if seen.len() < self.allowance.requests {
            seen.push_back(now);
            return Ok(());
        }
        let oldest = seen.front().map(|oldest| now.duration_since(*oldest));
        Err(self
            .allowance
            .window
            .saturating_sub(oldest.unwrap_or_default()))
    }

    pub(crate) fn status(&self) -> u16 {
        self.refusal.status
    }

    pub(crate) fn refuse(&self, path: &str, wait: Duration, error_body: ErrorBody) -> Response {
        let Refusal {
            status,
            reason,
            message,
            says_when,
        } = self.refusal;
        let mut reply = error_body(path, status, reason, message);
        if says_when {
            let seconds = HeaderValue::from(wait.as_secs() + 1);
            reply.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        reply
    }
}
