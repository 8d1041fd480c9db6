//! Files. Whatever a booking holds, its file is lines that every reader takes apart in the same
//! way: the components that were meant, their properties, and no other.

#![no_main]

mod ics {
    pub mod booking;
    pub mod check;
}

use arbitrary::Arbitrary;
use calport_fuzz::check_error;
use calport_plugin::fuzzing::{Event, IcsOptions, export};
use ics::{booking::Booking, check::check_file};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Feed {
    bookings: Vec<Booking>,
    name: Option<ics::booking::Text>,
    refresh_interval: Option<u32>,
}

fuzz_target!(|feed: Feed| {
    let events: Vec<Event> = feed
        .bookings
        .into_iter()
        .take(8)
        .enumerate()
        .map(|(index, booking)| booking.event(index))
        .collect();
    let options = || IcsOptions {
        name: feed.name.as_ref().map(ToString::to_string),
        refresh_interval: feed.refresh_interval,
    };
    match export(events.clone(), options()) {
        Ok(file) => {
            check_file(&file, &events, &options());
            assert_eq!(export(events, options()).as_ref(), Ok(&file));
        }
        Err(error) => check_error(&error),
    }
});
