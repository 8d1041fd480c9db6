//! `GET /metrics`, and what is counted of every request.

use super::{Problem, Shared, auth::Operator};
use crate::metrics::Gauges;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, Method, header},
    middleware::Next,
    response::Response,
};
use std::time::Instant;

/// OpenMetrics 1.0, which every Prometheus of today asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// For the operator's own bearer: how much a platform books is nobody else's business.
pub(super) async fn show(
    _: Operator,
    State(shared): State<Shared>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let service = &shared.service;
    let gauges = Gauges::read(service.vault().database()).await?;
    let text = service.metrics().render(&gauges);
    let text = text.map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}

/// Around every route. Of a path only its pattern is told: ids would be without number.
pub(super) async fn count(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status().as_u16();
    shared
        .service
        .metrics()
        .answered(method, route, status, began.elapsed());
    response
}

/// Those that anything here answers; callers may make up others without end.
fn method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}
