//! Takes events of ours out of a calendar at once, before its grant goes. What cannot be
//! removed is counted, not retried: nobody could afterwards.

use crate::{
    plugin::{Plugin, calendar::RemoteEvent},
    vault::Binding,
};
use futures::{StreamExt, stream};
use std::time::Duration;

/// Removals under way at once for one user: what Microsoft allows per mailbox.
const REMOVALS: usize = 4;

/// Removes these events, as many as it can within this time; how many were, and how many
/// stay.
pub async fn remove_events(
    plugin: &Plugin,
    binding: &Binding,
    events: Vec<RemoteEvent>,
    within: Duration,
) -> (usize, usize) {
    let total = events.len();
    let removals = events.into_iter().map(|remote| {
        let binding = binding.clone();
        async move { plugin.remove_event(binding, remote).await.is_ok() }
    });
    let removed = stream::iter(removals)
        .take_until(tokio::time::sleep(within))
        .buffer_unordered(REMOVALS)
        .filter(|removed| std::future::ready(*removed))
        .count()
        .await;
    (removed, total - removed)
}
