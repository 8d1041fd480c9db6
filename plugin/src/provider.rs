//! The contract's calls, each handed to the provider that it names. Checks what all
//! providers need checked; knows nothing of any of them.

use crate::bindings::calport::calendar::types::{Error, Event, Range, Status};
use crate::bindings::exports::calport::calendar::calendar::{
    Account, Authorization, CalendarEntry, Callback, ConnectRequest, PluginInfo, ProviderInfo,
    ProviderKind, RemoteEvent,
};
use crate::bindings::exports::calport::calendar::changes::{ChangePage, Finding};
use crate::cursor::Cursor;
use crate::event::CheckedEvent;
use crate::fault;
use crate::google;
use crate::oauth::Profile;
use crate::oauth::connect;
use crate::oauth::session::Session;
use crate::outlook;
use crate::outside::Outside;
use crate::time::{DAY, FIRST_INSTANT, LAST_INSTANT};

/// calendar.wit, `busy`.
const LONGEST_RANGE: i64 = 92 * DAY;

/// More calendars than anybody has, fewer than an answer of 4 MiB holds.
const MOST_CALENDARS: usize = 250;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OAuthProvider {
    Google,
    Outlook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Provider {
    OAuth(OAuthProvider),
    /// Files and feeds.
    Apple,
}

impl OAuthProvider {
    fn profile(self) -> &'static Profile {
        match self {
            Self::Google => &google::PROFILE,
            Self::Outlook => &outlook::PROFILE,
        }
    }
}

fn find(id: &str) -> Result<Provider, Error> {
    match id {
        "google" => Ok(Provider::OAuth(OAuthProvider::Google)),
        "outlook" => Ok(Provider::OAuth(OAuthProvider::Outlook)),
        "apple" => Ok(Provider::Apple),
        _ => Err(fault::invalid(
            "provider",
            "is none of this plugin's",
            "send an id that describe names",
        )),
    }
}

/// A provider that accounts are connected of.
fn connected(id: &str) -> Result<OAuthProvider, Error> {
    match find(id)? {
        Provider::OAuth(provider) => Ok(provider),
        Provider::Apple => Err(fault::invalid(
            "provider",
            "takes files and feeds, so that nothing is connected",
            "use export-ics",
        )),
    }
}

pub(crate) fn describe() -> PluginInfo {
    PluginInfo {
        name: "calport".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        providers: vec![
            google::PROFILE.describe(),
            outlook::PROFILE.describe(),
            ProviderInfo {
                id: "apple".to_owned(),
                label: "Apple Calendar".to_owned(),
                kind: ProviderKind::File,
                credentials: Vec::new(),
                redirect_setting: None,
                endpoints: Vec::new(),
                scopes: Vec::new(),
                changes: false,
                revocation: None,
            },
        ],
    }
}

pub(crate) fn availability(world: &dyn Outside, provider: &str) -> Result<(), Error> {
    match find(provider)? {
        Provider::OAuth(provider) => provider.profile().app(world).map(|_| ()),
        Provider::Apple => Ok(()),
    }
}

pub(crate) fn begin_connect(
    world: &dyn Outside,
    provider: &str,
    request: &ConnectRequest,
) -> Result<Authorization, Error> {
    connected(provider)?.profile().authorization(world, request)
}

pub(crate) fn complete_callback(
    world: &dyn Outside,
    provider: &str,
    callback: &Callback,
) -> Result<Account, Error> {
    let provider = connected(provider)?;
    let identify = match provider {
        OAuthProvider::Google => google::identify,
        OAuthProvider::Outlook => outlook::identify,
    };
    connect::complete(world, provider.profile(), callback, identify)
}

pub(crate) fn disconnect(world: &dyn Outside, provider: &str, revoke: bool) -> Result<(), Error> {
    match connected(provider)? {
        OAuthProvider::Google => google::disconnect(world, revoke),
        OAuthProvider::Outlook => outlook::disconnect(world),
    }
}

pub(crate) fn list_calendars(
    world: &dyn Outside,
    provider: &str,
) -> Result<Vec<CalendarEntry>, Error> {
    let provider = connected(provider)?;
    let mut session = Session::open(world, provider.profile())?;
    match provider {
        OAuthProvider::Google => google::list(&mut session),
        OAuthProvider::Outlook => outlook::list(&mut session),
    }
}

pub(crate) fn push_event(
    world: &dyn Outside,
    provider: &str,
    calendar: Option<&str>,
    event: Event,
    known: Option<&RemoteEvent>,
) -> Result<Option<RemoteEvent>, Error> {
    let provider = connected(provider)?;
    let event = CheckedEvent::new(event).map_err(Error::Invalid)?;
    let mut session = Session::open(world, provider.profile())?;
    match provider {
        OAuthProvider::Google => google::push(&mut session, calendar, &event, known),
        OAuthProvider::Outlook => outlook::push(&mut session, calendar, &event, known),
    }
}

pub(crate) fn remove_event(
    world: &dyn Outside,
    provider: &str,
    remote: &RemoteEvent,
) -> Result<(), Error> {
    let provider = connected(provider)?;
    let mut session = Session::open(world, provider.profile())?;
    match provider {
        OAuthProvider::Google => google::remove(&mut session, remote),
        OAuthProvider::Outlook => outlook::remove(&mut session, remote),
    }
}

pub(crate) fn busy(
    world: &dyn Outside,
    provider: &str,
    calendars: &[String],
    range: Range,
) -> Result<Vec<Range>, Error> {
    let provider = connected(provider)?;
    check_range(range)?;
    if calendars.len() > MOST_CALENDARS {
        return Err(fault::invalid(
            "calendars",
            "holds more than 250 ids",
            "ask in several calls",
        ));
    }
    let mut once: Vec<String> = Vec::with_capacity(calendars.len());
    for id in calendars {
        if !once.contains(id) {
            once.push(id.clone());
        }
    }
    let mut session = Session::open(world, provider.profile())?;
    let found = match provider {
        OAuthProvider::Google => google::busy(&mut session, &once, range)?,
        OAuthProvider::Outlook => outlook::busy(&mut session, &once, range)?,
    };
    Ok(merged(found, range))
}

pub(crate) fn read_changes(
    world: &dyn Outside,
    provider: &str,
    calendar: Option<&str>,
    since: Option<&str>,
) -> Result<ChangePage, Error> {
    let provider = connected(provider)?;
    let since = since.map(Cursor::parse).transpose()?;
    let mut session = Session::open(world, provider.profile())?;
    match provider {
        OAuthProvider::Google => google::read_changes(&mut session, calendar, since),
        OAuthProvider::Outlook => outlook::read_changes(&mut session, calendar, since),
    }
}

pub(crate) fn compare(
    world: &dyn Outside,
    provider: &str,
    event: Event,
    remote: &RemoteEvent,
) -> Result<Finding, Error> {
    let provider = connected(provider)?;
    let event = CheckedEvent::new(event).map_err(Error::Invalid)?;
    if event.status == Status::Cancelled {
        return Err(fault::invalid(
            "event.status",
            "is cancelled, so that there is nothing to compare with",
            "compare only what was pushed and still stands",
        ));
    }
    let mut session = Session::open(world, provider.profile())?;
    match provider {
        OAuthProvider::Google => google::compare(&mut session, &event, remote),
        OAuthProvider::Outlook => outlook::compare(&mut session, &event, remote),
    }
}

fn check_range(range: Range) -> Result<(), Error> {
    let bounds = FIRST_INSTANT..=LAST_INSTANT;
    if !bounds.contains(&range.start) || !bounds.contains(&range.end) {
        return Err(fault::invalid(
            "range",
            "lies outside the years 1970 to 9999",
            "send seconds since 1970-01-01T00:00:00Z, not milliseconds",
        ));
    }
    if range.end <= range.start {
        return Err(fault::invalid(
            "range.end",
            "is not after the start",
            "send an end after the start",
        ));
    }
    if range.end - range.start > LONGEST_RANGE {
        return Err(fault::invalid(
            "range",
            "spans more than 92 days",
            "ask in several calls",
        ));
    }
    Ok(())
}

/// In order, without overlaps, gaps of nothing closed, cut to what was asked.
fn merged(mut found: Vec<Range>, range: Range) -> Vec<Range> {
    found.sort_unstable_by_key(|busy| (busy.start, busy.end));
    let mut out: Vec<Range> = Vec::with_capacity(found.len());
    for busy in found {
        let busy = Range {
            start: busy.start.max(range.start),
            end: busy.end.min(range.end),
        };
        if busy.end <= busy.start {
            continue;
        }
        match out.last_mut() {
            Some(last) if busy.start <= last.end => last.end = last.end.max(busy.end),
            Some(_) | None => out.push(busy),
        }
    }
    out
}

#[cfg(test)]
mod tests;
