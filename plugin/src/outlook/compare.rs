//! How Outlook's copy of an event differs from what was pushed. Looks for it by our own
//! mark among the events of its calendar: by its id alone it may be found in the bin or
//! in another calendar, too. Never changes it, and passes nothing on but what differs
//! in time and title.

use super::draft::Draft;
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
    let draft = Draft::new(event)?;
    let found = match events::find(caller, &remote.calendar, &event.uid) {
        // The calendar is gone, and the event with it.
        Err(Error::Gone) => return Ok(Finding::Missing),
        found => found?,
    };
    // Brought back from the bin, it may have another id.
    let known = found.iter().find(|item| item.id() == remote.id);
    let Some(found) = known.or(found.first()) else {
        return Ok(Finding::Missing);
    };
    if found.revision() > event.revision {
        return Err(Error::Conflict);
    }
    let now = found.kept(&remote.calendar);
    let aspects = found.differs(&draft);
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
