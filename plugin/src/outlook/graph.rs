//! How Graph is called: its URLs, the preferences that every call carries, and pages.
//! Never follows a page to another host.

use serde_json::Value;
use url::Url;

use super::{GRAPH, PRIMARY, errors};
use crate::bindings::calport::calendar::types::Error;
use crate::http::{Method, Request, Response};
use crate::json::Fields as _;
use crate::oauth::segment;
use crate::oauth::session::Caller;
pub(super) use crate::remote::Refusal;
use crate::{fault, json, remote};

/// Ids that survive a move between folders, times in UTC, bodies as they were sent.
pub(super) const PREFERENCES: &str =
    r#"IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text""#;

/// A link that leads in a circle must end.
const MOST_PAGES: usize = 20;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// `path` is encoded, the query's values are not. Spaces become `%20`: OData takes a
/// plus sign for itself.
pub(super) fn url(caller: &dyn Caller, path: &str, query: &[(&str, &str)]) -> Result<Url, Error> {
    let mut url = GRAPH.below(caller.world(), path)?;
    let encoded = |value: &str| -> String {
        url::form_urlencoded::byte_serialize(value.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if !query.is_empty() {
        url.set_query(Some(&query.join("&")));
    }
    Ok(url)
}

/// The events of a calendar.
pub(super) fn events(
    caller: &dyn Caller,
    calendar: &str,
    query: &[(&str, &str)],
) -> Result<Url, Error> {
    of_calendar(caller, calendar, "events", query)
}

/// Something that belongs to a calendar.
pub(super) fn of_calendar(
    caller: &dyn Caller,
    calendar: &str,
    what: &str,
    query: &[(&str, &str)],
) -> Result<Url, Error> {
    if calendar == PRIMARY {
        return url(caller, &format!("/me/{what}"), query);
    }
    url(
        caller,
        &format!("/me/calendars/{}/{what}", segment("calendar", calendar)?),
        query,
    )
}

/// One event, in whatever calendar it is.
pub(super) fn event(caller: &dyn Caller, id: &str, query: &[(&str, &str)]) -> Result<Url, Error> {
    url(
        caller,
        &format!("/me/events/{}", segment("remote.id", id)?),
        query,
    )
}

pub(super) fn request(method: Method, url: Url) -> Request {
    Request::new(method, url).header("prefer", PREFERENCES)
}

/// A reply that is success.
pub(super) fn call(caller: &mut dyn Caller, request: Request) -> Result<Response, Refusal> {
    let response = caller.send(request)?;
    if response.is_success() {
        Ok(response)
    } else {
        Err(errors::refusal(&response, caller))
    }
}

/// Deletes; what is gone already counts.
pub(super) fn delete(caller: &mut dyn Caller, request: Request) -> Result<(), Refusal> {
    match call(caller, request) {
        Ok(response) if response.is_deletion() => Ok(()),
        Ok(_) => Err(fault::unavailable().into()),
        Err(Refusal::NotFound | Refusal::Deleted) => Ok(()),
        Err(
            refusal @ (Refusal::Duplicate
            | Refusal::Changed
            | Refusal::Forbidden(_)
            | Refusal::Fault(_)),
        ) => Err(refusal),
    }
}

/// Every item of every page.
pub(super) fn pages(
    caller: &mut dyn Caller,
    first: Url,
    take: &mut dyn FnMut(&Value) -> Result<(), Error>,
) -> Result<(), Refusal> {
    let origin = first.origin();
    let mut next = first;
    for _ in 0..MOST_PAGES {
        let page = call(caller, request(Method::Get, next))?.json()?;
        for item in json::list(page.at("value"))? {
            take(item)?;
        }
        let Some(link) = json::text(page.at("@odata.nextLink"))? else {
            return Ok(());
        };
        // It gets the user's token: nobody else may be asked for the next page.
        next = remote::url(link)
            .filter(|url| url.origin() == origin)
            .ok_or_else(fault::unavailable)?;
    }
    Err(fault::unavailable().into())
}
