//! Sealing under attack: what leaves, what comes back, and what a guest ever gets.

mod border;
mod built_in;
mod echoes;
mod forms;
mod headers;
mod hooks;
mod providers;
mod replies;
mod tokens;

use super::{
    Kind, Policy, Sealing, Seals,
    samples::{ACCESS, CODE, REFRESH, SECRET, VERIFIER, info, scopes, settings},
    table::Table,
};
use crate::config::Environment;
use std::sync::{Arc, Mutex, PoisonError};

/// All that guests of one plugin were given.
#[derive(Default)]
pub(in crate::plugin) struct Tap(Mutex<Vec<u8>>);

impl Tap {
    pub(in crate::plugin) fn record(&self, given: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(given);
    }

    fn recorded(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

const CANARY: &str = "CANARY";

/// The placeholders of a call that was given everything.
struct Given {
    table: Table,
    secret: String,
    access: String,
    refresh: String,
    code: String,
    verifier: String,
    other: String,
}

fn given() -> Given {
    let table = Table::default();
    let seal = |kind, value: &str| table.seal(kind, value.into()).unwrap();
    Given {
        secret: seal(Kind::ClientSecret, SECRET),
        access: seal(Kind::AccessToken, ACCESS),
        refresh: seal(Kind::RefreshToken, REFRESH),
        code: seal(Kind::Code, CODE),
        verifier: seal(Kind::Verifier, VERIFIER),
        other: seal(Kind::Other, "CANARY-id-token-or-the-like"),
        table,
    }
}

/// The seals of a call to `own`.
fn seals(settings: &Environment) -> Seals {
    let policy = Policy::new(Sealing::On, &info(), settings).unwrap();
    Seals::new(Arc::new(policy), Some("own"))
}
