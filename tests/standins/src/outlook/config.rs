//! What a Microsoft stand-in starts with: the app's registration, accounts, and which moods it has.
//!
//! The defaults never need to be changed for a plain test.

use std::time::Duration;

use chrono_tz::Tz;

use crate::quota::Allowance;

/// A calendar of an account.
#[derive(Clone, Debug)]
pub struct OutlookCalendar {
    pub(crate) name: String,
    pub(crate) can_edit: bool,
}

impl OutlookCalendar {
    /// Ids are Microsoft's to make. `can_edit`: whether its user may write to it.
    pub fn new(name: impl Into<String>, can_edit: bool) -> Self {
        Self {
            name: name.into(),
            can_edit,
        }
    }
}

/// What stands behind an account's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// A mailbox in the cloud.
    Ready,
    /// One that the API does not reach: 404 `MailboxNotEnabledForRESTAPI`.
    NotEnabled,
    /// None: 404 `ResourceNotFound`.
    Missing,
}

/// An account. It always has its default calendar, named `Calendar`.
#[derive(Clone, Debug)]
pub struct OutlookAccount {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) zone: Tz,
    pub(crate) calendars: Vec<OutlookCalendar>,
    pub(crate) personal: bool,
    pub(crate) needs_admin: bool,
    pub(crate) mailbox: Mailbox,
}

impl OutlookAccount {
    /// A work account with only its default calendar, in Europe/London.
    pub fn new(email: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            name: name.into(),
            zone: Tz::Europe__London,
            calendars: vec![OutlookCalendar::new("Calendar", true)],
            personal: false,
            needs_admin: false,
            mailbox: Mailbox::Ready,
        }
    }

    /// A personal account (outlook.com): no getSchedule, and no `mail` in `/me`.
    #[must_use]
    pub fn personal(self) -> Self {
        Self {
            personal: true,
            ..self
        }
    }

    /// Its organisation must approve the app first.
    #[must_use]
    pub fn needs_admin(self) -> Self {
        Self {
            needs_admin: true,
            ..self
        }
    }

    /// What stands behind its address.
    #[must_use]
    pub fn mailbox(self, mailbox: Mailbox) -> Self {
        Self { mailbox, ..self }
    }

    /// The zone that its calendar page shows.
    #[must_use]
    pub fn zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// One more calendar.
    #[must_use]
    pub fn calendar(mut self, calendar: OutlookCalendar) -> Self {
        self.calendars.push(calendar);
        self
    }
}

/// How the token reply spells scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeSpelling {
    /// `Calendars.ReadWrite User.Read`
    Short,
    /// `https://graph.microsoft.com/Calendars.ReadWrite ...`
    Prefixed,
    /// `calendars.readwrite user.read`
    LowerCase,
}

/// What a repeated `transactionId` is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// 201 with the event that is there.
    SameEvent,
    /// 400 `ErrorDuplicateTransactionId`.
    BadRequest,
    /// 409 `ErrorDuplicateTransactionId`.
    Conflict,
}

/// How to start an [`Outlook`](crate::Outlook).
#[derive(Clone, Debug)]
pub struct OutlookConfig {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) app_name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) accounts: Vec<OutlookAccount>,
    pub(crate) port: u16,
    pub(crate) seed: u64,
    pub(crate) access_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) revoke_used: bool,
    pub(crate) scopes: ScopeSpelling,
    pub(crate) repeat: Repeat,
    pub(crate) largest_page: usize,
    pub(crate) concurrency: usize,
    pub(crate) requests_kept: usize,
    pub(crate) quota: Option<Allowance>,
}

impl Default for OutlookConfig {
    fn default() -> Self {
        let casey = OutlookAccount::new("casey.customer@outlook.example", "Casey Customer")
            .personal()
            .calendar(OutlookCalendar::new("Holidays", false));
        let sam = OutlookAccount::new("sam.staff@contoso.example", "Sam Staff")
            .zone(Tz::America__New_York)
            .calendar(OutlookCalendar::new("Jobs", true))
            .calendar(OutlookCalendar::new("Holidays", false));
        let kim = OutlookAccount::new("kim@school.example", "Kim (needs the administrator)");
        Self {
            client_id: "11111111-2222-4333-8444-555555555555".into(),
            client_secret: "sta8Q~nd-in-secret-of-the-demo".into(),
            app_name: "Calport demo".into(),
            redirect_uris: Vec::new(),
            accounts: vec![casey, sam, kim.needs_admin()],
            port: 0,
            seed: 1,
            access_lifetime: Duration::from_secs(3_599),
            refresh_lifetime: Duration::from_secs(90 * 86_400),
            revoke_used: false,
            scopes: ScopeSpelling::Short,
            repeat: Repeat::SameEvent,
            largest_page: 1_000,
            concurrency: 4,
            requests_kept: 100_000,
            quota: None,
        }
    }
}

impl OutlookConfig {
    /// The app's credentials.
    #[must_use]
    pub fn client(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            client_id: id.into(),
            client_secret: secret.into(),
            ..self
        }
    }

    /// The app's name on the consent page.
    #[must_use]
    pub fn app_name(self, name: impl Into<String>) -> Self {
        Self {
            app_name: name.into(),
            ..self
        }
    }

    /// Registers one more redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// These accounts in place of the default ones.
    #[must_use]
    pub fn accounts(self, accounts: impl IntoIterator<Item = OutlookAccount>) -> Self {
        Self {
            accounts: accounts.into_iter().collect(),
            ..self
        }
    }

    /// One more account.
    #[must_use]
    pub fn account(mut self, account: OutlookAccount) -> Self {
        self.accounts.push(account);
        self
    }

    /// The port to listen on; 0, the default: the system's choice.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// What tokens and ids are made from. The same seed gives the same ones in the same order.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How long access tokens live, 3,599 s by default; also what `expires_in` says.
    #[must_use]
    pub fn access_lifetime(self, lifetime: Duration) -> Self {
        Self {
            access_lifetime: lifetime,
            ..self
        }
    }

    /// How long an unused refresh token lives, 90 days by default.
    #[must_use]
    pub fn refresh_lifetime(self, lifetime: Duration) -> Self {
        Self {
            refresh_lifetime: lifetime,
            ..self
        }
    }

    /// A refresh token that was used is dead. Microsoft's own live on beside the new one.
    #[must_use]
    pub fn revoke_used_refresh_tokens(self) -> Self {
        Self {
            revoke_used: true,
            ..self
        }
    }

    /// How the token reply spells scopes.
    #[must_use]
    pub fn scope_spelling(self, scopes: ScopeSpelling) -> Self {
        Self { scopes, ..self }
    }

    /// What a repeated `transactionId` is answered with.
    #[must_use]
    pub fn repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// The most entries on a page of a list, whatever is asked for.
    #[must_use]
    pub fn largest_page(self, entries: usize) -> Self {
        Self {
            largest_page: entries.max(1),
            ..self
        }
    }

    /// How many requests a mailbox serves at a time, 4 by default; more are answered with 429.
    #[must_use]
    pub fn concurrency(self, requests: usize) -> Self {
        Self {
            concurrency: requests,
            ..self
        }
    }

    /// How many requests are kept for assertions, 100,000 by default. Load tests want fewer.
    #[must_use]
    pub fn requests_kept(self, requests: usize) -> Self {
        Self {
            requests_kept: requests,
            ..self
        }
    }

    /// How many requests an account may make in any window of this length; more are answered with
    /// 429 with a `Retry-After`. No limit by default.
    #[must_use]
    pub fn quota(self, requests: usize, window: Duration) -> Self {
        Self {
            quota: Some(Allowance { requests, window }),
            ..self
        }
    }
}
