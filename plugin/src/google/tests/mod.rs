mod account;
mod busy;
mod changes;
mod connect;
mod faults;
mod lost;
mod model;
mod moving;
mod push;

use super::*;
use crate::bindings::calport::calendar::types::Event;
use crate::bindings::exports::calport::calendar::calendar::RemoteEvent;
use crate::event::tests::sample;
use crate::outside::fake::Fake;
use crate::provider;

fn all_scopes() -> Vec<&'static str> {
    PROFILE.scopes.iter().map(|scope| scope.name).collect()
}

fn connected() -> Fake {
    Fake::connected(&all_scopes())
}

fn push(
    world: &Fake,
    event: &Event,
    known: Option<&RemoteEvent>,
) -> Result<Option<RemoteEvent>, crate::bindings::calport::calendar::types::Error> {
    provider::push_event(world, "google", None, event.clone(), known)
}
