//! Whether the process lives, and whether it wants requests.

use super::{Problem, Shared};
use crate::service::Service;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use std::time::Duration;

/// How long the database may take to say the time. Who asks gives up soon after, and then
/// takes the process for dead instead of for busy.
const ANSWER: Duration = Duration::from_secs(2);

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(service): State<Service>) -> Result<&'static str, Problem> {
    if service.readiness().is_leaving() {
        let title = "This process is about to end";
        return Err(not_ready(title));
    }
    let database = service.vault().database();
    match tokio::time::timeout(ANSWER, database.now()).await {
        Ok(now) => now.map(|_| "ok\n").map_err(Into::into),
        Err(_) => Err(not_ready("The database does not answer in time")),
    }
}

fn not_ready(title: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title)
}

/// Around every route. Connections that are kept open know no balancer's mind: once the
/// process is to end, each is closed after its next reply (RFC 9112, section 9.6).
pub(super) async fn let_go(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if shared.service.readiness().is_leaving() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
