//! What a user does in Google Calendar itself.
//!
//! It never goes through the API: no token is needed, and no fault strikes.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::Google;
use super::api;
use super::event::{Event, Status};
use super::state::Calendar;

impl Google {
    /// The user changes an event, or brings it back from the bin with `{"status": "confirmed"}`. `patch`: fields
    /// of the `Event` resource as `events.patch` takes them. Whether there was such an event and it can be so.
    pub fn edit_event(&self, account: &str, calendar: &str, id: &str, patch: &Value) -> bool {
        self.by_hand(account, |calendars, now, number| {
            let calendar = calendars.iter_mut().find(|one| one.is_named(calendar))?;
            let event = calendar.events.get(id)?;
            let event = api::edited(event, patch.as_object()?, calendar.zone)?;
            calendar.events.insert(
                id.to_owned(),
                Event {
                    updated: now,
                    change: number,
                    ..event
                },
            );
            Some(())
        })
    }

    /// The user moves an event to another calendar: it keeps its id, and is cancelled in the old one. Whether
    /// there was such an event and calendar.
    pub fn move_event(&self, account: &str, calendar: &str, id: &str, to: &str) -> bool {
        self.by_hand(account, |calendars, now, number| {
            let target = calendars.iter().position(|one| one.is_named(to))?;
            let source = calendars.iter_mut().find(|one| one.is_named(calendar))?;
            let event = source.events.get_mut(id)?;
            event.updated = now;
            event.change = number;
            let moved = event.clone();
            event.status = Status::Cancelled;
            let target = calendars.get_mut(target)?;
            target.events.insert(id.to_owned(), moved);
            Some(())
        })
    }

    fn by_hand(
        &self,
        account: &str,
        change: impl FnOnce(&mut [Calendar], DateTime<Utc>, u64) -> Option<()>,
    ) -> bool {
        let now = self.app.shell.clock.tick();
        let mut guard = self.app.state();
        let state = &mut *guard;
        let number = state.changes + 1;
        let found = state
            .find_account(account)
            .and_then(|index| state.accounts.get_mut(index));
        let done =
            found.is_some_and(|account| change(&mut account.calendars, now, number).is_some());
        state.changes += u64::from(done);
        done
    }
}

/// What is left of a deleted event where changes are told: Google promises no more than the id.
pub(super) fn remains(event: Value) -> Value {
    match event {
        Value::Object(fields) => {
            let told = |name: &str| matches!(name, "kind" | "etag" | "id" | "status");
            let kept: Map<String, Value> =
                fields.into_iter().filter(|(name, _)| told(name)).collect();
            kept.into()
        }
        other => other,
    }
}
