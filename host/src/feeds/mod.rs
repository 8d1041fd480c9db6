//! Files for calendars that are not connected by OAuth: secret feeds that calendar apps
//! subscribe to, and signed links to single files for mails.

mod links;
mod tokens;

pub(crate) use links::LINK_SECONDS;
pub use links::{Link, LinkError};
pub use tokens::{FeedError, FeedStatus, FeedUrls, Feeds};

use crate::{
    bookings::{Bookings, PutError, event_for},
    plugin::{CallError, Plugin, calendar::IcsOptions},
    subject::Subject,
};

/// How often an app is asked to fetch again, in seconds; Apple and others go their own
/// pace, but none is asked more often than this.
const REFRESH_SECONDS: u32 = 3_600;

/// For how long something that is over or cancelled stays in a feed, in seconds: apps that
/// were off for a holiday still learn of a cancellation.
const KEEP_SECONDS: i64 = 30 * 86_400;

/// The most events of a feed, the soonest to end first; the contract's own bound.
const MAX_EVENTS: usize = 10_000;

/// Why a feed could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The bookings cannot be read.
    #[error(transparent)]
    Bookings(#[from] PutError),
    /// The plugin refused.
    #[error(transparent)]
    Plugin(#[from] CallError),
}

/// A user's bookings as a calendar app reads them: what lies ahead, what was lately, and
/// what was cancelled lately, as cancelled.
///
/// # Errors
/// See [`RenderError`].
pub async fn render(
    bookings: &Bookings,
    plugin: &Plugin,
    subject: &Subject,
    name: &str,
) -> Result<String, RenderError> {
    let held = bookings.recent(subject, KEEP_SECONDS).await?;
    // What cannot be an event was refused when it was stored.
    let events = held
        .iter()
        .filter_map(|held| event_for(&held.id, &subject.user, &held.body, held.updated_at).ok())
        .take(MAX_EVENTS)
        .collect();
    let options = IcsOptions {
        name: Some(name.to_owned()),
        refresh_interval: Some(REFRESH_SECONDS),
    };
    Ok(plugin.export_ics(events, options).await?)
}
