//! `GET /api/calendar/`: every provider with its state for this user.

use super::{Problem, auth::User};
use crate::{
    account,
    feeds::FeedStatus,
    plugin::calendar::{ProviderInfo, ProviderKind},
    service::Service,
    sync::Progress,
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
    /// How far a connected calendar has come with all that it is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressReading>,
    /// Set: disconnected, while our events are still being removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaving: Option<ProgressReading>,
    /// Where only the user can take a grant back; without them, disconnecting does it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revoke_urls: Vec<String>,
    /// Of a provider of files: when an app last fetched the user's feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_fetched: Option<Timestamp>,
}

#[derive(Serialize)]
struct Calendar {
    id: String,
    name: String,
}

/// Deliveries by state.
#[derive(Serialize)]
struct ProgressReading {
    waiting: u64,
    in_calendar: u64,
    needs_reconnect: u64,
    failed: u64,
}

impl From<Progress> for ProgressReading {
    fn from(progress: Progress) -> Self {
        let Progress {
            waiting,
            in_calendar,
            needs_reconnect,
            failed,
        } = progress;
        Self {
            waiting,
            in_calendar,
            needs_reconnect,
            failed,
        }
    }
}

pub(super) async fn list(
    State(service): State<Service>,
    User(subject): User,
) -> Result<Json<Overview>, Problem> {
    let connections = service.vault().connections_or_leaving(&subject).await?;
    let feed = service.feeds().status(&subject).await?;
    let mut providers = Vec::new();
    for info in &service.plugin().info().providers {
        let connection = connections
            .iter()
            .find(|connection| connection.provider == info.id);
        let available = account::is_available(&service, &info.id).await;
        let progress = match connection {
            Some(_) => Some(service.deliveries().progress(&subject, &info.id).await?),
            None => None,
        };
        let pages = service.revocations().pages(&info.id);
        providers.push(provider(info, connection, feed, available, progress, pages));
    }
    Ok(Json(Overview { providers }))
}

fn provider(
    info: &ProviderInfo,
    connection: Option<&Connection>,
    feed: Option<FeedStatus>,
    available: bool,
    progress: Option<Progress>,
    pages: &[String],
) -> Provider {
    let (left, connection) = match connection {
        Some(left) if left.leaving_at.is_some() => (Some(left), None),
        connected => (None, connected),
    };
    let progress = progress.map(ProgressReading::from);
    let (leaving, progress) = match left {
        Some(_) => (progress, None),
        None => (None, progress),
    };
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
        account: connection.or(left).map(|c| c.account.label.clone()),
        progress,
        leaving,
        calendar: connection.map(|c| Calendar {
            id: c.destination.id.clone(),
            name: c.destination.name.clone(),
        }),
        revoke_urls: pages.to_vec(),
        last_fetched: feed
            .and_then(|feed| feed.last_fetched)
            .and_then(|at| Timestamp::from_second(at).ok()),
    }
}
