//! `calendarView` and `instances`: series expanded within a window.
//!
//! The window is always named: Graph has no default for it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::TimeDelta;
use chrono_tz::Tz;
use http::{HeaderMap, Uri};
use serde_json::Value;

use super::super::event::Event;
use super::super::state::App;
use super::Parts;
use super::access::{self, READ};
use super::error::GraphError;
use super::filter;
use super::odata::Options;
use super::read::find;
use crate::pairs::Pairs;
use crate::zoned::{Range, When};

const KNOWN: &[&str] = &[
    "$expand",
    "$orderby",
    "$select",
    "$skip",
    "$top",
    "endDateTime",
    "startDateTime",
];

/// Graph's own limit, in its error message: 1,825 days.
const LONGEST_DAYS: i64 = 1825;

pub(super) fn window(query: &Pairs) -> Result<Range, GraphError> {
    let one = |name: &str| {
        let text = query.get(name).ok_or_else(|| {
            let message = format!(
                "This request requires a time window specified by the query string parameters StartDateTime \
                 and EndDateTime. Missing: {name}."
            );
            GraphError::invalid(message)
        })?;
        filter::time(text).ok_or_else(|| GraphError::invalid(format!("{name} is no time.")))
    };
    let (from, to) = (one("startDateTime")?, one("endDateTime")?);
    if from > to {
        return Err(GraphError::invalid(
            "EndDateTime lies before StartDateTime.",
        ));
    }
    if to - from > TimeDelta::days(LONGEST_DAYS) {
        let message =
            "The requested time duration specified for FindItem/CalendarView is too long.";
        return Err(GraphError::new(
            400,
            "ErrorCalendarViewRangeTooBig",
            message,
        ));
    }
    Ok((from, to))
}

pub(super) async fn calendar_view(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let options = Options::parse(&uri, &headers, KNOWN)?;
    let window = window(&options.query)?;
    if options
        .query
        .get("$orderby")
        .is_some_and(|by| by != "start/dateTime")
    {
        return Err(GraphError::query(
            "calendarView is ordered by start/dateTime.",
        ));
    }
    let calendar = access::calendar(account, parts.get("calendar").map(String::as_str))?.number;
    let events = account
        .events
        .values()
        .filter(|event| event.calendar == calendar);
    let found = events.flat_map(|event| {
        event
            .occurrences(window)
            .into_iter()
            .map(move |when| (event, when))
    });
    let mut found: Vec<(&Event, When)> = found.collect();
    found.sort_by_key(|(_, when)| when.range(Tz::UTC).0);
    let values: Result<Vec<Value>, GraphError> = found
        .iter()
        .map(|(event, when)| options.event(event.occurrence(when, account, &options.manner)))
        .collect();
    options.page(&app, &uri, values?)
}

pub(super) async fn instances(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let options = Options::parse(&uri, &headers, KNOWN)?;
    let window = window(&options.query)?;
    let (event, occurrence) = find(account, &parts)?;
    if event.series.is_none() || occurrence.is_some() {
        let message = "The operation can only be performed on a recurring master item.";
        return Err(GraphError::new(400, "ErrorInvalidRequest", message));
    }
    let values: Result<Vec<Value>, GraphError> = event
        .occurrences(window)
        .iter()
        .map(|when| options.event(event.occurrence(when, account, &options.manner)))
        .collect();
    options.page(&app, &uri, values?)
}
