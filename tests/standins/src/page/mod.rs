//! The look of the stand-ins' own pages: what the templates share.
//!
//! No script, nothing loaded from elsewhere; askama escapes every value.

mod calendar;
mod consent;

use askama::Template;

pub(crate) use calendar::{CalendarPage, CalendarView, EventView, event_view};
pub(crate) use consent::{Choice, ConsentPage, RefusalPage, Tick};

/// `/`: whose calendars there are.
#[derive(Template)]
#[template(path = "index.html")]
pub(crate) struct IndexPage<'a> {
    pub(crate) provider: &'a str,
    pub(crate) accounts: Vec<AccountLink>,
}

pub(crate) struct AccountLink {
    pub(crate) email: String,
    pub(crate) name: String,
    /// Percent-encoded.
    pub(crate) query: String,
    pub(crate) events: usize,
}

/// `account=` with a percent-encoded e-mail address.
pub(crate) fn account_query(email: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("account", email)
        .finish()
}
