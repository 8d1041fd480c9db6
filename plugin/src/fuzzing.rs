//! What fuzz targets reach of the plugin: files, and calls in a made-up world whose providers
//! answer whatever they like.

pub use crate::bindings::calport::calendar::types::{
    AllDay, Error, Event, InvalidField, Occurrence, Person, Range, Recurrence, RetryAdvice,
    RetryCause, Span, Status, Timed,
};
pub use crate::bindings::exports::calport::calendar::calendar::{
    Account, CalendarEntry, Callback, IcsOptions, Parameter, RemoteEvent,
};
pub use crate::bindings::exports::calport::calendar::changes::{ChangePage, Difference, Finding};
pub use url::Url;

use crate::http::{Failure, Response};
use crate::outside::fake::Fake;
use crate::{cursor::Cursor, ics, provider};

/// `export-ics`.
///
/// # Errors
/// The caller's data.
pub fn export(events: Vec<Event>, options: IcsOptions) -> Result<String, Error> {
    ics::export(events, options)
}

/// The names of all zones.
pub fn zones() -> impl Iterator<Item = &'static str> {
    crate::zones::names()
}

/// Whether a text may be handed back as `since`.
pub fn is_cursor(text: &str) -> bool {
    Cursor::parse(text).is_ok()
}

/// One reply of a provider.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Any.
    pub status: u16,
    /// The header of this name.
    pub retry_after: Option<String>,
    /// Any bytes.
    pub body: Vec<u8>,
}

/// A provider that gives these replies in order, and no more; a user who is connected.
pub struct World {
    provider: &'static str,
    fake: Fake,
}

impl World {
    /// `provider`: its id.
    pub fn answering(provider: &'static str, replies: Vec<Reply>) -> Self {
        let info = provider::describe();
        let scopes: Vec<&str> = info
            .providers
            .iter()
            .filter(|one| one.id == provider)
            .flat_map(|one| &one.scopes)
            .map(|scope| scope.name.as_str())
            .collect();
        let fake = Fake::connected(&scopes);
        fake.replies(replies.into_iter().map(|reply| {
            Ok(Response {
                status: reply.status,
                retry_after: reply.retry_after,
                body: reply.body,
            })
        }));
        fake.serve(|_| Err(Failure::NoReply));
        Self { provider, fake }
    }

    /// `list-calendars`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn list_calendars(&self) -> Result<Vec<CalendarEntry>, Error> {
        provider::list_calendars(&self.fake, self.provider)
    }

    /// `busy`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn busy(&self, calendars: &[String], range: Range) -> Result<Vec<Range>, Error> {
        provider::busy(&self.fake, self.provider, calendars, range)
    }

    /// `push-event`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn push_event(
        &self,
        event: Event,
        known: Option<&RemoteEvent>,
    ) -> Result<Option<RemoteEvent>, Error> {
        provider::push_event(&self.fake, self.provider, None, event, known)
    }

    /// `remove-event`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn remove_event(&self, remote: &RemoteEvent) -> Result<(), Error> {
        provider::remove_event(&self.fake, self.provider, remote)
    }

    /// `changes.read`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn read_changes(&self, since: Option<&str>) -> Result<ChangePage, Error> {
        provider::read_changes(&self.fake, self.provider, None, since)
    }

    /// `changes.compare`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn compare(&self, event: Event, remote: &RemoteEvent) -> Result<Finding, Error> {
        provider::compare(&self.fake, self.provider, event, remote)
    }

    /// `complete-callback`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn complete_callback(&self, callback: &Callback) -> Result<Account, Error> {
        provider::complete_callback(&self.fake, self.provider, callback)
    }

    /// `disconnect`.
    ///
    /// # Errors
    /// As the contract says.
    pub fn disconnect(&self) -> Result<(), Error> {
        provider::disconnect(&self.fake, self.provider, true)
    }

    /// Where requests went, in order.
    pub fn called(&self) -> Vec<Url> {
        let sent = self.fake.sent();
        sent.into_iter().map(|request| request.url).collect()
    }

    /// How often the stored credentials have changed; `None` where there are none.
    pub fn revision(&self) -> Option<u64> {
        self.fake.revision()
    }
}
