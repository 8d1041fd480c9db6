//! Reading events: one by its id, or a calendar's list of masters and single events.
//!
//! Series are listed once; their occurrences are in [`super::view`].

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde_json::Value;

use super::super::event::{Event, Manner, occurrence_key};
use super::super::state::{Account, App};
use super::Parts;
use super::access::{self, READ};
use super::error::GraphError;
use super::filter::Filter;
use super::odata::Options;
use crate::server;
use crate::zoned::{Range, When};

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let options = Options::parse(&uri, &headers, &["$select", "$expand"])?;
    let (event, occurrence) = find(account, &parts)?;
    let value = match occurrence {
        None => event.json(account, &options.manner),
        Some(when) => event.occurrence(&when, account, &options.manner),
    };
    Ok(options.applied(server::json(200, &options.event(value)?)))
}

/// The event of a path, which must lie in the path's calendar if there is one.
pub(super) fn find<'a>(
    account: &'a Account,
    parts: &std::collections::HashMap<String, String>,
) -> Result<(&'a Event, Option<When>), GraphError> {
    let (number, key) = access::event(account, parts.get("event").map_or("", String::as_str))?;
    let event = account
        .events
        .get(&number)
        .ok_or_else(GraphError::not_found)?;
    if let Some(id) = parts.get("calendar")
        && access::calendar(account, Some(id))?.number != event.calendar
    {
        return Err(GraphError::not_found());
    }
    let Some(key) = key else {
        return Ok((event, None));
    };
    let same = |when: &When| occurrence_key(when) == key;
    let occurrence = event.occurrences(always()).into_iter().find(same);
    Ok((event, Some(occurrence.ok_or_else(GraphError::not_found)?)))
}

/// Some centuries, so that endless series end.
pub(super) fn always() -> Range {
    let year = |year: i32| {
        let date = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        date.and_time(chrono::NaiveTime::MIN).and_utc()
    };
    (year(1900), year(2200))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let known = ["$expand", "$filter", "$orderby", "$select", "$skip", "$top"];
    let options = Options::parse(&uri, &headers, &known)?;
    let filter = options
        .query
        .get("$filter")
        .map(Filter::parse)
        .transpose()?
        .unwrap_or_default();
    let calendar = access::calendar(account, parts.get("calendar").map(String::as_str))?.number;
    let events = account
        .events
        .values()
        .filter(|event| event.calendar == calendar);
    let mut events: Vec<&Event> = events.filter(|event| filter.fits(event)).collect();
    order(&mut events, options.query.get("$orderby"))?;
    let values: Result<Vec<Value>, GraphError> = events
        .iter()
        .map(|event| shown(event, account, &options.manner, &options))
        .collect();
    options.page(&app, &uri, values?)
}

fn shown(
    event: &Event,
    account: &Account,
    manner: &Manner,
    options: &Options,
) -> Result<Value, GraphError> {
    options.event(event.json(account, manner))
}

fn order(events: &mut [&Event], by: Option<&str>) -> Result<(), GraphError> {
    let Some(by) = by else { return Ok(()) };
    let (field, direction) = by.split_once(' ').unwrap_or((by, "asc"));
    match field {
        "start/dateTime" => events.sort_by_key(|event| event.when.range(chrono_tz::Tz::UTC).0),
        "createdDateTime" => events.sort_by_key(|event| event.created),
        "lastModifiedDateTime" => events.sort_by_key(|event| event.updated),
        "subject" => events.sort_by(|one, other| one.text("subject").cmp(other.text("subject"))),
        _ => return Err(GraphError::query(format!("Cannot order by '{field}'."))),
    }
    match direction {
        "asc" => Ok(()),
        "desc" => {
            events.reverse();
            Ok(())
        }
        _ => Err(GraphError::query("The direction must be asc or desc.")),
    }
}
