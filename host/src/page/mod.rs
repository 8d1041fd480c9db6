//! The settings page, for platforms that do not build their own: plain HTML from the
//! server that needs no script. A user comes by a one-time URL that the platform asks for;
//! from then on a session cookie says who it is, and nothing else does.
//!
//! Every change is a POST from one of the page's own forms: same origin, and with a token
//! of the session. No text of a provider or platform reaches the page unescaped, none of a
//! provider's errors reaches it at all: what happened is said in words of ours ([`words`]),
//! each with the one next step. It never sends a browser anywhere but to a provider's
//! authorize endpoint, the platform's return URL, or itself.

mod app;
mod bookings;
mod calendars;
mod connect;
mod disconnect;
mod feed;
mod guard;
mod home;
mod look;
mod message;
mod notice;
mod restore;
mod session;
mod switch;
mod times;
mod visit;
mod words;

pub use session::{
    COOKIE, PageSessions, SESSION_SECONDS, Session, SessionError, TICKET_SECONDS, Visitor,
};
pub use words::Language;

use crate::service::Service;
use app::App;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::header,
    routing::{get, post},
};
use tower_http::set_header::SetResponseHeaderLayer;

/// Where one-time URLs lead.
pub const OPEN_PATH: &str = "/page/open/";

/// Where a browser returns to that set out from the page.
pub const RETURN_PATH: &str = "/page/returned/";

/// Where a browser ends that no platform has asked back.
pub const DONE_PATH: &str = "/done/";

/// The start of the page.
const HOME_PATH: &str = "/page/";

/// The largest form, in bytes: a calendar's id is the longest field.
const MAX_FORM: usize = 16 * 1024;

/// The page's paths, without the slash at their end.
pub fn router(service: Service) -> Router {
    let app = App::new(service);
    let headers = look::headers(&app);
    let mut router = Router::new()
        .route("/page", get(home::show))
        .route("/page/open", get(visit::open))
        .route("/page/returned", get(connect::returned))
        .route("/page/close", post(visit::close))
        .route("/page/feed", post(feed::create))
        .route("/page/feed/end", post(feed::end))
        .route("/page/bookings/restore", post(restore::restore))
        .route("/page/calendars/{provider}/connect", post(connect::begin))
        .route(
            "/page/calendars/{provider}/complete",
            post(connect::complete),
        )
        .route("/page/calendars/{provider}/switch", post(switch::answer))
        .route(
            "/page/calendars/{provider}/again",
            post(calendars::try_again),
        )
        .route(
            "/page/calendars/{provider}/choose",
            get(calendars::show).post(calendars::choose),
        )
        .route(
            "/page/calendars/{provider}/disconnect",
            get(disconnect::ask).post(disconnect::disconnect),
        )
        .route("/page/assets/{file}", get(look::asset))
        .route("/done", get(message::done))
        .layer(DefaultBodyLimit::max(MAX_FORM));
    for (name, value) in headers {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    router
        .layer(SetResponseHeaderLayer::if_not_present(
            header::VARY,
            header::HeaderValue::from_static("accept-language, cookie"),
        ))
        .with_state(app)
}
