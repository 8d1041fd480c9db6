//! What a user does in Outlook itself.
//!
//! It never goes through Graph: no token is needed, and no fault strikes.

use serde_json::Value;

use super::event::Event;
use super::state::{Account, Removed};
use super::{Outlook, calendar_number, graph, ids};

impl Outlook {
    /// The user changes an event. `patch`: fields of Graph's `event` as an update takes them, but no extended
    /// properties. Whether there was such an event and it can be so.
    pub fn edit_event(&self, account: &str, id: &str, patch: &Value) -> bool {
        let now = self.app.shell.clock.tick();
        self.by_hand(account, |account, change| {
            let (number, _) = ids::find_event(account, id)?;
            let event = account.events.get(&number)?;
            let event = graph::edited(event, patch.as_object()?)?;
            let event = Event {
                updated: now,
                change,
                ..event
            };
            account.events.insert(number, event);
            Some(())
        })
    }

    /// The user moves an event to another calendar, by its name or id. Whether there was such an event and
    /// calendar.
    pub fn move_event(&self, account: &str, id: &str, to: &str) -> bool {
        let now = self.app.shell.clock.tick();
        self.by_hand(account, |account, change| {
            let calendar = calendar_number(account, to)?;
            let (number, _) = ids::find_event(account, id)?;
            let event = account.events.get_mut(&number)?;
            account.removed.push(Removed {
                number,
                calendar: event.calendar,
                change,
            });
            event.calendar = calendar;
            event.updated = now;
            event.change = change;
            Some(())
        })
    }

    fn by_hand(&self, account: &str, act: impl FnOnce(&mut Account, u64) -> Option<()>) -> bool {
        let mut guard = self.app.state();
        let state = &mut *guard;
        let change = state.change();
        state
            .find_account(account)
            .and_then(|index| state.accounts.get_mut(index))
            .is_some_and(|account| act(account, change).is_some())
    }
}
