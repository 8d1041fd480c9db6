//! The calendars of a connected account, and which of them bookings go to.

use super::{
    Problem,
    auth::User,
    connect::{not_connected, note_dead_grant},
    reader::Small,
};
use crate::{
    plugin::calendar::CalendarEntry,
    service::Service,
    subject::Subject,
    sync,
    vault::{Binding, Destination},
};
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
    let connection = service.vault().connection(&subject, &provider).await?;
    let connection = connection.ok_or_else(not_connected)?;
    let entries = entries(&service, &subject, &provider).await?;
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
    if service
        .vault()
        .connection(&subject, &provider)
        .await?
        .is_none()
    {
        return Err(not_connected());
    }
    let entries = entries(&service, &subject, &provider).await?;
    let chosen = entries
        .into_iter()
        .find(|entry| entry.id == choice.id)
        .ok_or_else(|| {
            Problem::invalid(
                "id",
                "is not one of the account's calendars that can be written to",
                "an id that calendars/ lists",
            )
        })?;
    let destination = Destination {
        id: chosen.id.clone(),
        name: chosen.name.clone(),
    };
    service
        .vault()
        .choose_destination(&subject, &provider, &destination)
        .await?;
    let database = service.vault().database();
    let (mut transaction, now) = database.write().await?;
    sync::owe_connection(&mut transaction, &subject, &provider, now).await?;
    transaction.commit().await?;
    service.announce();
    let CalendarEntry { id, name, primary } = chosen;
    Ok(Json(Calendar {
        id,
        name,
        primary,
        chosen: true,
    }))
}

async fn entries(
    service: &Service,
    subject: &Subject,
    provider: &str,
) -> Result<Vec<CalendarEntry>, Problem> {
    let binding = Binding::new(service.vault().clone(), subject.clone(), provider);
    match service.plugin().list_calendars(binding).await {
        Ok(entries) => Ok(entries),
        Err(error) => {
            note_dead_grant(service, subject, provider, &error).await?;
            Err(error.into())
        }
    }
}
