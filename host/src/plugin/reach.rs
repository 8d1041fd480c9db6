//! Where the calls of a plugin may send requests, and what they wanted to send where they may
//! not.

use crate::plain;
use http::Uri;
use std::sync::{Arc, Mutex, PoisonError};

/// A URL's characters, for people.
const SHOWN: usize = 200;

/// Requests that are noted: whoever looks wants to know where to, and not how often.
const MOST: usize = 100;

/// Where requests go.
#[derive(Clone, Debug, Default)]
pub enum Reach {
    /// To the endpoints of the description, or where operators have moved them.
    #[default]
    Endpoints,
    /// Nowhere. A request is noted, and fails as one does where nobody listens.
    Nowhere(Attempts),
}

/// Requests that were not sent: method and URL, without the query, which may hold anything.
/// Clones note into the same list.
#[derive(Clone, Debug, Default)]
pub struct Attempts(Arc<Mutex<Vec<Attempt>>>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Scheme, authority and path as the plugin wrote them.
    pub url: String,
}

impl Attempts {
    pub(super) fn note(&self, uri: &Uri) {
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= MOST {
            return;
        }
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().map(|authority| authority.as_str());
        let url = format!("{scheme}://{}{}", authority.unwrap_or_default(), uri.path());
        attempts.push(Attempt {
            url: plain::line(&url, SHOWN).into_owned(),
        });
    }

    /// What was noted since the last time, in order.
    pub fn take(&self) -> Vec<Attempt> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wanted_is_noted_once_for_all_clones_and_without_its_query() {
        let attempts = Attempts::default();
        let uri = "https://api.acme.example:8443/v1/events?token=canary";
        attempts.clone().note(&uri.parse().unwrap());
        let noted = attempts.take();
        assert_eq!(noted[0].url, "https://api.acme.example:8443/v1/events");
        assert_eq!(attempts.take(), []);
        for _ in 0..2 * MOST {
            attempts.note(&uri.parse().unwrap());
        }
        assert_eq!(attempts.take().len(), MOST);
    }
}
