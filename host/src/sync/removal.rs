//! Takes events of ours out of a calendar at once, before its grant goes. What cannot be
//! removed is counted, not retried: nobody could afterwards.

use crate::{
    plugin::{CallError, Plugin, calendar::RemoteEvent, types::Error},
    vault::Binding,
};
use futures::{StreamExt, stream};
use std::{pin::pin, time::Duration};

/// Removals under way at once for one user: what Microsoft allows per mailbox.
const REMOVALS: usize = 4;

/// Removes these events, as many as it can within this time; how many were, and how many
/// stay. It stops where the grant turns out dead: every other call would only wait for its
/// turn to learn the same.
pub async fn remove_events(
    plugin: &Plugin,
    binding: &Binding,
    events: Vec<RemoteEvent>,
    within: Duration,
) -> (usize, usize) {
    let total = events.len();
    let removals = events.into_iter().map(|remote| {
        let binding = binding.clone();
        async move { plugin.remove_event(binding, remote).await }
    });
    let removals = stream::iter(removals)
        .take_until(tokio::time::sleep(within))
        .buffer_unordered(REMOVALS);
    let mut removals = pin!(removals);
    let mut removed = 0;
    while let Some(outcome) = removals.next().await {
        match outcome {
            Ok(()) => removed += 1,
            Err(CallError::Plugin(Error::NeedsReconnect(_))) => break,
            Err(_) => {}
        }
    }
    (removed, total - removed)
}
