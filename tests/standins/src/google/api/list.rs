//! `events.list`: filters, pages, and incremental synchronisation.
//!
//! The order is stable and means nothing, unless the caller asks for one.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::event::{Event, Status};
use super::super::hand::remains;
use super::super::state::App;
use super::access::{Caller, EVENTS};
use super::error::ApiError;
use super::read::{seen, zone};
use super::{flag, page_size, query, reply, sync, times};
use crate::pairs::Pairs;
use crate::recurrence::{occurrences, overlaps};
use crate::zoned::{Range, When};

const KNOWN: &[&str] = &[
    "alwaysIncludeEmail",
    "eventTypes",
    "iCalUID",
    "maxAttendees",
    "maxResults",
    "orderBy",
    "pageToken",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "showDeleted",
    "showHiddenInvitations",
    "singleEvents",
    "syncToken",
    "timeMax",
    "timeMin",
    "timeZone",
    "updatedMin",
];

/// What cannot stand beside a sync token.
const NOT_WITH_SYNC: &[&str] = &[
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMax",
    "timeMin",
    "updatedMin",
];

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = app.state();
    let caller = Caller::check(&app, &state, &headers, &EVENTS)?;
    let query = query(raw, KNOWN, "privateExtendedProperty")?;
    let (calendar, reach) = caller.calendar(&state, &id, &EVENTS)?;
    let filter = Filter::parse(&query, calendar.zone, state.oldest_sync)?;
    let size = page_size(&app, &query, 250, 2_500)?;
    let first = query
        .get("pageToken")
        .map_or(Ok(0), |token| sync::page(token, filter.since))?;

    let owner = state
        .accounts
        .get(caller.account)
        .map_or("", |account| account.email.as_str());
    let zone = zone(&query, calendar.zone)?;
    let mut found: Vec<(DateTime<Utc>, DateTime<Utc>, Value)> = Vec::new();
    for event in calendar.events.values().filter(|event| filter.wants(event)) {
        let mut push = |when: &When, value: Value| {
            found.push((
                when.range(calendar.zone).0,
                event.updated,
                seen(value, reach),
            ));
        };
        match &event.series {
            Some(series) if filter.single => {
                for when in occurrences(series, &event.when, calendar.zone, filter.window()) {
                    push(&when, event.instance(&when, owner, calendar, zone));
                }
            }
            Some(_) | None => {
                let value = event.json(owner, calendar, zone);
                let is_told_only = event.status == Status::Cancelled && filter.since.is_some();
                push(
                    &event.when,
                    if is_told_only { remains(value) } else { value },
                );
            }
        }
    }
    match filter.order {
        Order::None => {}
        Order::Start => found.sort_by_key(|(start, _, _)| *start),
        Order::Updated => found.sort_by_key(|(_, updated, _)| *updated),
    }

    let more = first.saturating_add(size) < found.len();
    let items: Vec<Value> = found
        .into_iter()
        .skip(first)
        .take(size)
        .map(|(_, _, value)| value)
        .collect();
    let mut body = json!({
        "kind": "calendar#events",
        "etag": format!("\"p{}\"", state.changes),
        "summary": calendar.name,
        "updated": app.now().to_rfc3339(),
        "timeZone": calendar.zone.name(),
        "accessRole": calendar.role.name(),
        "defaultReminders": [],
        "items": items,
    });
    let next = if more {
        Some((
            "nextPageToken",
            sync::page_token(first + size, filter.since),
        ))
    } else if NOT_WITH_SYNC.iter().all(|name| query.get(name).is_none()) {
        Some(("nextSyncToken", sync::sync_token(state.changes)))
    } else {
        None
    };
    if let (Some((name, token)), Some(fields)) = (next, body.as_object_mut()) {
        fields.insert(name.into(), token.into());
    }
    reply(&query, &body)
}

enum Order {
    None,
    Start,
    Updated,
}

struct Filter<'a> {
    since: Option<u64>,
    deleted: bool,
    single: bool,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    updated: Option<DateTime<Utc>>,
    uid: Option<&'a str>,
    text: Option<String>,
    properties: Vec<(&'static str, &'a str, &'a str)>,
    zone: Tz,
    order: Order,
}

impl<'a> Filter<'a> {
    fn parse(query: &'a Pairs, zone: Tz, oldest: u64) -> Result<Self, ApiError> {
        let single = flag(query, "singleEvents")?;
        let deleted = flag(query, "showDeleted")?;
        flag(query, "showHiddenInvitations")?;
        let since = query
            .get("syncToken")
            .map(|token| sync::since(token, oldest))
            .transpose()?;
        if since.is_some() {
            if let Some(name) = NOT_WITH_SYNC.iter().find(|name| query.get(name).is_some()) {
                return Err(ApiError::parameter(
                    name,
                    "Not allowed together with syncToken",
                ));
            }
            if query.get("showDeleted") == Some("false") {
                return Err(ApiError::parameter(
                    "showDeleted",
                    "Cannot be false with syncToken",
                ));
            }
        }
        let (from, to) = (time(query, "timeMin")?, time(query, "timeMax")?);
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(ApiError::empty_range());
        }
        let order = match query.get("orderBy") {
            None => Order::None,
            Some("updated") => Order::Updated,
            Some("startTime") if single => Order::Start,
            Some("startTime") => {
                let message = "The requested ordering is not available for the particular query.";
                return Err(ApiError::parameter("orderBy", message));
            }
            Some(_) => return Err(ApiError::parameter("orderBy", "Invalid value")),
        };
        let mut properties = Vec::new();
        for (name, kind) in [
            ("privateExtendedProperty", "private"),
            ("sharedExtendedProperty", "shared"),
        ] {
            for constraint in query.all(name) {
                let (key, value) = constraint
                    .split_once('=')
                    .ok_or_else(|| ApiError::parameter(name, "Must be propertyName=value"))?;
                properties.push((kind, key, value));
            }
        }
        let updated = time(query, "updatedMin")?;
        let uid = query.get("iCalUID");
        let text = query.get("q").map(str::to_lowercase);
        Ok(Self {
            since,
            deleted,
            single,
            from,
            to,
            updated,
            uid,
            text,
            properties,
            zone,
            order,
        })
    }

    fn wants(&self, event: &Event) -> bool {
        let shown = event.status != Status::Cancelled || self.deleted || self.since.is_some();
        let shown = shown || self.updated.is_some();
        let properties = &self.properties;
        shown
            && self.since.is_none_or(|since| event.change > since)
            && self.updated.is_none_or(|updated| event.updated >= updated)
            && self.uid.is_none_or(|uid| event.ical_uid == uid)
            && properties
                .iter()
                .all(|(kind, key, value)| event.property(kind, key) == Some(value))
            && self.text.as_ref().is_none_or(|text| {
                ["summary", "description", "location"]
                    .iter()
                    .any(|field| event.text(field).to_lowercase().contains(text))
            })
            && self.takes_place(event)
    }

    fn takes_place(&self, event: &Event) -> bool {
        if self.from.is_none() && self.to.is_none() {
            return true;
        }
        match &event.series {
            Some(series) => !occurrences(series, &event.when, self.zone, self.window()).is_empty(),
            None => overlaps(event.when.range(self.zone), self.window()),
        }
    }

    /// Without bounds: some centuries, so that endless series end.
    fn window(&self) -> Range {
        let year = |year: i32| {
            let date = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
            date.and_time(chrono::NaiveTime::MIN).and_utc()
        };
        (
            self.from.unwrap_or(year(1900)),
            self.to.unwrap_or(year(2200)),
        )
    }
}

fn time(query: &Pairs, name: &str) -> Result<Option<DateTime<Utc>>, ApiError> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let time = times::rfc3339(text);
    time.map(Some)
        .ok_or_else(|| ApiError::parameter(name, "Must be an RFC 3339 time with an offset"))
}
