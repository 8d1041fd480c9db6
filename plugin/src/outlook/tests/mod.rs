mod busy;
mod changes;
mod connect;
mod faults;
mod model;
mod push;
mod series;

use crate::bindings::calport::calendar::types::{Error, Event};
use crate::bindings::exports::calport::calendar::calendar::RemoteEvent;
use crate::event::tests::sample;
use crate::outside::fake::Fake;
use crate::provider;

fn connected() -> Fake {
    Fake::connected(&[
        "https://graph.microsoft.com/User.Read",
        "https://graph.microsoft.com/Calendars.ReadWrite",
    ])
}

fn push(
    world: &Fake,
    event: &Event,
    known: Option<&RemoteEvent>,
) -> Result<Option<RemoteEvent>, Error> {
    provider::push_event(world, "outlook", None, event.clone(), known)
}
