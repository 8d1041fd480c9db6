//! The Calport component: Google Calendar, Outlook and `.ics` behind the contract
//! `calport:calendar`. This file holds the bindings and the exports, nothing else.

mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "plugin",
        additional_derives: [PartialEq, Eq],
    });
}
mod event;
mod fault;
mod ics;
mod time;
mod zones;
