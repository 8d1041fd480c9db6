//! `GET /api/calendar/busy/`: when a user is busy, over all connected calendars.

use super::{Problem, auth::Caller};
use crate::{
    account::note_dead_grant,
    plugin::types::Range,
    service::Service,
    subject::{self, Subject},
    vault::Binding,
};
use axum::{
    Json,
    extract::{Query, State},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(super) struct Asked {
    from: Option<String>,
    to: Option<String>,
    /// For the platform's server; a user asks for themself.
    user: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Busy {
    busy: Vec<Span>,
    /// Connected calendars that did not answer: what they hold is missing here.
    incomplete: Vec<Incomplete>,
}

#[derive(Serialize)]
struct Span {
    start: Timestamp,
    end: Timestamp,
}

#[derive(Serialize)]
struct Incomplete {
    provider: String,
    code: &'static str,
}

pub(super) async fn busy(
    State(service): State<Service>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Busy>, Problem> {
    let subject = subject(caller, asked.user)?;
    let range = Range {
        start: moment("from", asked.from.as_deref())?,
        end: moment("to", asked.to.as_deref())?,
    };
    let mut spans = Vec::new();
    let mut incomplete = Vec::new();
    for connection in service.vault().connections(&subject).await? {
        let provider = connection.provider.clone();
        let binding = Binding::to(service.vault().clone(), connection.slot());
        match service
            .plugin()
            .busy(binding, vec![connection.destination.id.clone()], range)
            .await
        {
            Ok(ranges) => spans.extend(ranges),
            Err(error) => {
                note_dead_grant(&service, &connection, &error).await?;
                let problem = Problem::from(error);
                // A wrong range is the caller's and the same for every provider.
                if problem.code() == "invalid" {
                    return Err(problem);
                }
                incomplete.push(Incomplete {
                    provider,
                    code: problem.code(),
                });
            }
        }
    }
    let busy = merged(spans).into_iter().filter_map(|range| {
        let start = Timestamp::from_second(range.start).ok()?;
        Some(Span {
            start,
            end: Timestamp::from_second(range.end).ok()?,
        })
    });
    Ok(Json(Busy {
        busy: busy.collect(),
        incomplete,
    }))
}

fn subject(caller: Caller, asked: Option<String>) -> Result<Subject, Problem> {
    match (caller, asked) {
        (Caller::User(subject), None) => Ok(subject),
        (Caller::User(subject), Some(user)) if user == subject.user => Ok(subject),
        (Caller::User(_), Some(_)) => Err(Problem::not_found("no such user")),
        (Caller::Platform { tenant }, Some(user)) if subject::is_valid_id(&user) => {
            Ok(Subject::new(tenant, user))
        }
        (Caller::Platform { .. }, _) => {
            let problem = "is missing or not a user id";
            Err(Problem::invalid("user", problem, "the user to ask about"))
        }
    }
}

fn moment(field: &'static str, text: Option<&str>) -> Result<i64, Problem> {
    text.and_then(|text| text.parse::<Timestamp>().ok())
        .map(|moment| moment.as_second())
        .ok_or_else(|| {
            let problem = "is missing or not a moment";
            let remedy = "an RFC 3339 time with an offset, percent-encoded: 2026-12-01T10:00:00Z";
            Problem::invalid(field, problem, remedy)
        })
}

/// In order, overlapping and touching ones as one.
fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_and_overlapping_ranges_are_one() {
        let range = |start, end| Range { start, end };
        let ranges = vec![
            range(50, 60),
            range(0, 10),
            range(5, 7),
            range(10, 20),
            range(21, 22),
        ];
        assert_eq!(
            merged(ranges),
            vec![range(0, 20), range(21, 22), range(50, 60)]
        );
    }
}
