//! Takes events of ours out of a calendar before its grant goes.

use crate::{
    plugin::{CallError, Plugin, calendar::RemoteEvent, types::Error},
    vault::Binding,
};
use futures::{StreamExt, stream};
use std::{pin::pin, time::Duration};

/// Removals under way at once for one user: what Microsoft allows per mailbox.
const REMOVALS: usize = 4;

/// Failures in a row after which the provider is left alone: as if each removal under way had
/// failed twice.
const IN_A_ROW: usize = 2 * REMOVALS;

/// What a removal of events came to.
#[derive(Clone, Debug, Default)]
pub struct Removal {
    /// Events that are gone.
    pub removed: usize,
    /// Events that nothing removes any more, and that stay.
    pub refused: usize,
    /// Events that another try may remove, or that it did not come to.
    pub rest: Vec<RemoteEvent>,
}

impl Removal {
    /// How many are still there.
    pub fn left(&self) -> usize {
        self.refused + self.rest.len()
    }
}

/// Removes these events, as many as it can within this time. It stops where the grant turns
/// out dead, as every other call would only wait for its turn to learn the same, and where one
/// after the other fails. Removing what is gone already succeeds.
pub async fn remove_events(
    plugin: &Plugin,
    binding: &Binding,
    events: Vec<RemoteEvent>,
    within: Duration,
) -> Removal {
    let mut removal = Removal::default();
    let mut open: Vec<_> = events.iter().cloned().map(Some).collect();
    let removals = events.into_iter().enumerate().map(|(place, remote)| {
        let binding = binding.clone();
        async move { (place, plugin.remove_event(binding, remote).await) }
    });
    let removals = stream::iter(removals)
        .take_until(tokio::time::sleep(within))
        .buffer_unordered(REMOVALS);
    let mut removals = pin!(removals);
    let mut failures = 0;
    while let Some((place, outcome)) = removals.next().await {
        let over = match outcome {
            Ok(()) => {
                failures = 0;
                &mut removal.removed
            }
            Err(CallError::Plugin(Error::NeedsReconnect(_) | Error::NotConnected)) => {
                removal.refused += open.iter().flatten().count();
                open.clear();
                break;
            }
            Err(error) if !error.may_pass() => {
                failures = 0;
                &mut removal.refused
            }
            Err(_) => {
                failures += 1;
                if failures == IN_A_ROW {
                    break;
                }
                continue;
            }
        };
        *over += 1;
        if let Some(event) = open.get_mut(place) {
            *event = None;
        }
    }
    removal.rest = open.into_iter().flatten().collect();
    removal
}
