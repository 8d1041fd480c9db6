//! Pushing and removing (Calendar API, `events`): one remote event for each uid,
//! whatever was lost or repeated before. Ids are made from the uid, so that a repeat
//! finds what the first attempt left behind.

use url::Url;

use super::errors;
use super::item::{self, Item};
use super::{API, PRIMARY, calendars};
use crate::bindings::calport::calendar::types::{Error, Status};
use crate::bindings::exports::calport::calendar::calendar::RemoteEvent;
use crate::event::CheckedEvent;
use crate::fault;
use crate::http::{Method, Request, Response};
use crate::oauth::segment;
use crate::oauth::session::Caller;
use crate::remote::{self, MOST_ATTEMPTS, Refusal, is_unsure};

/// Ids that are tried for one uid. A second is needed only when Google refuses to
/// bring a deleted event back.
const GENERATIONS: u32 = 32;

/// How an attempt to bring an event with a known id up to date ended.
enum Settled {
    Done(RemoteEvent),
    /// There is none, or none that can be used: another id has to be.
    Unusable,
}

pub(crate) fn push(
    caller: &mut dyn Caller,
    calendar: Option<&str>,
    event: &CheckedEvent,
    known: Option<&RemoteEvent>,
) -> Result<Option<RemoteEvent>, Error> {
    let calendar = calendar.unwrap_or(PRIMARY);
    let mut known = known;
    if let Some(elsewhere) = known
        && !calendars::is_same(caller, &elsewhere.calendar, calendar)?
    {
        leave(caller, elsewhere, event)?;
        known = None;
    }
    if event.status == Status::Cancelled {
        take_down(caller, calendar, event, known)?;
        return Ok(None);
    }
    if let Some(known) = known
        && let Settled::Done(remote) =
            settle(caller, calendar, &known.id, event, known.etag.as_deref())?
    {
        return Ok(Some(remote));
    }
    place(caller, calendar, event).map(Some)
}

/// Deletes. One that is gone already is what was wanted.
pub(crate) fn remove(caller: &mut dyn Caller, remote: &RemoteEvent) -> Result<(), Error> {
    let url = address(caller, &remote.calendar, &remote.id)?;
    let response = caller.send(Request::new(Method::Delete, silent(url)))?;
    match deleted(&response, caller) {
        Ok(()) | Err(Refusal::NotFound | Refusal::Deleted) => Ok(()),
        Err(
            refusal @ (Refusal::Duplicate
            | Refusal::Changed
            | Refusal::Forbidden(_)
            | Refusal::Fault(_)),
        ) => Err(refusal.into_error()),
    }
}

/// Removes from a calendar that bookings no longer go to. One that the user may no
/// longer write to must not keep bookings from the new one for ever.
fn leave(caller: &mut dyn Caller, remote: &RemoteEvent, event: &CheckedEvent) -> Result<(), Error> {
    let version = remote.etag.as_deref();
    match take_down_one(caller, &remote.calendar, &remote.id, event, version) {
        Ok(_) | Err(Error::Gone | Error::Rejected(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Inserts under the first id that can be had.
fn place(
    caller: &mut dyn Caller,
    calendar: &str,
    event: &CheckedEvent,
) -> Result<RemoteEvent, Error> {
    for generation in 0..GENERATIONS {
        let id = item::id(&event.uid, generation);
        let request = Request::new(Method::Post, silent(collection(caller, calendar)?))
            .json(&item::insert(event, &id));
        let refusal = match caller.send(request) {
            Ok(response) => match check(&response, caller) {
                Ok(()) => return written(&response, calendar, &id, event),
                Err(refusal) => refusal,
            },
            Err(error) => Refusal::Fault(error),
        };
        match refusal {
            Refusal::Duplicate => {
                if let Settled::Done(remote) = settle(caller, calendar, &id, event, None)? {
                    return Ok(remote);
                }
            }
            // It may have taken effect all the same. Looking now spares the user a
            // calendar without the booking until the next attempt.
            Refusal::Fault(error) if is_unsure(&error) => {
                return match settle(caller, calendar, &id, event, None) {
                    Ok(Settled::Done(remote)) => Ok(remote),
                    Ok(Settled::Unusable) => Err(error),
                    Err(Error::Conflict) => Err(Error::Conflict),
                    Err(_) => Err(error),
                };
            }
            refusal @ (Refusal::NotFound
            | Refusal::Deleted
            | Refusal::Changed
            | Refusal::Forbidden(_)
            | Refusal::Fault(_)) => return Err(refusal.into_error()),
        }
    }
    Err(Error::Rejected(
        "Google Calendar gives none of this event's ids back. Remove its old copies from the calendar's bin.".to_owned(),
    ))
}

/// Brings the event of this id to the given revision. `version`: what the host knows,
/// to save a read.
fn settle(
    caller: &mut dyn Caller,
    calendar: &str,
    id: &str,
    event: &CheckedEvent,
    version: Option<&str>,
) -> Result<Settled, Error> {
    let mut etag = etag_of(version, event)?;
    for _ in 0..MOST_ATTEMPTS {
        let mut revives = false;
        if etag.is_none() {
            let Some(found) = read(caller, calendar, id)? else {
                return Ok(Settled::Unusable);
            };
            if found.is_of_another(&event.uid) {
                return Ok(Settled::Unusable);
            }
            if found.revision() > event.revision {
                return Err(Error::Conflict);
            }
            if found.shows(event) {
                return Ok(Settled::Done(kept(&found, calendar, event.revision)));
            }
            revives = found.is_cancelled();
            etag = remote::etag(found.etag());
        }
        let mut request = Request::new(Method::Patch, silent(address(caller, calendar, id)?))
            .json(&item::patch(event));
        if let Some(etag) = etag.take() {
            request = request.header("if-match", etag);
        }
        let response = caller.send(request)?;
        match check(&response, caller) {
            Ok(()) => return written(&response, calendar, id, event).map(Settled::Done),
            // Read again, then decide.
            Err(Refusal::Changed) => {}
            Err(Refusal::NotFound | Refusal::Deleted) => return Ok(Settled::Unusable),
            Err(Refusal::Forbidden(_)) if revives => return Ok(Settled::Unusable),
            Err(refusal @ (Refusal::Duplicate | Refusal::Forbidden(_) | Refusal::Fault(_))) => {
                return Err(refusal.into_error());
            }
        }
    }
    Err(fault::unavailable())
}

/// Deletes the event of a cancelled booking, wherever it is.
fn take_down(
    caller: &mut dyn Caller,
    calendar: &str,
    event: &CheckedEvent,
    known: Option<&RemoteEvent>,
) -> Result<(), Error> {
    if let Some(known) = known {
        take_down_one(caller, calendar, &known.id, event, known.etag.as_deref())?;
        return Ok(());
    }
    for generation in 0..GENERATIONS {
        let id = item::id(&event.uid, generation);
        if !take_down_one(caller, calendar, &id, event, None)? {
            break;
        }
    }
    Ok(())
}

/// Answers whether there was such an event, deleted or not.
fn take_down_one(
    caller: &mut dyn Caller,
    calendar: &str,
    id: &str,
    event: &CheckedEvent,
    version: Option<&str>,
) -> Result<bool, Error> {
    let mut etag = etag_of(version, event)?;
    for _ in 0..MOST_ATTEMPTS {
        if etag.is_none() {
            let Some(found) = read(caller, calendar, id)? else {
                return Ok(false);
            };
            if found.is_cancelled() || found.is_of_another(&event.uid) {
                return Ok(true);
            }
            if found.revision() > event.revision {
                return Err(Error::Conflict);
            }
            etag = remote::etag(found.etag());
        }
        let mut request = Request::new(Method::Delete, silent(address(caller, calendar, id)?));
        if let Some(etag) = etag.take() {
            request = request.header("if-match", etag);
        }
        let response = caller.send(request)?;
        match deleted(&response, caller) {
            Ok(()) | Err(Refusal::NotFound | Refusal::Deleted) => return Ok(true),
            Err(Refusal::Changed) => {}
            Err(refusal @ (Refusal::Duplicate | Refusal::Forbidden(_) | Refusal::Fault(_))) => {
                return Err(refusal.into_error());
            }
        }
    }
    Err(fault::unavailable())
}

/// `None`: there never was one, or Google has forgotten it.
pub(super) fn read(
    caller: &mut dyn Caller,
    calendar: &str,
    id: &str,
) -> Result<Option<Item>, Error> {
    let url = address(caller, calendar, id)?;
    let response = caller.send(Request::new(Method::Get, url))?;
    match check(&response, caller) {
        Ok(()) => Item::read(response.json()?).map(Some),
        Err(Refusal::NotFound | Refusal::Deleted) => Ok(None),
        Err(
            refusal @ (Refusal::Duplicate
            | Refusal::Changed
            | Refusal::Forbidden(_)
            | Refusal::Fault(_)),
        ) => Err(refusal.into_error()),
    }
}

fn deleted(response: &Response, caller: &dyn Caller) -> Result<(), Refusal> {
    check(response, caller)?;
    if response.is_deletion() {
        Ok(())
    } else {
        Err(Refusal::Fault(fault::unavailable()))
    }
}

fn check(response: &Response, caller: &dyn Caller) -> Result<(), Refusal> {
    if response.is_success() {
        Ok(())
    } else {
        Err(errors::refusal(response, caller))
    }
}

/// The event that a write answered with. An answer that is not that event leaves
/// open what was written; a repeat will see.
fn written(
    response: &Response,
    calendar: &str,
    id: &str,
    event: &CheckedEvent,
) -> Result<RemoteEvent, Error> {
    let item = Item::read(response.json()?)?;
    if item.id() != id {
        return Err(fault::unavailable());
    }
    Ok(kept(&item, calendar, event.revision))
}

/// `revision`: ours, that the item shows.
pub(super) fn kept(item: &Item, calendar: &str, revision: u32) -> RemoteEvent {
    RemoteEvent {
        id: item.id().to_owned(),
        calendar: calendar.to_owned(),
        etag: remote::etag(item.etag()).map(|etag| item::version(revision, &etag)),
        link: remote::link(item.link()),
    }
}

/// The etag inside a version that [`item::version`] made, which is our revision and Google's
/// etag: an etag alone would let an old revision through that a slow caller offers
/// together with what is known since.
fn etag_of(version: Option<&str>, event: &CheckedEvent) -> Result<Option<String>, Error> {
    let Some((revision, etag)) = version.and_then(|version| version.split_once(' ')) else {
        return Ok(None);
    };
    match revision.parse::<u32>() {
        Ok(revision) if revision > event.revision => Err(Error::Conflict),
        Ok(_) => Ok(remote::etag(Some(etag))),
        Err(_) => Ok(None),
    }
}

fn collection(caller: &dyn Caller, calendar: &str) -> Result<Url, Error> {
    let calendar = segment("calendar", calendar)?;
    API.below(caller.world(), &format!("/calendars/{calendar}/events"))
}

fn address(caller: &dyn Caller, calendar: &str, id: &str) -> Result<Url, Error> {
    let calendar = segment("calendar", calendar)?;
    let id = segment("remote.id", id)?;
    API.below(
        caller.world(),
        &format!("/calendars/{calendar}/events/{id}"),
    )
}

/// Nobody is written to because of a booking's calendar entry. For writes only: Google
/// refuses the parameter on reads.
fn silent(mut url: Url) -> Url {
    url.query_pairs_mut().append_pair("sendUpdates", "none");
    url
}
