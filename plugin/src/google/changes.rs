//! What has been touched (Calendar API, "Synchronize resources efficiently"). Asks for
//! ids, versions and our own marks, and for nothing else of anybody's events. Filters
//! do not go together with sync tokens: `timeMin` and `privateExtendedProperty` among
//! them, so that what is not ours is dropped here.

use serde_json::Value;
use url::Url;

use super::item::{REVISION, UID};
use super::{API, PRIMARY, errors};
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::changes::ChangePage;
use crate::cursor::{Cursor, Page, Stage};
use crate::http::{Method, Request, Response};
use crate::json::Fields as _;
use crate::oauth::segment;
use crate::oauth::session::Caller;
use crate::remote::{self, Refusal};
use crate::{fault, json};

/// Rows of about 250 octets each: a page stays below 1 MiB.
const ROWS: &str = "2000";

pub(crate) fn read(
    caller: &mut dyn Caller,
    calendar: Option<&str>,
    since: Option<Cursor>,
) -> Result<ChangePage, Error> {
    let calendar = calendar.unwrap_or(PRIMARY);
    let Some(cursor) = since else {
        return begin(caller, calendar);
    };
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    match cursor.stage {
        Stage::Over => parameters.push(("syncToken", &cursor.token)),
        Stage::Full => parameters.push(("pageToken", &cursor.token)),
        Stage::Partial => {
            parameters.push(("syncToken", &cursor.context));
            parameters.push(("pageToken", &cursor.token));
        }
    }
    let url = address(caller, calendar, &parameters)?;
    let response = caller.send(Request::new(Method::Get, url))?;
    match (cursor.stage, response.status) {
        // Expired, or of another time: everything has to be read again.
        (Stage::Over, 400 | 410) => begin(caller, calendar),
        // The host begins again from the cursor that it has kept.
        (Stage::Full | Stage::Partial, 400 | 410) => Err(fault::unavailable()),
        (Stage::Full, _) => page(caller, &response, None),
        (Stage::Over, _) => page(caller, &response, Some(&cursor.token)),
        (Stage::Partial, _) => page(caller, &response, Some(&cursor.context)),
    }
}

fn begin(caller: &mut dyn Caller, calendar: &str) -> Result<ChangePage, Error> {
    let url = address(caller, calendar, &[])?;
    let response = caller.send(Request::new(Method::Get, url))?;
    page(caller, &response, None)
}

/// `since`: the sync token of the reading; without one it is a full reading.
fn page(
    caller: &dyn Caller,
    response: &Response,
    since: Option<&str>,
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
    for row in json::list(reply.at("items"))? {
        touch(&mut page, row)?;
    }
    let next = match json::text(reply.at("nextPageToken"))? {
        Some(token) => Cursor {
            stage: if since.is_some() {
                Stage::Partial
            } else {
                Stage::Full
            },
            token: token.to_owned(),
            context: since.unwrap_or_default().to_owned(),
        },
        None => Cursor {
            stage: Stage::Over,
            token: json::required(reply.at("nextSyncToken"))?.to_owned(),
            context: String::new(),
        },
    };
    page.finish(&next, since.is_none())
}

/// Of a deleted event nothing is certain to be there but its id ("Events", `status`):
/// ids of our own form pass, with or without our mark.
fn touch(page: &mut Page, row: &Value) -> Result<(), Error> {
    let id = json::required(row.at("id"))?;
    let series = json::text(row.at("recurringEventId"))?;
    let private = row.at("extendedProperties").at("private");
    let event = series.unwrap_or(id);
    if !private.at(UID).is_string() && !remote::is_stable_id(event) {
        return Ok(());
    }
    if series.is_some() {
        return page.add(event, None, true);
    }
    let is_there = *row.at("status") != *"cancelled";
    let etag = remote::etag(row.at("etag").as_str()).filter(|_| is_there);
    let revision = private
        .at(REVISION)
        .as_str()
        .and_then(|text| text.parse().ok());
    let version = etag.map(|etag| super::item::version(revision.unwrap_or(0), &etag));
    page.add(event, version, false)
}

fn address(caller: &dyn Caller, calendar: &str, parameters: &[(&str, &str)]) -> Result<Url, Error> {
    let calendar = segment("calendar", calendar)?;
    let mut url = API.below(caller.world(), &format!("/calendars/{calendar}/events"))?;
    // The mask and the page size have to be the same for every page of a reading.
    url.query_pairs_mut()
        .append_pair("maxResults", ROWS)
        .append_pair(
            "fields",
            &format!(
                "nextPageToken,nextSyncToken,items(id,status,etag,recurringEventId,\
                 extendedProperties(private({UID},{REVISION})))"
            ),
        )
        .extend_pairs(parameters);
    Ok(url)
}
