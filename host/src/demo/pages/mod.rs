//! The platform's pages: plain HTML from the server, no script. Every page says that the
//! providers are stand-ins; every change is a POST from one of these very pages.

mod bookings;
mod calendars;
mod feeds;
mod frame;
mod guard;
mod home;
mod session;
mod steps;
mod switches;
mod together;
mod views;

pub(super) use calendars::RETURN_PATH;
pub(super) use steps::STEPS;

use super::{records::Records, rest::Rest, standins::StandIns};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use std::sync::Arc;
use url::Url;

/// What the pages share.
pub(super) struct App {
    rest: Arc<Rest>,
    records: Records,
    standins: Arc<StandIns>,
    guard: guard::Guard,
}

impl App {
    pub(super) fn new(
        rest: Arc<Rest>,
        records: Records,
        standins: Arc<StandIns>,
        url: &Url,
    ) -> Self {
        let guard = guard::Guard::new(url, &standins);
        Self {
            rest,
            records,
            standins,
            guard,
        }
    }
}

/// The pages' paths, none of which is Calport's.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/style.css", get(style))
        .route("/together", get(together::show))
        .route("/sign-in", post(session::sign_in))
        .route("/sign-out", post(session::sign_out))
        .route("/bookings", post(bookings::create))
        .route("/bookings/new", get(bookings::form))
        .route("/bookings/{kind}/{id}/calendar.ics", get(bookings::file))
        .route("/bookings/{kind}/{id}/{change}", post(bookings::change))
        .route(RETURN_PATH, get(calendars::returned))
        .route("/calendars/{provider}", get(calendars::settings))
        .route("/calendars/{provider}/connect", post(calendars::connect))
        .route("/calendars/{provider}/complete", post(calendars::complete))
        .route("/calendars/{provider}/choose", post(calendars::choose))
        .route(
            "/calendars/{provider}/disconnect",
            post(calendars::disconnect),
        )
        .route(
            "/calendars/{provider}/disconnected",
            get(calendars::disconnected),
        )
        .route("/calendars/{provider}/feed", post(feeds::make))
        .route("/calendars/{provider}/forget", post(feeds::forget))
        .route("/settings-page", post(calendars::own_page))
        .route("/stand-ins/{provider}", post(switches::switch))
        // A reloaded or typed address of a form's target.
        .method_not_allowed_fallback(|| async { Redirect::to("/") })
        .layer(middleware::from_fn_with_state(app.clone(), guard::check))
        .with_state(app)
}

async fn style() -> impl IntoResponse {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, include_str!("../../../templates/demo/style.css"))
}
