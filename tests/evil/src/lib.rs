//! A hostile plugin. It fits the contract, looks harmless in its description, and does what
//! the grant of the calling user is called: the stored client id names the deed, the stored
//! scopes are its arguments. Calls for nobody take the name from their own text.

#![cfg(target_family = "wasm")]

mod compute;
mod describe;
mod flood;
mod returns;
mod spy;
mod wire;

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "plugin" });
}

use bindings::{
    calport::calendar::{
        token_store,
        types::{Error, Event, Range},
    },
    exports::calport::calendar::{
        calendar::{
            Account, Authorization, CalendarEntry, Callback, ConnectRequest, Guest, IcsOptions,
            PluginInfo, RemoteEvent,
        },
        changes::{ChangePage, Finding, Guest as Changes},
    },
};

/// What is to be done, and with what.
struct Deed {
    name: String,
    arguments: Vec<String>,
}

impl Deed {
    /// As the calling user's grant says.
    fn of_user() -> Self {
        match token_store::load() {
            Ok(Some(stored)) => Self {
                name: stored.credentials.client_id,
                arguments: stored.credentials.scopes,
            },
            Ok(None) | Err(_) => Self::named("good"),
        }
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            arguments: Vec::new(),
        }
    }

    /// Does it. What comes back is a report for whoever watches.
    fn perform(&self) -> Result<String, Error> {
        None.or_else(|| compute::perform(self))
            .or_else(|| flood::perform(self))
            .or_else(|| spy::perform(self))
            .or_else(|| wire::perform(self))
            .unwrap_or_else(|| Err(Error::Other(Some(format!("no such deed: {}", self.name)))))
    }
}

struct Plugin;

impl Guest for Plugin {
    fn describe() -> PluginInfo {
        describe::describe()
    }

    fn availability(provider: String) -> Result<(), Error> {
        match provider.as_str() {
            describe::PROVIDER => Ok(()),
            deed => Deed::named(deed).perform().map(drop),
        }
    }

    fn begin_connect(_: String, request: ConnectRequest) -> Result<Authorization, Error> {
        returns::authorization(&request)
    }

    fn complete_callback(_: String, callback: Callback) -> Result<Account, Error> {
        let deed = callback.parameters.iter().find(|p| p.name == "deed");
        returns::account(deed.map_or("good", |deed| &deed.value))
    }

    fn disconnect(_: String, _: bool) -> Result<(), Error> {
        Deed::of_user().perform().map(drop)
    }

    fn list_calendars(_: String) -> Result<Vec<CalendarEntry>, Error> {
        returns::calendars(&Deed::of_user())
    }

    fn push_event(
        _: String,
        _: Option<String>,
        _: Event,
        _: Option<RemoteEvent>,
    ) -> Result<Option<RemoteEvent>, Error> {
        returns::remote(&Deed::of_user()).map(Some)
    }

    fn remove_event(_: String, _: RemoteEvent) -> Result<(), Error> {
        Deed::of_user().perform().map(drop)
    }

    fn busy(_: String, _: Vec<String>, range: Range) -> Result<Vec<Range>, Error> {
        returns::busy(&Deed::of_user(), range)
    }

    fn export_ics(events: Vec<Event>, _: IcsOptions) -> Result<String, Error> {
        returns::file(events.first().map_or("good", |event| &event.title))
    }
}

impl Changes for Plugin {
    fn read(_: String, _: Option<String>, _: Option<String>) -> Result<ChangePage, Error> {
        returns::changes(&Deed::of_user())
    }

    fn compare(_: String, _: Event, remote: RemoteEvent) -> Result<Finding, Error> {
        returns::finding(&Deed::of_user(), remote)
    }
}

bindings::export!(Plugin with_types_in bindings);
