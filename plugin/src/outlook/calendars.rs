//! The calendars that events can be written to (Graph, `calendar` resource).

use super::{PRIMARY, graph};
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::calendar::CalendarEntry;
use crate::http::Method;
use crate::json::Fields as _;
use crate::oauth::session::Caller;
use crate::{fault, json};

/// The default calendar first, the others in Graph's order.
pub(crate) fn list(caller: &mut dyn Caller) -> Result<Vec<CalendarEntry>, Error> {
    let query = [
        ("$select", "id,name,isDefaultCalendar,canEdit"),
        ("$top", "100"),
    ];
    let first = graph::url(caller, "/me/calendars", &query)?;
    let mut found: Vec<CalendarEntry> = Vec::new();
    let mut take = |item: &serde_json::Value| {
        if !json::flag(item.at("canEdit")) {
            return Ok(());
        }
        let id = json::required(item.at("id"))?;
        let name = json::text(item.at("name"))?.unwrap_or_default();
        let primary = json::flag(item.at("isDefaultCalendar"));
        let entry = CalendarEntry {
            id: id.to_owned(),
            name: fault::label(name, id),
            primary,
        };
        if primary {
            found.insert(0, entry);
        } else {
            found.push(entry);
        }
        Ok(())
    };
    graph::pages(caller, first, &mut take).map_err(graph::Refusal::into_error)?;
    Ok(found)
}

/// Whether one of two ids is only another name for the other.
pub(super) fn is_same(caller: &mut dyn Caller, one: &str, other: &str) -> Result<bool, Error> {
    let id = match (one, other) {
        (one, other) if one == other => return Ok(true),
        (PRIMARY, id) | (id, PRIMARY) => id,
        _ => return Ok(false),
    };
    let url = graph::url(caller, "/me/calendar", &[("$select", "id")])?;
    let reply = graph::call(caller, graph::request(Method::Get, url))
        .map_err(graph::Refusal::into_error)?;
    Ok(json::required(reply.json()?.at("id"))? == id)
}
