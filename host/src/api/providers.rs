//! `GET /api/calendar/`: every provider with its state for this user.

use super::{Problem, auth::User};
use crate::{
    account,
    feeds::FeedStatus,
    plugin::calendar::{ProviderInfo, ProviderKind},
    service::Service,
    vault::Connection,
};
use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Serialize;

/// The reply.
#[derive(Serialize)]
pub(super) struct Overview {
    providers: Vec<Provider>,
}

#[derive(Serialize)]
struct Provider {
    id: String,
    label: String,
    kind: &'static str,
    availability: &'static str,
    connected: bool,
    needs_reconnect: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconnect_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<Calendar>,
    /// Of a provider of files: when an app last fetched the user's feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_fetched: Option<Timestamp>,
}

#[derive(Serialize)]
struct Calendar {
    id: String,
    name: String,
}

pub(super) async fn list(
    State(service): State<Service>,
    User(subject): User,
) -> Result<Json<Overview>, Problem> {
    let connections = service.vault().connections(&subject).await?;
    let feed = service.feeds().status(&subject).await?;
    let mut providers = Vec::new();
    for info in &service.plugin().info().providers {
        let connection = connections
            .iter()
            .find(|connection| connection.provider == info.id);
        let available = account::is_available(&service, &info.id).await;
        providers.push(provider(info, connection, feed, available));
    }
    Ok(Json(Overview { providers }))
}

fn provider(
    info: &ProviderInfo,
    connection: Option<&Connection>,
    feed: Option<FeedStatus>,
    available: bool,
) -> Provider {
    let feed = feed.filter(|_| info.kind == ProviderKind::File);
    Provider {
        id: info.id.clone(),
        label: info.label.clone(),
        kind: match info.kind {
            ProviderKind::Oauth => "oauth",
            ProviderKind::File => "file",
        },
        availability: if available {
            "available"
        } else {
            "temporarily_unavailable"
        },
        connected: connection.is_some() || feed.is_some(),
        needs_reconnect: connection.is_some_and(|c| c.reconnect_reason.is_some()),
        reconnect_reason: connection.and_then(|c| c.reconnect_reason.clone()),
        account: connection.map(|c| c.account.label.clone()),
        calendar: connection.map(|c| Calendar {
            id: c.destination.id.clone(),
            name: c.destination.name.clone(),
        }),
        last_fetched: feed
            .and_then(|feed| feed.last_fetched)
            .and_then(|at| Timestamp::from_second(at).ok()),
    }
}
