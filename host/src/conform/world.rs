//! Whether a component fits the contract's world: it imports nothing but what a plugin gets,
//! and exports all that a host calls.

use super::{
    Checklist, Failure,
    trial::{Trial, ended},
};
use crate::plugin::{Examination, LoadError, Misfit, types::Error};

const AREA: &str = "The contract";

/// An id that no plugin has.
const UNKNOWN: &str = "conform-unknown";

pub(super) fn check(examination: &Examination, misfits: &[Misfit], list: &mut Checklist) {
    let forbidden = match examination.forbidden.as_slice() {
        [] => Ok(()),
        forbidden => Err(Failure::new(
            format!("it imports {}", forbidden.join(", ")),
            "Leave out what needs it. A plugin reaches the outside through wasi:http and the \
             contract's own imports alone; there are no files and no sockets.",
        )),
    };
    list.add(AREA, "imports nothing but what a plugin gets", forbidden);
    let what = "exports every function of calport:calendar@0.1.0 with its types";
    if misfits.is_empty() {
        list.add(AREA, what, Ok(()));
    }
    for misfit in misfits {
        let remedy = "Build it against the contract in this project's wit folder, world `plugin`.";
        list.add(AREA, what, Err(Failure::new(misfit.to_string(), remedy)));
    }
    // Said above already, if there is anything to say.
    if let (true, [], Err(LoadError::Mismatch(why))) = (
        examination.forbidden.is_empty(),
        misfits,
        &examination.plugin,
    ) {
        let remedy = "Build it against the contract in this project's wit folder, and against \
                      WASI 0.2.";
        let failure = Failure::new(why, remedy);
        list.add(
            AREA,
            "imports what it does with the right types",
            Err(failure),
        );
    }
}

/// Of a provider that is not described.
pub(super) async fn check_unknown_provider(trial: &Trial, list: &mut Checklist) {
    let answer = trial.bare.availability(UNKNOWN).await;
    let remedy = "Answer `invalid` for a provider that `describe` does not name.";
    let done = ended(&answer, |error| matches!(error, Error::Invalid(_)), remedy);
    let what = "one that it does not describe is `invalid`";
    list.add("Other providers", what, done.and(trial.silent()));
}
