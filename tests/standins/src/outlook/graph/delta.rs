//! `calendarView/delta`: what has changed in a window since the last time.
//!
//! Tokens are opaque to clients and say all that is needed; one from before the last reset is 410.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::DateTime;
use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::super::event::{Event, Manner};
use super::super::ids;
use super::super::state::{Account, App};
use super::Parts;
use super::access::{self, READ};
use super::error::GraphError;
use super::odata::{Options, context};
use super::view::window;
use crate::server;
use crate::zoned::Range;

const KNOWN: &[&str] = &["$deltatoken", "$skiptoken", "endDateTime", "startDateTime"];

/// What a token stands for.
struct Round {
    window: Range,
    /// Changes up to this one are known to the client.
    since: u64,
    /// How many entries it has had of this round.
    skip: usize,
    /// Whether the client knows nothing yet.
    first: bool,
}

pub(super) async fn delta(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let (changes, oldest) = (state.changes, state.oldest_delta);
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    let options = Options::parse(&uri, &headers, KNOWN)?;
    let token = options
        .query
        .get("$deltatoken")
        .or_else(|| options.query.get("$skiptoken"));
    let round = match token {
        None => Round {
            window: window(&options.query)?,
            since: 0,
            skip: 0,
            first: true,
        },
        Some(token) => Round::parse(token, oldest)?,
    };
    let calendar = access::calendar(account, parts.get("calendar").map(String::as_str))?.number;
    let all = changed(account, calendar, &round, &options.manner);
    let size = options.page_size(&app)?;
    let more = round.skip.saturating_add(size) < all.len();
    let page: Vec<Value> = all.into_iter().skip(round.skip).take(size).collect();
    let (name, parameter, next) = if more {
        let next = Round {
            skip: round.skip + size,
            ..round
        };
        ("@odata.nextLink", "$skiptoken", next)
    } else {
        (
            "@odata.deltaLink",
            "$deltatoken",
            Round {
                since: changes,
                skip: 0,
                first: false,
                ..round
            },
        )
    };
    let link = format!(
        "{}{}?{parameter}={}",
        app.shell.base_url,
        uri.path(),
        next.token()
    );
    let body = json!({ "@odata.context": context(&app), "value": page, name: link });
    Ok(options.applied(server::json(200, &body)))
}

fn changed(account: &Account, calendar: u64, round: &Round, manner: &Manner) -> Vec<Value> {
    let gone = |id: String| json!({ "id": id, "@removed": { "reason": "deleted" } });
    let mut all = Vec::new();
    let of_calendar = account
        .events
        .values()
        .filter(|event| event.calendar == calendar);
    for event in of_calendar.filter(|event| event.change > round.since) {
        let found = event.occurrences(round.window);
        if !round.first {
            all.extend(
                deleted_occurrences(event, account, manner)
                    .into_iter()
                    .map(gone),
            );
            if found.is_empty() {
                all.push(gone(ids::event(account, event.number, None, manner.ids)));
            }
        }
        all.extend(
            found
                .iter()
                .map(|when| event.occurrence(when, account, manner)),
        );
    }
    if !round.first {
        let removed = account.removed.iter();
        let removed = removed.filter(|one| one.calendar == calendar && one.change > round.since);
        all.extend(removed.map(|one| gone(ids::event(account, one.number, None, manner.ids))));
    }
    all
}

fn deleted_occurrences(event: &Event, account: &Account, manner: &Manner) -> Vec<String> {
    let deleted = event.series.iter().flat_map(|series| &series.deleted);
    let keys = deleted.map(|day| day.format("%Y%m%d").to_string());
    keys.map(|key| ids::event(account, event.number, Some(&key), manner.ids))
        .collect()
}

impl Round {
    fn token(&self) -> String {
        let (from, to) = (self.window.0.timestamp(), self.window.1.timestamp());
        let first = i64::from(self.first);
        format!("R0usmc{}_{from}_{to}_{}_{first}", self.since, self.skip)
    }

    fn parse(token: &str, oldest: u64) -> Result<Self, GraphError> {
        let wrong = || {
            GraphError::new(
                400,
                "ErrorInvalidUrlQuery",
                "The sync state token is invalid.",
            )
        };
        let rest = token.strip_prefix("R0usmc").ok_or_else(wrong)?;
        let numbers: Option<Vec<i64>> = rest.split('_').map(|number| number.parse().ok()).collect();
        let Some([since, from, to, skip, first]) = numbers.as_deref() else {
            return Err(wrong());
        };
        let instant = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or_else(wrong);
        let since = u64::try_from(*since).map_err(|_| wrong())?;
        if since < oldest {
            let message = "The sync state generation is not found; continue with a full sync.";
            return Err(GraphError::new(410, "SyncStateNotFound", message));
        }
        let skip = usize::try_from(*skip).map_err(|_| wrong())?;
        Ok(Self {
            window: (instant(*from)?, instant(*to)?),
            since,
            skip,
            first: *first == 1,
        })
    }
}
