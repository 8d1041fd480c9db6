//! The calendars that events can be written to (Calendar API, `calendarList.list`).

use serde_json::Value;

use super::{API, errors};
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::calendar::CalendarEntry;
use crate::http::{Method, Request};
use crate::json::Fields as _;
use crate::oauth::session::Caller;
use crate::{fault, json};

/// Of 250 each: nobody has more, and a page token that leads in a circle must end.
const MOST_PAGES: usize = 20;

/// The main calendar first, the others in Google's order.
pub(crate) fn list(caller: &mut dyn Caller) -> Result<Vec<CalendarEntry>, Error> {
    let mut found: Vec<CalendarEntry> = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut url = API.below(caller.world(), "/users/me/calendarList")?;
        url.query_pairs_mut()
            .append_pair("minAccessRole", "owner")
            .append_pair("maxResults", "250");
        if let Some(token) = &next {
            url.query_pairs_mut().append_pair("pageToken", token);
        }
        let response = caller.send(Request::new(Method::Get, url))?;
        if !response.is_success() {
            return Err(errors::refusal(&response, caller).into_error());
        }
        let page = response.json()?;
        for item in json::list(page.at("items"))? {
            let Some(entry) = writable(item)? else {
                continue;
            };
            if entry.primary {
                found.insert(0, entry);
            } else {
                found.push(entry);
            }
        }
        match json::text(page.at("nextPageToken"))? {
            Some(token) => next = Some(token.to_owned()),
            None => return Ok(found),
        }
    }
    Err(fault::unavailable())
}

/// Owned ones only: the scope that is asked for, `calendar.events.owned`, reaches no
/// others, so a calendar that is shared for writing would be offered and then refused.
fn writable(item: &Value) -> Result<Option<CalendarEntry>, Error> {
    if json::flag(item.at("deleted"))
        || !matches!(json::text(item.at("accessRole"))?, Some("owner"))
    {
        return Ok(None);
    }
    let id = json::required(item.at("id"))?;
    let name = json::text(item.at("summaryOverride"))?.or(json::text(item.at("summary"))?);
    Ok(Some(CalendarEntry {
        id: id.to_owned(),
        name: fault::label(name.unwrap_or_default(), id),
        primary: json::flag(item.at("primary")),
    }))
}

/// Whether one of two ids is only another name for the other.
pub(super) fn is_same(caller: &mut dyn Caller, one: &str, other: &str) -> Result<bool, Error> {
    let id = match (one, other) {
        (one, other) if one == other => return Ok(true),
        (super::PRIMARY, id) | (id, super::PRIMARY) => id,
        _ => return Ok(false),
    };
    let url = API.below(caller.world(), "/users/me/calendarList/primary")?;
    let response = caller.send(Request::new(Method::Get, url))?;
    if !response.is_success() {
        return Err(errors::refusal(&response, caller).into_error());
    }
    Ok(json::required(response.json()?.at("id"))? == id)
}
