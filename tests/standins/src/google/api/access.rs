//! Who calls, and whether the token's scopes reach that far.
//!
//! Each call's scopes are those of Google's discovery document of calendar v3; no call is open to others.

use http::HeaderMap;

use super::super::config::GoogleRole;
use super::super::oauth::{AUTH, Granted};
use super::super::state::{App, Calendar, State};
use super::error::ApiError;
use crate::pairs::authorization;

/// One call of the API and the scopes that allow it, each without its common beginning.
pub(super) struct Call {
    /// As Google names it: `calendar.v3.Events.Insert`.
    pub(super) name: &'static str,
    /// Scopes that reach every calendar of the user.
    all: &'static [&'static str],
    /// Scopes that reach calendars which the user owns.
    owned: &'static [&'static str],
    /// Scopes that show only when events are, not what they are.
    times: &'static [&'static str],
}

const WRITE: Call = Call {
    name: "",
    all: &["calendar", "calendar.events"],
    owned: &["calendar.events.owned"],
    times: &[],
};
const READ: Call = Call {
    name: "",
    all: &[
        "calendar",
        "calendar.readonly",
        "calendar.events",
        "calendar.events.readonly",
    ],
    owned: &["calendar.events.owned", "calendar.events.owned.readonly"],
    times: &["calendar.events.freebusy"],
};
const LIST: &[&str] = &[
    "calendar",
    "calendar.readonly",
    "calendar.calendarlist",
    "calendar.calendarlist.readonly",
];
const CALENDARS: &[&str] = &[
    "calendar",
    "calendar.readonly",
    "calendar.calendars",
    "calendar.calendars.readonly",
];
const FREE_BUSY: &[&str] = &[
    "calendar",
    "calendar.readonly",
    "calendar.freebusy",
    "calendar.events.freebusy",
];

pub(super) const INSERT: Call = Call {
    name: "calendar.v3.Events.Insert",
    ..WRITE
};
pub(super) const UPDATE: Call = Call {
    name: "calendar.v3.Events.Update",
    ..WRITE
};
pub(super) const PATCH: Call = Call {
    name: "calendar.v3.Events.Patch",
    ..WRITE
};
pub(super) const DELETE: Call = Call {
    name: "calendar.v3.Events.Delete",
    ..WRITE
};
pub(super) const GET: Call = Call {
    name: "calendar.v3.Events.Get",
    ..READ
};
pub(super) const EVENTS: Call = Call {
    name: "calendar.v3.Events.List",
    ..READ
};
pub(super) const CALENDAR_LIST: Call = plain("calendar.v3.CalendarList.List", LIST);
pub(super) const CALENDAR_LIST_ENTRY: Call = plain("calendar.v3.CalendarList.Get", LIST);
pub(super) const CALENDAR: Call = plain("calendar.v3.Calendars.Get", CALENDARS);
pub(super) const QUERY: Call = plain("calendar.v3.Freebusy.Query", FREE_BUSY);

const fn plain(name: &'static str, all: &'static [&'static str]) -> Call {
    Call {
        name,
        all,
        owned: &[],
        times: &[],
    }
}

/// How far the token reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    Owned,
    Times,
}

/// A caller whose token allows the call.
pub(super) struct Caller {
    pub(super) account: usize,
    reach: Vec<Reach>,
}

impl Caller {
    pub(super) fn check(
        app: &App,
        state: &State,
        headers: &HeaderMap,
        call: &Call,
    ) -> Result<Self, ApiError> {
        let token = authorization(headers, "Bearer").ok_or_else(ApiError::unauthenticated)?;
        let access = state
            .access
            .get(token)
            .filter(|access| access.expires > app.now());
        let access = access.ok_or_else(ApiError::unauthenticated)?;
        let holds = |scopes: &[&str]| {
            scopes
                .iter()
                .any(|scope| Granted::contains(&access.scopes, &format!("{AUTH}{scope}")))
        };
        let reaches = [
            (call.all, Reach::All),
            (call.owned, Reach::Owned),
            (call.times, Reach::Times),
        ];
        let reach: Vec<Reach> = reaches
            .into_iter()
            .filter(|(scopes, _)| holds(scopes))
            .map(|(_, reach)| reach)
            .collect();
        if reach.is_empty() {
            return Err(ApiError::scope(call.name));
        }
        Ok(Self {
            account: access.account,
            reach,
        })
    }

    /// How far the token reaches into one calendar.
    fn into(&self, calendar: &Calendar, call: &Call) -> Result<Reach, ApiError> {
        let usable = |reach: &&Reach| **reach != Reach::Owned || calendar.role == GoogleRole::Owner;
        self.reach
            .iter()
            .find(usable)
            .copied()
            .ok_or_else(|| ApiError::scope(call.name))
    }

    /// A calendar to read from.
    pub(super) fn calendar<'a>(
        &self,
        state: &'a State,
        id: &str,
        call: &Call,
    ) -> Result<(&'a Calendar, Reach), ApiError> {
        let account = state
            .accounts
            .get(self.account)
            .ok_or_else(ApiError::unauthenticated)?;
        let calendar = account
            .calendar_index(id)
            .and_then(|index| account.calendars.get(index));
        let calendar = calendar.ok_or_else(ApiError::not_found)?;
        Ok((calendar, self.into(calendar, call)?))
    }

    /// A calendar to write to.
    pub(super) fn writable<'a>(
        &self,
        state: &'a mut State,
        id: &str,
        call: &Call,
    ) -> Result<&'a mut Calendar, ApiError> {
        let account = state
            .accounts
            .get_mut(self.account)
            .ok_or_else(ApiError::unauthenticated)?;
        let index = account.calendar_index(id).ok_or_else(ApiError::not_found)?;
        let calendar = account
            .calendars
            .get_mut(index)
            .ok_or_else(ApiError::not_found)?;
        self.into(calendar, call)?;
        match calendar.role {
            GoogleRole::Owner | GoogleRole::Writer => Ok(calendar),
            GoogleRole::Reader => Err(ApiError::read_only()),
        }
    }
}
