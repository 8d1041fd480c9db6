//! The Calport component: Google Calendar, Outlook and `.ics` behind the contract
//! `calport:calendar`. This file holds the bindings and the exports, nothing else.

mod cursor;
mod event;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod google;
mod http;
mod ics;
mod json;
mod oauth;
mod outlook;
mod outside;
mod provider;
mod remote;
mod time;
mod zones;

#[cfg_attr(
    fuzzing,
    expect(missing_docs, reason = "what is generated is reached by fuzzing alone")
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "plugin",
        additional_derives: [PartialEq, Eq],
    });
}

#[cfg_attr(
    target_family = "wasm",
    expect(unsafe_code, reason = "exports are symbols; wit-bindgen names them")
)]
mod exports {
    use crate::bindings::calport::calendar::types::{Error, Event, Range};
    use crate::bindings::exports::calport::calendar::calendar::{
        Account, Authorization, CalendarEntry, Callback, ConnectRequest, Guest, IcsOptions,
        PluginInfo, RemoteEvent,
    };
    use crate::bindings::exports::calport::calendar::changes::{
        ChangePage, Finding, Guest as Changes,
    };
    use crate::outside::wasi::Wasi;
    use crate::{ics, provider};

    struct Plugin;

    impl Guest for Plugin {
        fn describe() -> PluginInfo {
            provider::describe()
        }

        fn availability(provider: String) -> Result<(), Error> {
            provider::availability(&Wasi, &provider)
        }

        fn begin_connect(
            provider: String,
            request: ConnectRequest,
        ) -> Result<Authorization, Error> {
            provider::begin_connect(&Wasi, &provider, &request)
        }

        fn complete_callback(provider: String, callback: Callback) -> Result<Account, Error> {
            provider::complete_callback(&Wasi, &provider, &callback)
        }

        fn disconnect(provider: String, revoke: bool) -> Result<(), Error> {
            provider::disconnect(&Wasi, &provider, revoke)
        }

        fn list_calendars(provider: String) -> Result<Vec<CalendarEntry>, Error> {
            provider::list_calendars(&Wasi, &provider)
        }

        fn push_event(
            provider: String,
            calendar: Option<String>,
            event: Event,
            known: Option<RemoteEvent>,
        ) -> Result<Option<RemoteEvent>, Error> {
            provider::push_event(&Wasi, &provider, calendar.as_deref(), event, known.as_ref())
        }

        fn remove_event(provider: String, remote: RemoteEvent) -> Result<(), Error> {
            provider::remove_event(&Wasi, &provider, &remote)
        }

        fn busy(
            provider: String,
            calendars: Vec<String>,
            range: Range,
        ) -> Result<Vec<Range>, Error> {
            provider::busy(&Wasi, &provider, &calendars, range)
        }

        fn export_ics(events: Vec<Event>, options: IcsOptions) -> Result<String, Error> {
            ics::export(events, options)
        }
    }

    impl Changes for Plugin {
        fn read(
            provider: String,
            calendar: Option<String>,
            since: Option<String>,
        ) -> Result<ChangePage, Error> {
            provider::read_changes(&Wasi, &provider, calendar.as_deref(), since.as_deref())
        }

        fn compare(provider: String, event: Event, remote: RemoteEvent) -> Result<Finding, Error> {
            provider::compare(&Wasi, &provider, event, &remote)
        }
    }

    // Native linkers refuse the names; native tests need none of them.

    #[cfg(target_family = "wasm")]

    crate::bindings::export!(Plugin with_types_in crate::bindings);
}
