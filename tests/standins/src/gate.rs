//! How many requests a mailbox serves at a time.
//!
//! Latency, stalls and faults count, as they do for a provider; what has been answered does not.

use std::collections::HashMap;
use std::sync::Mutex;

use http::HeaderMap;

use crate::server::locked;

/// Tells whose mailbox a request is for, if it is for one.
pub(crate) type Mailbox = Box<dyn Fn(&HeaderMap) -> Option<usize> + Send + Sync>;

pub(crate) struct Gate {
    mailbox: Mailbox,
    limit: usize,
    busy: Mutex<HashMap<usize, usize>>,
}

impl Gate {
    pub(crate) fn new(limit: usize, mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            limit,
            busy: Mutex::default(),
        }
    }

    /// Counts a request until the permit is dropped; `None` when there are too many.
    pub(crate) fn enter(&self, headers: &HeaderMap) -> Option<Permit<'_>> {
        let Some(mailbox) = (self.mailbox)(headers) else {
            return Some(Permit {
                gate: self,
                mailbox: None,
            });
        };
        let mut busy = locked(&self.busy);
        let count = busy.entry(mailbox).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Permit {
            gate: self,
            mailbox: Some(mailbox),
        })
    }
}

pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    mailbox: Option<usize>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let Some(mailbox) = self.mailbox else { return };
        if let Some(count) = locked(&self.gate.busy).get_mut(&mailbox) {
            *count -= 1;
        }
    }
}
