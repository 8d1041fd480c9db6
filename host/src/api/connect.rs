//! Connecting and disconnecting an account.

use super::{Problem, auth::User, reader::Small};
use crate::{
    plugin::{
        CallError,
        calendar::{ProviderKind, RemoteEvent},
        types,
    },
    service::Service,
    subject::Subject,
    vault::{Binding, Connection},
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

/// Removals under way at once for one user: what Microsoft allows per mailbox.
const REMOVALS: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hint {
    login_hint: Option<String>,
}

#[derive(Serialize)]
struct Begun {
    authorization_url: String,
}

/// `POST .../connect/`: where to send the user's browser, and the cookie that it must
/// bring back.
pub(super) async fn begin(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(hint): Small<Hint>,
) -> Result<Response, Problem> {
    let info = service.plugin().provider(&provider);
    match info.map(|info| info.kind) {
        Some(ProviderKind::Oauth) | None => {}
        Some(ProviderKind::File) => {
            let shown = super::feeds::Shown::from(service.feeds().issue(&subject).await?);
            return Ok(Json(shown).into_response());
        }
    }
    let begun = service
        .flows()
        .begin(&subject, &provider, hint.login_hint)
        .await?;
    let secure = service.options().public_url.scheme() == "https";
    let cookie = super::callback::flow_cookie(begun.cookie.expose_secret(), secure);
    let mut headers = HeaderMap::new();
    if let Ok(mut value) = HeaderValue::from_str(&cookie) {
        value.set_sensitive(true);
        headers.insert(header::SET_COOKIE, value);
    }
    let begun = Begun {
        authorization_url: begun.authorization_url.into(),
    };
    Ok((headers, Json(begun)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parked {
    handle: String,
}

#[derive(Serialize)]
pub(super) struct Completed {
    status: &'static str,
}

/// `POST .../complete/`: finishes a flow that came back in another browser.
pub(super) async fn complete(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(parked): Small<Parked>,
) -> Result<Json<Completed>, Problem> {
    service
        .flows()
        .complete(&subject, &provider, &parked.handle)
        .await?;
    Ok(Json(Completed {
        status: "connected",
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaving {
    #[serde(default)]
    remove_events: bool,
}

#[derive(Serialize)]
pub(super) struct Left {
    status: &'static str,
    /// Whether the provider has taken the grant back, too.
    revoked: bool,
    /// Events that were removed from the calendar.
    removed: usize,
    /// Events that could not be removed, and stay.
    left: usize,
}

/// `POST .../disconnect/`: erased here in any case; revoked at the provider where it can be
/// and nobody else shares the account.
pub(super) async fn disconnect(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(leaving): Small<Leaving>,
) -> Result<Json<Left>, Problem> {
    let Some(info) = service.plugin().provider(&provider) else {
        return Err(Problem::not_found("no such provider"));
    };
    if info.kind == ProviderKind::File {
        service.feeds().revoke(&subject).await?;
    }
    let Some(connection) = service.vault().connection(&subject, &provider).await? else {
        return Ok(Json(Left {
            status: "disconnected",
            revoked: false,
            removed: 0,
            left: 0,
        }));
    };
    let (removed, left) = match leaving.remove_events {
        true => remove_events(&service, &connection).await?,
        false => (0, 0),
    };
    let shared = service.vault().is_shared(&connection).await?;
    let binding = binding(&service, &subject, &provider);
    let revoked = match service.plugin().disconnect(binding, !shared).await {
        Ok(()) => !shared,
        Err(error) => {
            tracing::warn!(%subject, provider, %error, "the grant was not revoked");
            false
        }
    };
    service.vault().erase(&subject, &provider).await?;
    service
        .deliveries()
        .forget_connection(&subject, &provider)
        .await?;
    tracing::info!(%subject, provider, "disconnected");
    Ok(Json(Left {
        status: "disconnected",
        revoked,
        removed,
        left,
    }))
}

fn binding(service: &Service, subject: &Subject, provider: &str) -> Binding {
    Binding::new(service.vault().clone(), subject.clone(), provider)
}

/// Takes our events out of a calendar before its grant goes.
async fn remove_events(
    service: &Service,
    connection: &Connection,
) -> Result<(usize, usize), Problem> {
    let Connection {
        subject, provider, ..
    } = connection;
    let deliveries = service
        .deliveries()
        .of_connection(subject, provider)
        .await?;
    let known: Vec<RemoteEvent> = deliveries
        .iter()
        .filter_map(|delivery| delivery.remote_event())
        .collect();
    // What a worker is pushing at this moment must not come back afterwards.
    service
        .deliveries()
        .forget_connection(subject, provider)
        .await?;
    let total = known.len();
    let removals = known.into_iter().map(|remote| {
        let binding = binding(service, subject, provider);
        async move { service.plugin().remove_event(binding, remote).await.is_ok() }
    });
    let removed = stream::iter(removals)
        .buffer_unordered(REMOVALS)
        .filter(|removed| std::future::ready(*removed))
        .count()
        .await;
    Ok((removed, total - removed))
}

/// Notes a grant that turned out dead while a user asked for something.
pub(super) async fn note_dead_grant(
    service: &Service,
    subject: &Subject,
    provider: &str,
    error: &CallError,
) -> Result<(), Problem> {
    if let CallError::Plugin(types::Error::NeedsReconnect(reason)) = error {
        service.vault().mark_dead(subject, provider, reason).await?;
    }
    Ok(())
}

/// The answer where a provider of files is asked for an account.
pub(super) fn not_connected() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not-connected",
        "No account is connected",
    )
    .remedy("connect one with connect/")
}
