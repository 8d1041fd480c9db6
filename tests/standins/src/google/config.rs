//! What a Google stand-in starts with: the app's registration, accounts, and which of Google's moods it has.
//!
//! The defaults never need to be changed for a plain test.

use std::time::Duration;

use chrono_tz::Tz;

use crate::quota::Allowance;

/// What a user may do in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoogleRole {
    /// Theirs.
    Owner,
    /// Somebody else's that they may write to.
    Writer,
    /// Read-only.
    Reader,
}

impl GoogleRole {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Writer => "writer",
            Self::Reader => "reader",
        }
    }
}

/// A calendar of an account.
#[derive(Clone, Debug)]
pub struct GoogleCalendar {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: GoogleRole,
}

impl GoogleCalendar {
    /// `id` is what the API calls it, `name` what its user does.
    pub fn new(id: impl Into<String>, name: impl Into<String>, role: GoogleRole) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            role,
        }
    }
}

/// An account. It always has its own main calendar, whose id is the e-mail address.
#[derive(Clone, Debug)]
pub struct GoogleAccount {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) zone: Tz,
    pub(crate) calendars: Vec<GoogleCalendar>,
    pub(crate) refused: Option<String>,
}

impl GoogleAccount {
    /// With only its main calendar, in Europe/London.
    pub fn new(email: impl Into<String>, name: impl Into<String>) -> Self {
        let (email, name) = (email.into(), name.into());
        let primary = GoogleCalendar::new(email.clone(), name.clone(), GoogleRole::Owner);
        Self {
            email,
            name,
            zone: Tz::Europe__London,
            calendars: vec![primary],
            refused: None,
        }
    }

    /// The zone of its calendars.
    #[must_use]
    pub fn zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// One more calendar.
    #[must_use]
    pub fn calendar(mut self, calendar: GoogleCalendar) -> Self {
        self.calendars.push(calendar);
        self
    }

    /// Its organisation lets nobody consent: the callback's `error`, e.g. `admin_policy_enforced`.
    #[must_use]
    pub fn refused(self, error: impl Into<String>) -> Self {
        Self {
            refused: Some(error.into()),
            ..self
        }
    }
}

/// How to start a [`Google`](crate::Google).
#[derive(Clone, Debug)]
pub struct GoogleConfig {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) app_name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) accounts: Vec<GoogleAccount>,
    pub(crate) issuer: String,
    pub(crate) port: u16,
    pub(crate) seed: u64,
    pub(crate) access_lifetime: Duration,
    pub(crate) code_lifetime: Duration,
    pub(crate) grant_lifetime: Option<Duration>,
    pub(crate) refresh_limit: usize,
    pub(crate) rotate: bool,
    pub(crate) revives: bool,
    pub(crate) largest_page: usize,
    pub(crate) requests_kept: usize,
    pub(crate) quota: Option<Allowance>,
}

impl Default for GoogleConfig {
    fn default() -> Self {
        let holidays = |account: GoogleAccount| {
            let id = "en.uk#holiday@group.v.calendar.google.com";
            account.calendar(GoogleCalendar::new(id, "Holidays", GoogleRole::Reader))
        };
        let team = "c_team0team0team@group.calendar.google.com";
        let jobs = "c_jobs0jobs0jobs@group.calendar.google.com";
        let casey = GoogleAccount::new("casey.customer@gmail.example", "Casey Customer");
        let sam = GoogleAccount::new("sam.staff@gmail.example", "Sam Staff")
            .zone(Tz::America__New_York)
            .calendar(GoogleCalendar::new(jobs, "Jobs", GoogleRole::Owner))
            .calendar(GoogleCalendar::new(team, "Team", GoogleRole::Writer));
        let robin = GoogleAccount::new("robin@workspace.example", "Robin Workspace");
        Self {
            client_id: "calport-demo.apps.googleusercontent.example".into(),
            client_secret: "GOCSPX-stand-in-secret-of-the-demo".into(),
            app_name: "Calport demo".into(),
            redirect_uris: Vec::new(),
            accounts: vec![holidays(casey), holidays(sam), robin],
            issuer: "https://accounts.google.com".into(),
            port: 0,
            seed: 1,
            access_lifetime: Duration::from_secs(3599),
            code_lifetime: Duration::from_secs(600),
            grant_lifetime: None,
            refresh_limit: 100,
            rotate: false,
            revives: true,
            largest_page: 250,
            requests_kept: 100_000,
            quota: None,
        }
    }
}

impl GoogleConfig {
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
    pub fn accounts(self, accounts: impl IntoIterator<Item = GoogleAccount>) -> Self {
        Self {
            accounts: accounts.into_iter().collect(),
            ..self
        }
    }

    /// One more account.
    #[must_use]
    pub fn account(mut self, account: GoogleAccount) -> Self {
        self.accounts.push(account);
        self
    }

    /// What callbacks carry as `iss`; Google's own unless set. An empty one: they carry none.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            ..self
        }
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

    /// How long codes live, 600 s by default.
    #[must_use]
    pub fn code_lifetime(self, lifetime: Duration) -> Self {
        Self {
            code_lifetime: lifetime,
            ..self
        }
    }

    /// Grants end after this time, as those of a consent screen "in testing" do after 7 days. Told to the
    /// app as `refresh_token_expires_in`.
    #[must_use]
    pub fn grant_lifetime(self, lifetime: Duration) -> Self {
        Self {
            grant_lifetime: Some(lifetime),
            ..self
        }
    }

    /// How many refresh tokens live per account, 100 by default; the oldest dies silently.
    #[must_use]
    pub fn refresh_limit(self, limit: usize) -> Self {
        Self {
            refresh_limit: limit,
            ..self
        }
    }

    /// A new refresh token with every use. Using an old one kills all that came from the same consent.
    #[must_use]
    pub fn rotate_refresh_tokens(self) -> Self {
        Self {
            rotate: true,
            ..self
        }
    }

    /// Refuses (403) to bring back deleted events by updating them.
    #[must_use]
    pub fn refuse_reviving(self) -> Self {
        Self {
            revives: false,
            ..self
        }
    }

    /// The most entries on a page of a list, whatever is asked for: to see paging with few entries.
    #[must_use]
    pub fn largest_page(self, entries: usize) -> Self {
        Self {
            largest_page: entries.max(1),
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
    /// 403 `rateLimitExceeded`. No limit by default.
    #[must_use]
    pub fn quota(self, requests: usize, window: Duration) -> Self {
        Self {
            quota: Some(Allowance { requests, window }),
            ..self
        }
    }
}
