//! What has been touched (Graph, "event: delta"). The only delta that is not a preview
//! is that of a calendar view: a window of time, whole events, no `$select`, no
//! `$filter` and no `$expand`, so that our own marks are not to be seen in it. Passes on
//! ids and versions, and nothing else of anybody's events.

use serde_json::Value;
use url::Url;

use super::{GRAPH, PRIMARY, errors, graph};
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::changes::ChangePage;
use crate::cursor::{Cursor, Page, Stage};
use crate::http::{Method, Request, Response};
use crate::json::Fields as _;
use crate::oauth::session::Caller;
use crate::remote::{self, Refusal};
use crate::time::DAY;
use crate::{fault, json, time};

/// How far ahead of the window's beginning events are listed. Graph allows 1,825 days,
/// but tells every occurrence of every series in it, one by one. What is changed beyond
/// is told as removed, which is enough.
const AHEAD: i64 = 366 * DAY;

/// A window cannot move: after this long a new one is read from the beginning.
const RENEWED: i64 = 30 * DAY;

/// Whole events with their texts: 4 MiB hold 50 of 80 KB.
const ROWS: &str = "odata.maxpagesize=50";

pub(crate) fn read(
    caller: &mut dyn Caller,
    calendar: Option<&str>,
    since: Option<Cursor>,
) -> Result<ChangePage, Error> {
    let calendar = calendar.unwrap_or(PRIMARY);
    let Some(cursor) = since else {
        return begin(caller, calendar);
    };
    let first_day = cursor.context.parse::<i64>().ok();
    let is_old = first_day.is_none_or(|day| caller.world().now().saturating_sub(day) > RENEWED);
    let link = own_link(caller, &cursor.token)?;
    let (url, window) = match (cursor.stage, link) {
        (Stage::Over, _) if is_old => return begin(caller, calendar),
        // The operator has moved the endpoint since.
        (Stage::Over, None) => return begin(caller, calendar),
        (Stage::Full | Stage::Partial, None) => return Err(fault::unavailable()),
        (_, Some(url)) => (url, cursor.context.as_str()),
    };
    let response = caller.send(request(url))?;
    match (cursor.stage, response.status) {
        // SyncStateNotFound and its like: everything has to be read again.
        (Stage::Over, 400 | 410) => begin(caller, calendar),
        // The host begins again from the cursor that it has kept.
        (Stage::Full | Stage::Partial, 400 | 410) => Err(fault::unavailable()),
        (Stage::Full, _) => page(caller, &response, window, true),
        (Stage::Over | Stage::Partial, _) => page(caller, &response, window, false),
    }
}

fn begin(caller: &mut dyn Caller, calendar: &str) -> Result<ChangePage, Error> {
    let first = caller.world().now() - DAY;
    let (start, end) = (time::rfc3339(first), time::rfc3339(first + AHEAD));
    let query = [
        ("startDateTime", start.as_str()),
        ("endDateTime", end.as_str()),
    ];
    let url = graph::of_calendar(caller, calendar, "calendarView/delta", &query)?;
    let response = caller.send(request(url))?;
    page(caller, &response, &first.to_string(), true)
}

fn page(
    caller: &dyn Caller,
    response: &Response,
    window: &str,
    is_full: bool,
) -> Result<ChangePage, Error> {
    if !response.is_success() {
        return Err(match errors::refusal(response, caller) {
            Refusal::Deleted => fault::unavailable(),
            refusal @ (Refusal::NotFound
            | Refusal::Duplicate
            | Refusal::Changed
            | Refusal::Forbidden(_)
            | Refusal::Fault(_)) => refusal.into_error(),
        });
    }
    let reply = response.json()?;
    let mut page = Page::default();
    for row in json::list(reply.at("value"))? {
        touch(&mut page, row)?;
    }
    let (stage, link) = match json::text(reply.at("@odata.nextLink"))? {
        Some(link) if is_full => (Stage::Full, link),
        Some(link) => (Stage::Partial, link),
        None => (Stage::Over, json::required(reply.at("@odata.deltaLink"))?),
    };
    // It gets the user's token: nobody else may be asked.
    let url = own_link(caller, link)?.ok_or_else(fault::unavailable)?;
    let next = Cursor {
        stage,
        token: url.into(),
        context: window.to_owned(),
    };
    page.finish(&next, is_full)
}

fn touch(page: &mut Page, row: &Value) -> Result<(), Error> {
    let id = json::required(row.at("id"))?;
    // Deleted or moved away, or touched at a time outside the window.
    if !row.at("@removed").is_null() {
        return page.add(id, None, false);
    }
    match json::text(row.at("seriesMasterId"))? {
        // Occurrences are told whenever their series has changed; exceptions are those
        // that somebody has changed by themselves.
        Some(series) => page.add(series, None, *row.at("type") == *"exception"),
        None => page.add(id, remote::etag(row.at("@odata.etag").as_str()), false),
    }
}

/// The link, if it leads to Graph itself.
fn own_link(caller: &dyn Caller, link: &str) -> Result<Option<Url>, Error> {
    let own = GRAPH.below(caller.world(), "/")?.origin();
    Ok(remote::url(link).filter(|url| url.origin() == own))
}

fn request(url: Url) -> Request {
    let preferences = format!("{}, {ROWS}", graph::PREFERENCES);
    Request::new(Method::Get, url).header("prefer", preferences)
}
