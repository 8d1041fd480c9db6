//! The calendars of a connected account, and which of them bookings go to.

use super::{Problem, auth::User, reader::Small};
use crate::{account, plugin::calendar::CalendarEntry, service::Service};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct Calendars {
    calendars: Vec<Calendar>,
}

#[derive(Serialize)]
pub(super) struct Calendar {
    id: String,
    name: String,
    primary: bool,
    /// Whether bookings go there.
    chosen: bool,
}

/// `GET .../calendars/`: asked of the provider each time.
pub(super) async fn list(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
) -> Result<Json<Calendars>, Problem> {
    let (connection, entries) = account::calendars(&service, &subject, &provider).await?;
    let calendars = entries.into_iter().map(|entry| Calendar {
        chosen: entry.id == connection.destination.id,
        id: entry.id,
        name: entry.name,
        primary: entry.primary,
    });
    Ok(Json(Calendars {
        calendars: calendars.collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    id: String,
}

/// `PUT .../calendar/`: what is ahead moves to the chosen calendar.
pub(super) async fn choose(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(choice): Small<Choice>,
) -> Result<Json<Calendar>, Problem> {
    let chosen = account::choose(&service, &subject, &provider, &choice.id).await?;
    let CalendarEntry { id, name, primary } = chosen;
    Ok(Json(Calendar {
        id,
        name,
        primary,
        chosen: true,
    }))
}
