//! The private address that calendar apps subscribe to, with its QR code.

use super::{
    HOME_PATH,
    app::{App, Frame, Stop, render, to_start},
    times,
    visit::Posted,
    words::{Words, fill},
};
use crate::feeds::FeedStatus;
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// Modules of white that a QR code needs around it (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

/// What is known of the feed.
pub(super) struct FeedView {
    pub(super) exists: bool,
    /// When it was last fetched, in words.
    pub(super) fetched: String,
}

impl FeedView {
    pub(super) fn of(words: &Words, status: Option<FeedStatus>) -> Self {
        let fetched = status.and_then(|status| status.last_fetched);
        let when = fetched.and_then(|seconds| times::moment(words, seconds));
        Self {
            exists: status.is_some(),
            fetched: match when {
                Some(when) => fill(words.feed_fetched, "when", &when),
                None => words.feed_never.to_owned(),
            },
        }
    }
}

/// The address, the only time that it is shown.
#[derive(Template)]
#[template(path = "page/feed.html")]
struct Address {
    frame: Frame,
    https_url: String,
    webcal_url: String,
    /// `None` where the address does not fit a code.
    code: Option<Code>,
}

/// A QR code as one path of an SVG.
struct Code {
    /// Modules on each side, the quiet zone included.
    size: usize,
    path: String,
}

impl Code {
    fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (index, colour) in code.to_colors().into_iter().enumerate() {
            if colour == Color::Dark {
                let (x, y) = (index % width + QUIET, index / width + QUIET);
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
        Some(Self {
            size: width + 2 * QUIET,
            path,
        })
    }
}

/// `POST /page/feed/`: a further address. It is shown in the reply itself, for it is stored
/// nowhere that a redirect could read it from; sending the form again makes another one.
pub(super) async fn create(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let visit = posted.visit;
    let urls = app.service().feeds().issue(visit.subject()).await;
    let urls = urls.map_err(|error| visit.failed(&app, &error))?;
    let address = Address {
        frame: Frame {
            languages_at: HOME_PATH,
            ..visit.frame(&app)
        },
        code: Code::of(&urls.webcal_url),
        https_url: urls.feed_url,
        webcal_url: urls.webcal_url,
    };
    Ok(render(StatusCode::OK, &address))
}

/// `POST /page/feed/end/`.
pub(super) async fn end(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let ended = app.service().feeds().revoke(posted.visit.subject()).await;
    ended.map_err(|error| posted.visit.failed(&app, &error))?;
    Ok(to_start("", "feed-ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_with_its_quiet_zone_and_dark_corners() {
        let url = format!("webcal://host.example/feeds/{}.ics", "x".repeat(43));
        let code = Code::of(&url).unwrap();
        assert_eq!((code.size - 2 * QUIET - 17) % 4, 0, "no size of a QR code");
        assert!(code.path.starts_with("M4 4h1v1h-1z"));
        assert!(!code.path.contains("M3 "));
    }
}
