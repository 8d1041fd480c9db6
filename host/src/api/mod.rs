//! The REST interface. Paths answer the same with and without the slash at their end;
//! errors are problem documents (RFC 9457) with the contract's names as `code`.

mod auth;
mod bookings;
mod busy;
mod calendars;
mod callback;
mod complete;
mod connect;
mod feeds;
#[cfg(fuzzing)]
pub mod fuzzing;
mod health;
mod idempotency;
mod issuer;
mod metrics;
mod openapi;
mod page_sessions;
mod problem;
mod providers;
mod reader;
mod users;

pub use auth::{Authenticator, Claims};
pub use problem::Problem;

use crate::{page, service::Service, traces};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    http::{HeaderValue, header},
    middleware,
    routing::{delete, get, post, put},
};
use std::sync::Arc;
use tower::Layer;
use tower_http::{
    normalize_path::NormalizePathLayer, set_header::SetResponseHeaderLayer, trace::TraceLayer,
};

/// The largest body that is read: room for a title far too long, so that its error can
/// name it.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// What handlers share.
#[derive(Clone)]
struct Shared {
    service: Service,
    authenticator: Arc<Authenticator>,
}

impl FromRef<Shared> for Service {
    fn from_ref(shared: &Shared) -> Self {
        shared.service.clone()
    }
}

/// The whole interface for a service.
pub fn router(service: Service) -> Router {
    let authenticator = Arc::new(Authenticator::new(service.options()));
    let pages = page::router(service.clone());
    let shared = Shared {
        service,
        authenticator,
    };
    let routes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/page-sessions", post(page_sessions::issue))
        .route("/api/users/{id}", delete(users::erase))
        .route("/api/calendar", get(providers::list))
        .route("/api/calendar/busy", get(busy::busy))
        .route(
            "/api/calendar/feed",
            post(feeds::renew).delete(feeds::revoke),
        )
        .route("/feeds/{file}", get(feeds::fetch))
        .route("/api/calendar/{provider}/connect", post(connect::begin))
        .route("/api/calendar/{provider}/callback", get(callback::callback))
        .route(
            "/api/calendar/{provider}/complete",
            post(complete::complete),
        )
        .route(
            "/api/calendar/{provider}/disconnect",
            post(connect::disconnect),
        )
        .route("/api/calendar/{provider}/calendars", get(calendars::list))
        .route("/api/calendar/{provider}/calendar", put(calendars::choose))
        .route(
            "/api/{kind}/{id}",
            put(bookings::store)
                .get(bookings::show)
                .delete(bookings::cancel),
        )
        .route("/api/{kind}/{id}/restore", post(bookings::restore))
        .route("/api/{kind}/{id}/calendar.ics", get(bookings::file))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .route_layer(middleware::from_fn_with_state(
            shared.clone(),
            idempotency::once,
        ))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(reader::bounded))
        .with_state(shared.clone())
        .merge(pages)
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            metrics::count,
        ))
        .layer(middleware::from_fn_with_state(shared, health::let_go));
    Router::new()
        .fallback_service(NormalizePathLayer::trim_trailing_slash().layer(routes))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .layer(TraceLayer::new_for_http().make_span_with(span))
}

/// Says the path and never the query, which holds codes and signatures, and of a feed not
/// even the path.
fn span(request: &axum::extract::Request) -> tracing::Span {
    let path = request.uri().path();
    let path = if path.starts_with("/feeds/") {
        "/feeds/..."
    } else {
        path
    };
    let span = tracing::info_span!("request", method = %request.method(), path);
    traces::follow(&span, request.headers());
    span
}

/// A header on every reply that does not set its own.
fn fixed(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
