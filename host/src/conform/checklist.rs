//! What was tried, and what came of it.

use crate::{plain, plugin::Artefact};
use serde::Serialize;

/// A plugin's words, in characters.
const SHOWN: usize = 300;

/// Why a check failed. The texts hold no secret, and steer no terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What was seen.
    pub reason: String,
    /// What to do, as a sentence.
    pub remedy: String,
}

impl Failure {
    pub(super) fn new(reason: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self {
            reason: plain::line(reason.as_ref(), SHOWN).into_owned(),
            remedy: remedy.into(),
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it belongs to, as a heading.
    pub area: String,
    /// What a conforming plugin does.
    pub what: String,
    /// Missing where it does.
    pub failure: Option<Failure>,
}

/// All that was tried, in order.
#[derive(Clone, Debug)]
pub struct Checklist {
    /// Of the component, in hexadecimal.
    pub sha256: String,
    /// Name and version, as it calls itself, once it has.
    pub name: Option<(String, String)>,
    /// Whether the component could not be tried any further.
    pub is_broken_off: bool,
    checks: Vec<Check>,
}

impl Checklist {
    pub(super) fn new(sha256: String) -> Self {
        Self {
            sha256,
            name: None,
            is_broken_off: false,
            checks: Vec::new(),
        }
    }

    pub(super) fn name(&mut self, artefact: &Artefact) {
        self.name = Some((artefact.name.clone(), artefact.version.clone()));
    }

    pub(super) fn break_off(&mut self) {
        self.is_broken_off = true;
    }

    pub(super) fn add(&mut self, area: &str, what: impl Into<String>, done: Result<(), Failure>) {
        self.checks.push(Check {
            area: area.to_owned(),
            what: what.into(),
            failure: done.err(),
        });
    }

    /// What was tried.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// How many checks have failed.
    pub fn failed(&self) -> usize {
        let failed = self.checks.iter().filter(|check| check.failure.is_some());
        failed.count()
    }
}
