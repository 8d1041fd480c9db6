//! What the platform reads of Calport's replies. Fields that it has no use for are left
//! out, and unknown ones ignored, as in any client that is to outlive its server.

use crate::bookings::Status;
use jiff::Timestamp;
use serde::Deserialize;

/// `GET /api/calendar/`.
#[derive(Debug, Deserialize)]
pub(super) struct Overview {
    pub(super) providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) kind: String,
    pub(super) availability: String,
    pub(super) connected: bool,
    #[serde(default)]
    pub(super) needs_reconnect: bool,
    #[serde(default)]
    pub(super) reconnect_reason: Option<String>,
    #[serde(default)]
    pub(super) account: Option<String>,
    #[serde(default)]
    pub(super) calendar: Option<Chosen>,
    #[serde(default)]
    pub(super) revoke_urls: Vec<String>,
    /// Of a feed.
    #[serde(default)]
    pub(super) last_fetched: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    pub(super) name: String,
}

impl Overview {
    fn find(&self, provider: &str) -> Option<&Provider> {
        self.providers.iter().find(|known| known.id == provider)
    }

    /// What a provider is called.
    pub(super) fn label<'a>(&'a self, provider: &'a str) -> &'a str {
        self.find(provider).map_or(provider, |known| &known.label)
    }

    /// Whether a calendar app can subscribe to the bookings.
    pub(super) fn has_feed(&self) -> bool {
        let mut files = self.providers.iter().filter(|known| known.kind == "file");
        files.any(|known| known.connected)
    }

    /// The pages where only its owner can take a grant back.
    pub(super) fn revoke_urls(&self, provider: &str) -> &[String] {
        self.find(provider).map_or(&[], |known| &known.revoke_urls)
    }

    /// Whether nothing works there until somebody connects again.
    pub(super) fn is_dead(&self, provider: &str) -> bool {
        self.find(provider)
            .is_some_and(|known| known.needs_reconnect)
    }

    /// The account that is connected.
    pub(super) fn account(&self, provider: &str) -> Option<&str> {
        self.find(provider)?.account.as_deref()
    }
}

/// `POST .../connect/`.
#[derive(Debug, Deserialize)]
pub(super) struct Begun {
    pub(super) authorization_url: String,
}

/// `POST .../complete/`: what it came to, and what is asked where it came to a question.
#[derive(Debug, Deserialize)]
pub(super) struct Completed {
    pub(super) status: String,
    #[serde(default)]
    pub(super) handle: Option<String>,
    #[serde(default)]
    pub(super) account: Option<String>,
    #[serde(default)]
    pub(super) new_account: Option<String>,
}

/// `POST .../connect/` of a provider of files.
#[derive(Debug, Deserialize)]
pub(super) struct Feed {
    pub(super) feed_url: String,
    pub(super) webcal_url: String,
}

/// `POST /api/page-sessions/`.
#[derive(Debug, Deserialize)]
pub(super) struct Opened {
    pub(super) url: String,
}

/// `GET .../calendars/`.
#[derive(Debug, Deserialize)]
pub(super) struct Calendars {
    pub(super) calendars: Vec<Calendar>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Calendar {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) primary: bool,
    pub(super) chosen: bool,
}

/// `POST .../disconnect/`; all zero where it goes on in the background.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Left {
    pub(super) revocation: String,
    pub(super) removed: usize,
    pub(super) left: usize,
}

/// `GET /api/{kind}/{id}/`.
#[derive(Debug, Deserialize)]
pub(super) struct Reading {
    pub(super) status: Status,
    pub(super) participants: Vec<Participating>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Participating {
    pub(super) user: String,
    pub(super) calendars: Vec<InCalendar>,
}

#[derive(Debug, Deserialize)]
pub(super) struct InCalendar {
    pub(super) provider: String,
    pub(super) state: String,
    pub(super) link: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) next_try: Option<Timestamp>,
}
