//! How Google's copy of an event differs from what was pushed. Never changes it, and
//! passes nothing on but what differs in time and title.

use super::events;
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::calendar::RemoteEvent;
use crate::bindings::exports::calport::calendar::changes::{Aspects, Difference, Finding};
use crate::event::CheckedEvent;
use crate::fault;
use crate::oauth::session::Caller;

pub(crate) fn compare(
    caller: &mut dyn Caller,
    event: &CheckedEvent,
    remote: &RemoteEvent,
) -> Result<Finding, Error> {
    // Moved to another calendar, it is cancelled in this one.
    let Some(found) = events::read(caller, &remote.calendar, &remote.id)?
        .filter(|found| !found.is_cancelled() && !found.is_of_another(&event.uid))
    else {
        return Ok(Finding::Missing);
    };
    if found.revision() > event.revision {
        return Err(Error::Conflict);
    }
    let now = events::kept(&found, &remote.calendar, found.revision());
    let aspects = found.differs(event);
    if aspects.is_empty() {
        return Ok(Finding::Same(now));
    }
    Ok(Finding::Different(Difference {
        aspects,
        when: aspects
            .contains(Aspects::WHEN)
            .then(|| found.span(&event.when))
            .flatten(),
        title: aspects
            .contains(Aspects::TITLE)
            .then(|| fault::label(found.title(), "")),
        remote: now,
    }))
}
