//! Says to an operator what a component wants, what has changed, and how it is accepted.

use super::Granted;
use crate::{plain, plugin::Artefact};
use std::{borrow::Cow, fmt};

/// Names of hosts and scopes, in characters.
const WISH: usize = 200;

/// A component that was not granted what it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    artefact: Artefact,
    known: Option<Granted>,
}

impl Refusal {
    pub(super) fn new(artefact: Artefact, known: Option<Granted>) -> Self {
        Self { artefact, known }
    }
}

/// A component's own words for a terminal.
fn shown(text: &str) -> Cow<'_, str> {
    plain::line(text, WISH)
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Artefact {
            name,
            version,
            sha256,
            wishes,
            ..
        } = &self.artefact;
        match &self.known {
            None => {
                writeln!(
                    f,
                    "the plugin {} {} was not granted yet",
                    shown(name),
                    shown(version)
                )?;
                writeln!(f, "  SHA-256 {sha256}")?;
                for (kind, wishes) in wishes.kinds() {
                    for wish in wishes {
                        writeln!(f, "  {kind} {}", shown(wish))?;
                    }
                }
            }
            Some(known) => {
                writeln!(
                    f,
                    "the plugin {} has changed since it was granted",
                    shown(name)
                )?;
                writeln!(
                    f,
                    "  then {} SHA-256 {}",
                    shown(&known.version),
                    known.sha256
                )?;
                writeln!(f, "  now  {} SHA-256 {sha256}", shown(version))?;
                let changes = wishes.changes(&known.wishes);
                if changes.is_empty() {
                    writeln!(f, "  it wants the same as before")?;
                }
                for (sign, kind, wish) in changes {
                    writeln!(f, "  {sign} {kind} {}", shown(&wish))?;
                }
            }
        }
        write!(
            f,
            "Look at it with `calport inspect FILE`. To accept it: `calport plugin grant FILE`, or \
             CALPORT_PLUGIN_SHA256={sha256}"
        )
    }
}
