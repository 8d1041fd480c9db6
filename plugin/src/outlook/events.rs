//! Pushing and removing (Graph, `event` resource): one remote event for each uid.
//! What a lost reply left behind is found by our own property; a transaction id made
//! from the uid keeps a repeated create from making a second one. A host's etag is not
//! trusted alone: Graph does not say that it compares etags of events, so that each
//! update reads first.

use serde_json::Value;

use super::draft::{Draft, REVISION, SERIES, UID};
use super::graph::Refusal;
use super::item::{Item, SELECT};
use super::{PRIMARY, calendars, graph};
use crate::bindings::calport::calendar::types::{Error, Status};
use crate::bindings::exports::calport::calendar::calendar::RemoteEvent;
use crate::event::CheckedEvent;
use crate::http::{Method, Request};
use crate::json::Fields as _;
use crate::oauth::session::Caller;
use crate::remote::{self, MOST_ATTEMPTS, is_unsure};
use crate::{fault, time};

/// Transaction ids that are tried for one uid and calendar: one more each time that
/// the event was deleted and is wanted again.
const GENERATIONS: u32 = 32;

pub(crate) fn push(
    caller: &mut dyn Caller,
    calendar: Option<&str>,
    event: &CheckedEvent,
    known: Option<&RemoteEvent>,
) -> Result<Option<RemoteEvent>, Error> {
    let calendar = calendar.unwrap_or(PRIMARY);
    // Before anything is touched: not every rule can be shown.
    let draft = match event.status {
        Status::Cancelled => None,
        Status::Confirmed | Status::Tentative => Some(Draft::new(event)?),
    };
    let mut known = known;
    if let Some(elsewhere) = known
        && !calendars::is_same(caller, &elsewhere.calendar, calendar)?
    {
        leave(caller, elsewhere, event)?;
        known = None;
    }
    let known = known.map(|known| known.id.as_str());
    let Some(draft) = draft else {
        take_down(caller, calendar, event, known)?;
        return Ok(None);
    };
    for _ in 0..MOST_ATTEMPTS {
        let mut found = locate(caller, calendar, &event.uid, known)?;
        // More than one can only be what two callers made at the same instant.
        while found.len() > 1 {
            if let Some(extra) = found.pop() {
                delete(caller, &extra)?;
            }
        }
        let item = match found.pop() {
            Some(item) => item,
            None => create(caller, calendar, &draft)?,
        };
        if let Some(remote) = settle(caller, calendar, &draft, item)? {
            return Ok(Some(remote));
        }
    }
    Err(fault::unavailable())
}

/// Deletes. One that is gone already is what was wanted.
pub(crate) fn remove(caller: &mut dyn Caller, remote: &RemoteEvent) -> Result<(), Error> {
    let url = graph::event(caller, &remote.id, &[])?;
    graph::delete(caller, graph::request(Method::Delete, url)).map_err(Refusal::into_error)
}

/// Removes from a calendar that bookings no longer go to. One that the user may no
/// longer write to must not keep bookings from the new one for ever.
fn leave(caller: &mut dyn Caller, remote: &RemoteEvent, event: &CheckedEvent) -> Result<(), Error> {
    match take_down(caller, &remote.calendar, event, Some(&remote.id)) {
        Ok(()) | Err(Error::Rejected(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the event, or finds the one that an earlier attempt has made.
fn create(caller: &mut dyn Caller, calendar: &str, draft: &Draft<'_>) -> Result<Item, Error> {
    for generation in 0..GENERATIONS {
        let body = draft.create(calendar, generation);
        let url = graph::events(caller, calendar, &[])?;
        match graph::call(caller, graph::request(Method::Post, url).json(&body)) {
            Ok(response) => return Item::made(response.json()?, &body),
            // Made before. Either it is there, or it was deleted since and Graph
            // remembers no more than that the id is taken.
            Err(Refusal::Duplicate) => {
                if let Some(item) = find(caller, calendar, &draft.event.uid)?.pop() {
                    return Ok(item);
                }
            }
            // It may have taken effect all the same. Looking now spares the user a
            // calendar without the booking until the next attempt.
            Err(Refusal::Fault(error)) if is_unsure(&error) => {
                return match find(caller, calendar, &draft.event.uid) {
                    Ok(mut found) => found.pop().ok_or(error),
                    Err(_) => Err(error),
                };
            }
            Err(
                refusal @ (Refusal::NotFound
                | Refusal::Deleted
                | Refusal::Changed
                | Refusal::Forbidden(_)
                | Refusal::Fault(_)),
            ) => return Err(refusal.into_error()),
        }
    }
    Err(Error::Rejected(
        "Outlook takes none of this event's transaction ids any more.".to_owned(),
    ))
}

/// Brings an event to what the draft says. `None`: it has changed or gone meanwhile,
/// or had to be deleted because its series cannot be changed.
fn settle(
    caller: &mut dyn Caller,
    calendar: &str,
    draft: &Draft<'_>,
    item: Item,
) -> Result<Option<RemoteEvent>, Error> {
    if item.revision() > draft.event.revision {
        return Err(Error::Conflict);
    }
    if !item.is_same_series(draft) {
        delete(caller, &item)?;
        return Ok(None);
    }
    if item.is_pending() {
        exclude(caller, item.id(), draft)?;
    } else if item.shows(draft) {
        return Ok(Some(item.kept(calendar)));
    }
    // Deleting occurrences makes a new version of the series, whose etag is not known.
    let etag = item.etag().filter(|_| !item.is_pending());
    let url = graph::event(caller, item.id(), &[])?;
    let request = when_unchanged(
        graph::request(Method::Patch, url).json(&draft.update()),
        etag,
    );
    match graph::call(caller, request) {
        Ok(response) => {
            let changed = Item::read(response.json()?)?;
            if changed.id() != item.id() {
                return Err(fault::unavailable());
            }
            Ok(Some(changed.kept(calendar)))
        }
        Err(Refusal::Changed | Refusal::NotFound | Refusal::Deleted) => Ok(None),
        Err(refusal @ (Refusal::Duplicate | Refusal::Forbidden(_) | Refusal::Fault(_))) => {
            Err(refusal.into_error())
        }
    }
}

/// Deletes the occurrences that do not take place, as far as they are there.
fn exclude(caller: &mut dyn Caller, id: &str, draft: &Draft<'_>) -> Result<(), Error> {
    let (Some(first), Some(last)) = (draft.excluded.first(), draft.excluded.last()) else {
        return Ok(());
    };
    let (from, to) = (time::rfc3339(*first), time::rfc3339(last + 1));
    let query = [
        ("startDateTime", from.as_str()),
        ("endDateTime", &to),
        ("$select", "id,start,originalStart"),
        ("$top", "500"),
    ];
    let url = graph::url(
        caller,
        &format!(
            "/me/events/{}/instances",
            crate::oauth::segment("remote.id", id)?
        ),
        &query,
    )?;
    let mut unwanted: Vec<String> = Vec::new();
    let mut take = |instance: &Value| {
        let original = instance
            .at("originalStart")
            .as_str()
            .and_then(time::parse_rfc3339);
        let start = original.or_else(|| super::busy::instant(instance.at("start")));
        if start.is_some_and(|start| draft.excluded.binary_search(&start).is_ok()) {
            unwanted.push(crate::json::required(instance.at("id"))?.to_owned());
        }
        Ok(())
    };
    graph::pages(caller, url, &mut take).map_err(Refusal::into_error)?;
    for id in unwanted {
        let url = graph::event(caller, &id, &[])?;
        graph::delete(caller, graph::request(Method::Delete, url)).map_err(Refusal::into_error)?;
    }
    Ok(())
}

/// Deletes the events of a cancelled booking, wherever they are.
fn take_down(
    caller: &mut dyn Caller,
    calendar: &str,
    event: &CheckedEvent,
    known: Option<&str>,
) -> Result<(), Error> {
    for _ in 0..MOST_ATTEMPTS {
        let found = match locate(caller, calendar, &event.uid, known) {
            // The calendar is gone, and the event with it.
            Err(Error::Gone) => return Ok(()),
            found => found?,
        };
        if found.iter().any(|item| item.revision() > event.revision) {
            return Err(Error::Conflict);
        }
        let mut is_done = true;
        for item in &found {
            is_done &= delete(caller, item)?;
        }
        if is_done {
            return Ok(());
        }
    }
    Err(fault::unavailable())
}

/// Answers whether it is gone now; not, when it has changed since it was read.
fn delete(caller: &mut dyn Caller, item: &Item) -> Result<bool, Error> {
    let url = graph::event(caller, item.id(), &[])?;
    let request = when_unchanged(graph::request(Method::Delete, url), item.etag());
    match graph::delete(caller, request) {
        Ok(()) => Ok(true),
        Err(Refusal::Changed) => Ok(false),
        Err(
            refusal @ (Refusal::NotFound
            | Refusal::Deleted
            | Refusal::Duplicate
            | Refusal::Forbidden(_)
            | Refusal::Fault(_)),
        ) => Err(refusal.into_error()),
    }
}

/// The event that the host knows; if that is none of ours any more, whatever has the
/// uid.
fn locate(
    caller: &mut dyn Caller,
    calendar: &str,
    uid: &str,
    known: Option<&str>,
) -> Result<Vec<Item>, Error> {
    if let Some(id) = known {
        let expand = expand();
        let url = graph::event(caller, id, &[("$select", SELECT), ("$expand", &expand)])?;
        match graph::call(caller, graph::request(Method::Get, url)) {
            Ok(response) => {
                let item = Item::read(response.json()?)?;
                if !item.is_of_another(uid) {
                    return Ok(vec![item]);
                }
            }
            Err(Refusal::NotFound | Refusal::Deleted) => {}
            Err(
                refusal @ (Refusal::Duplicate
                | Refusal::Changed
                | Refusal::Forbidden(_)
                | Refusal::Fault(_)),
            ) => {
                return Err(refusal.into_error());
            }
        }
    }
    find(caller, calendar, uid)
}

/// All events of a calendar that carry the uid, the newest revision first.
pub(super) fn find(caller: &mut dyn Caller, calendar: &str, uid: &str) -> Result<Vec<Item>, Error> {
    let quoted = uid.replace('\'', "''");
    let filter = format!(
        "singleValueExtendedProperties/any(ep: ep/id eq '{UID}' and ep/value eq '{quoted}')"
    );
    let expand = expand();
    let query = [
        ("$filter", filter.as_str()),
        ("$select", SELECT),
        ("$expand", &expand),
        ("$top", "10"),
    ];
    let url = graph::events(caller, calendar, &query)?;
    let mut found: Vec<Item> = Vec::new();
    let mut take = |item: &Value| {
        let item = Item::read(item.clone())?;
        if !item.is_of_another(uid) {
            let place = found
                .iter()
                .position(|other| other.revision() < item.revision());
            found.insert(place.unwrap_or(found.len()), item);
        }
        Ok(())
    };
    graph::pages(caller, url, &mut take).map_err(Refusal::into_error)?;
    Ok(found)
}

fn expand() -> String {
    format!(
        "singleValueExtendedProperties($filter=id eq '{UID}' or id eq '{REVISION}' or id eq '{SERIES}')"
    )
}

fn when_unchanged(request: Request, etag: Option<String>) -> Request {
    match remote::etag(etag.as_deref()) {
        Some(etag) => request.header("if-match", etag),
        None => request,
    }
}
