//! Putting an event back that the user has changed or deleted in their own calendar.

use super::{
    app::{App, Stop, to_start},
    visit::Posted,
};
use crate::bookings::{BookingId, Kind};
use axum::{extract::State, response::Response};

/// `POST /page/bookings/restore/`.
pub(super) async fn restore(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let field = |name| posted.field(name).unwrap_or_default();
    let provider = field("provider");
    let Some(kind) = Kind::parse(field("kind")) else {
        return Ok(posted.visit.missing(&app));
    };
    let subject = posted.visit.subject();
    let id = BookingId {
        tenant: subject.tenant.clone(),
        kind,
        id: field("booking").to_owned(),
    };
    let service = app.service();
    let restored = service
        .deliveries()
        .restore(&id, Some(&subject.user), Some(provider))
        .await;
    restored.map_err(|error| posted.visit.failed(&app, &error))?;
    service.announce();
    Ok(to_start(provider, "restoring"))
}
