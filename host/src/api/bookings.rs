//! Appointments and jobs.

use super::{
    Problem,
    auth::{Caller, Platform},
    reader::JsonBytes,
};
use crate::{
    bookings::{Body, BookingId, Held, Kind, Put, event_for, file_name},
    feeds::Link,
    plugin::{CallError, calendar::IcsOptions, types},
    service::Service,
    subject,
    sync::{Delivery, Drift, SeenSpan},
};
use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Whose event a booking without participants is checked as.
const NOBODY: &str = "nobody";

/// A booking as it was stated, with how far it has come for each participant.
#[derive(Serialize)]
pub(super) struct Reading {
    id: String,
    updated: Option<Timestamp>,
    #[serde(flatten)]
    stated: Map<String, Value>,
}

#[derive(Serialize)]
struct Participating {
    user: String,
    role: String,
    /// `file_only` where no calendar is connected.
    state: &'static str,
    calendars: Vec<InCalendar>,
    /// For mails: opens this participant's file without a bearer. Only for the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_url: Option<String>,
}

#[derive(Serialize)]
struct InCalendar {
    provider: String,
    state: &'static str,
    link: Option<String>,
    reason: Option<String>,
    next_try: Option<Timestamp>,
    drift: Option<Drifted>,
}

/// What the participant has changed in this calendar; what is not told does not differ.
#[derive(Serialize)]
struct Drifted {
    what: &'static str,
    /// When it was noticed.
    noticed: Option<Timestamp>,
    #[serde(flatten)]
    seen: Map<String, Value>,
}

/// `PUT /api/{kind}/{id}/`.
pub(super) async fn store(
    State(service): State<Service>,
    Platform { tenant }: Platform,
    Path((kind, id)): Path<(String, String)>,
    JsonBytes(json): JsonBytes,
) -> Result<Response, Problem> {
    let id = booking_id(tenant, &kind, id)?;
    let body = Body::parse(&json)?;
    check_with_plugin(&service, &id, &body).await?;
    if service.bookings().put(&id, &body).await? == Put::Stored {
        service.announce();
    }
    let reading = reading(&service, &id, None).await?;
    Ok((StatusCode::ACCEPTED, Json(reading)).into_response())
}

/// `GET /api/{kind}/{id}/`: the platform sees all participants, a participant themself.
pub(super) async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Reading>, Problem> {
    let id = booking_id(caller.tenant().to_owned(), &kind, id)?;
    let only = match caller {
        Caller::Platform { .. } => None,
        Caller::User(subject) => Some(subject.user),
    };
    Ok(Json(reading(&service, &id, only.as_deref()).await?))
}

/// `DELETE /api/{kind}/{id}/`: cancelled; it goes from every calendar and stays on record.
pub(super) async fn cancel(
    State(service): State<Service>,
    Platform { tenant }: Platform,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id = booking_id(tenant, &kind, id)?;
    match service.bookings().cancel(&id).await? {
        None => return Err(no_booking()),
        Some(Put::Stored) => service.announce(),
        Some(Put::Unchanged) => {}
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(reading(&service, &id, None).await?),
    )
        .into_response())
}

/// `POST /api/{kind}/{id}/restore/`: what participants have changed in their calendars is put
/// back there, whatever the policy says.
pub(super) async fn restore(
    State(service): State<Service>,
    Platform { tenant }: Platform,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id = booking_id(tenant, &kind, id)?;
    held(&service, &id, None).await?;
    if service.deliveries().restore(&id, None, None).await? > 0 {
        service.announce();
    }
    let reading = reading(&service, &id, None).await?;
    Ok((StatusCode::ACCEPTED, Json(reading)).into_response())
}

/// `GET /api/{kind}/{id}/calendar.ics`: for a participant, or whoever has their signed link.
pub(super) async fn file(
    State(service): State<Service>,
    caller: Result<Caller, Problem>,
    link: Result<Query<Link>, QueryRejection>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, subject) = match (link, caller) {
        (Ok(Query(link)), _) => {
            let id = booking_id(link.tenant.clone(), &kind, id)?;
            let now = service.vault().database().now().await?;
            let subject = link.verify(service.signer(), &id, now).map_err(|error| {
                let title = "This link opens nothing";
                Problem::new(StatusCode::NOT_FOUND, "not-found", title).detail(error.to_string())
            })?;
            (id, subject)
        }
        (Err(_), Ok(Caller::User(subject))) => {
            (booking_id(subject.tenant.clone(), &kind, id)?, subject)
        }
        (Err(_), Ok(Caller::Platform { .. })) => {
            let title = "This is not for this caller";
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", title)
                .detail("a file belongs to a participant")
                .remedy("use a user's token, or the participant's file_url"));
        }
        (Err(_), Err(problem)) => return Err(problem),
    };
    let held = held(&service, &id, Some(&subject.user)).await?;
    let event = event_for(&id, &subject.user, &held.body, held.updated_at)?;
    let options = IcsOptions {
        name: None,
        refresh_interval: None,
    };
    let text = service.plugin().export_ics(vec![event], options).await?;
    let disposition = format!("attachment; filename=\"{}\"", file_name(&id));
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/calendar; charset=utf-8".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}

fn booking_id(tenant: String, kind: &str, id: String) -> Result<BookingId, Problem> {
    let kind = Kind::parse(kind).ok_or_else(|| Problem::not_found("no such path"))?;
    if !subject::is_valid_id(&id) {
        return Err(Problem::invalid(
            "id",
            "is no booking id",
            "1 to 128 visible ASCII characters",
        ));
    }
    Ok(BookingId { tenant, kind, id })
}

/// What calendars demand of an event is known in one place, the plugin; a booking that no
/// calendar could hold is refused here and not later, where nobody looks.
async fn check_with_plugin(service: &Service, id: &BookingId, body: &Body) -> Result<(), Problem> {
    let user = body
        .participants
        .first()
        .map_or(NOBODY, |participant| &participant.user);
    let event = event_for(id, user, body, 0)?;
    let options = IcsOptions {
        name: None,
        refresh_interval: None,
    };
    match service.plugin().export_ics(vec![event], options).await {
        Ok(_) => Ok(()),
        Err(CallError::Plugin(types::Error::Invalid(wrong))) => Err(Problem::invalid(
            field_of(body, &wrong.field),
            wrong.problem,
            wrong.remedy,
        )),
        Err(error) => Err(error.into()),
    }
}

/// The booking's field for an event's.
fn field_of(body: &Body, field: &str) -> String {
    let field = field.strip_prefix("events[0].").unwrap_or(field);
    match field.strip_prefix("when.") {
        Some(part) if body.start_date.is_some() => format!("{part}_date"),
        Some(part) => part.to_owned(),
        None => field.to_owned(),
    }
}

async fn held(service: &Service, id: &BookingId, only: Option<&str>) -> Result<Held, Problem> {
    let held = service.bookings().get(id).await?.ok_or_else(no_booking)?;
    let may_see = only.is_none_or(|user| held.body.participants.iter().any(|p| p.user == user));
    may_see.then_some(held).ok_or_else(no_booking)
}

fn no_booking() -> Problem {
    Problem::not_found("no such booking, or not one of this caller's")
}

async fn reading(
    service: &Service,
    id: &BookingId,
    only: Option<&str>,
) -> Result<Reading, Problem> {
    let Held {
        mut body,
        updated_at,
        ..
    } = held(service, id, only).await?;
    let now = service.vault().database().now().await?;
    let deliveries = service.deliveries().of_booking(id).await?;
    let participants = std::mem::take(&mut body.participants);
    let participants: Vec<_> = participants
        .into_iter()
        .filter(|participant| only.is_none_or(|user| user == participant.user))
        .map(|participant| {
            let calendars: Vec<_> = deliveries
                .iter()
                .filter(|delivery| delivery.user == participant.user)
                .map(in_calendar)
                .collect();
            Participating {
                state: overall(&calendars),
                file_url: only.is_none().then(|| {
                    let public_url = &service.options().public_url;
                    Link::url(public_url, service.signer(), id, &participant.user, now)
                }),
                user: participant.user,
                role: participant.role,
                calendars,
            }
        })
        .collect();
    let unreadable = |error: serde_json::Error| Problem::internal(&error);
    let mut stated: Map<String, Value> = serde_json::to_value(&body)
        .and_then(serde_json::from_value)
        .map_err(unreadable)?;
    let participants = serde_json::to_value(participants).map_err(unreadable)?;
    stated.insert("participants".to_owned(), participants);
    let updated = Timestamp::from_second(updated_at).ok();
    Ok(Reading {
        id: id.id.clone(),
        updated,
        stated,
    })
}

fn in_calendar(delivery: &Delivery) -> InCalendar {
    InCalendar {
        provider: delivery.provider.clone(),
        state: delivery.state.as_str(),
        link: delivery.link().map(str::to_owned),
        reason: delivery.reason.clone(),
        next_try: delivery
            .next_try
            .and_then(|at| Timestamp::from_second(at).ok()),
        drift: delivery.drift.as_ref().map(drifted),
    }
}

fn drifted(drift: &Drift) -> Drifted {
    let instant = |at: &i64| json!(Timestamp::from_second(*at).ok());
    let mut seen = Map::new();
    match &drift.seen {
        Some(SeenSpan::Timed { start, end, zone }) => {
            seen.insert("seen_start".to_owned(), instant(start));
            seen.insert("seen_end".to_owned(), instant(end));
            seen.insert("seen_zone".to_owned(), json!(zone));
        }
        Some(SeenSpan::AllDay {
            start_date,
            end_date,
        }) => {
            seen.insert("seen_start_date".to_owned(), json!(start_date));
            seen.insert("seen_end_date".to_owned(), json!(end_date));
        }
        None => {}
    }
    if let Some(title) = &drift.seen_title {
        seen.insert("seen_title".to_owned(), json!(title));
    }
    Drifted {
        what: drift.what.as_str(),
        noticed: Timestamp::from_second(drift.seen_at).ok(),
        seen,
    }
}

/// The state that most needs somebody's attention.
fn overall(calendars: &[InCalendar]) -> &'static str {
    ["needs_reconnect", "failed", "waiting", "in_calendar"]
        .into_iter()
        .find(|state| calendars.iter().any(|calendar| calendar.state == *state))
        .unwrap_or("file_only")
}
