//! Bookings: the form for a new one, what the buttons do, and the file.

use super::{
    super::{
        people::{PEOPLE, Person},
        records::Change,
        rest::{Caller, Refusal},
        seed,
    },
    App,
    frame::{self, Frame},
    session::SignedIn,
};
use crate::bookings::{Body, Kind, Recurrence};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "demo/new.html")]
struct New {
    frame: Frame,
    /// The platform's zone, for people.
    place: String,
    today: String,
    tomorrow: String,
}

/// `GET /bookings/new`.
pub(super) async fn form(State(app): State<Arc<App>>, SignedIn(person): SignedIn) -> Response {
    let zone = seed::zone();
    let name = seed::zone_name(&zone);
    let place = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
    let today = Timestamp::now().to_zoned(zone).date();
    let new = New {
        frame: Frame::new(&app, Some(person)),
        place,
        today: today.to_string(),
        tomorrow: today.tomorrow().unwrap_or(today).to_string(),
    };
    frame::page(StatusCode::OK, &new)
}

/// The fields of the form. A box that is not ticked is not sent.
#[derive(Deserialize)]
pub(super) struct Fields {
    title: String,
    kind: String,
    date: String,
    time: String,
    length: String,
    repeats: String,
    location: String,
    customer: Option<String>,
    staff: Option<String>,
    manager: Option<String>,
}

/// `POST /bookings`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Form(fields): Form<Fields>,
) -> Response {
    let made = match booking(&fields, person) {
        Ok((kind, body)) => app.records.add(kind, body).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(booking) => to_booking(booking.kind, &booking.id),
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

fn booking(fields: &Fields, person: &Person) -> Result<(Kind, Body), Refusal> {
    let wrong = |field: &str, remedy: &str| {
        let title = "Something is missing in the form";
        let refusal = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title);
        let detail = Some(format!("The {field} is missing or cannot be read"));
        Refusal {
            detail,
            remedy: Some(remedy.to_owned()),
            ..refusal
        }
    };
    let kind = Kind::parse(&fields.kind).ok_or_else(|| wrong("kind", "Choose one"))?;
    let date: Date = fields
        .date
        .parse()
        .map_err(|_| wrong("day", "Choose a day"))?;
    let ticked = [&fields.customer, &fields.staff, &fields.manager];
    let users: Vec<_> = PEOPLE
        .iter()
        .zip(ticked)
        .filter(|(known, ticked)| ticked.is_some() || *known == person)
        .map(|(known, _)| known.id)
        .collect();
    let mut body = seed::blank(fields.title.trim(), &users);
    let location = fields.location.trim();
    body.location = (!location.is_empty()).then(|| location.to_owned());
    if fields.length == "day" {
        let end = date
            .checked_add(1.day())
            .map_err(|_| wrong("day", "Choose an earlier day"))?;
        body.start_date = Some(date);
        body.end_date = Some(end);
        body.reminders = Vec::new();
    } else {
        let length = fields
            .length
            .parse()
            .ok()
            .filter(|minutes| (1..=1_440).contains(minutes));
        let length = length.ok_or_else(|| wrong("length", "Choose one"))?;
        let time: Time = fields
            .time
            .parse()
            .map_err(|_| wrong("time", "Choose a time"))?;
        seed::at(&mut body, date, (time.hour(), time.minute()), length)
            .ok_or_else(|| wrong("day", "Choose an earlier day"))?;
    }
    body.recurrence = match fields.repeats.as_str() {
        "daily" => Some("FREQ=DAILY;COUNT=5"),
        "weekly" => Some("FREQ=WEEKLY;COUNT=10"),
        "monthly" => Some("FREQ=MONTHLY;COUNT=12"),
        _ => None,
    }
    .map(|rule| Recurrence {
        rule: rule.to_owned(),
        excluded: Vec::new(),
    });
    Ok((kind, body))
}

/// `POST /bookings/{kind}/{id}/{change}`.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path((kind, id, change)): Path<(String, String, Change)>,
) -> Response {
    let changed = match known(&kind) {
        Ok(kind) => app
            .records
            .change(person, kind, &id, change)
            .await
            .map(|()| kind),
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(kind) => to_booking(kind, &id),
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

/// `GET /bookings/{kind}/{id}/calendar.ics`: Calport's file, as it is.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    SignedIn(person): SignedIn,
    Path((kind, id)): Path<(String, String)>,
) -> Response {
    let found = match known(&kind) {
        Ok(kind) => app.records.find(person, kind, &id).await,
        Err(refusal) => Err(refusal),
    };
    let reply = match found {
        Ok(booking) => {
            let path = format!("{}calendar.ics", booking.path());
            app.rest.get(Caller::User(person), &path).await
        }
        Err(refusal) => Err(refusal),
    };
    match reply {
        Ok(mut reply) => {
            let names = [header::CONTENT_TYPE, header::CONTENT_DISPOSITION];
            let headers = names.map(|name| reply.headers.remove(&name).map(|value| (name, value)));
            let headers: HeaderMap = headers.into_iter().flatten().collect();
            (headers, reply.body).into_response()
        }
        Err(refusal) => frame::refusal(&app, person, refusal),
    }
}

fn known(kind: &str) -> Result<Kind, Refusal> {
    Kind::parse(kind).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such kind of booking",
        )
    })
}

/// Back to the list, where the booking is.
fn to_booking(kind: Kind, id: &str) -> Response {
    Redirect::to(&format!("/#{}-{id}", kind.as_str())).into_response()
}
