//! Everything that a Google stand-in knows: grants, tokens and calendars.
//!
//! It never leaves the mutex of [`App`]: one request changes it at a time, as if it were a transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::config::{GoogleAccount, GoogleConfig, GoogleRole};
use super::event::Event;
use crate::mint::{self, Mint};
use crate::server::{Shell, locked};

pub(crate) struct App {
    pub(crate) config: GoogleConfig,
    pub(crate) shell: Arc<Shell>,
    state: Mutex<State>,
}

impl App {
    pub(crate) fn new(config: GoogleConfig, shell: Arc<Shell>) -> Self {
        let state = Mutex::new(State::new(&config));
        Self {
            config,
            shell,
            state,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.shell.clock.now()
    }
}

pub(crate) struct State {
    pub(crate) mint: Mint,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) access: HashMap<String, Access>,
    pub(crate) refresh: BTreeMap<u64, Refresh>,
    /// Refresh tokens that rotation has replaced, with the consent that they came from.
    pub(crate) replaced: HashMap<String, u64>,
    /// Counts every change of an event: what sync tokens are made of.
    pub(crate) changes: u64,
    /// Sync tokens from before this change are too old.
    pub(crate) oldest_sync: u64,
}

pub(crate) struct Account {
    /// Google's stable id of the account, a number.
    pub(crate) subject: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) refused: Option<String>,
    /// Scopes that this user has ever granted and not revoked.
    pub(crate) granted: BTreeSet<String>,
    pub(crate) calendars: Vec<Calendar>,
    /// E-mails that Google would have sent to guests: event ids.
    pub(crate) invitations: Vec<String>,
}

pub(crate) struct Calendar {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: GoogleRole,
    pub(crate) primary: bool,
    pub(crate) zone: Tz,
    pub(crate) events: BTreeMap<String, Event>,
}

pub(crate) struct Code {
    pub(crate) account: usize,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) refreshable: bool,
    pub(crate) used: bool,
    /// The consent that all tokens of this code belong to.
    pub(crate) consent: u64,
}

pub(crate) struct Access {
    pub(crate) account: usize,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) consent: u64,
}

pub(crate) struct Refresh {
    pub(crate) token: String,
    pub(crate) account: usize,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires: Option<DateTime<Utc>>,
    pub(crate) consent: u64,
}

impl State {
    fn new(config: &GoogleConfig) -> Self {
        let mint = Mint::new(config.seed);
        let accounts = config.accounts.iter().map(Account::new).collect();
        Self {
            mint,
            redirect_uris: config.redirect_uris.clone(),
            accounts,
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: BTreeMap::new(),
            replaced: HashMap::new(),
            changes: 0,
            oldest_sync: 0,
        }
    }

    pub(crate) fn find_account(&self, email: &str) -> Option<usize> {
        self.accounts
            .iter()
            .position(|account| account.email.eq_ignore_ascii_case(email))
    }

    /// Ends everything that an account has granted to this app, as Google does for any of its tokens.
    pub(crate) fn revoke_account(&mut self, account: usize) {
        self.codes.retain(|_, code| code.account != account);
        self.access.retain(|_, access| access.account != account);
        self.refresh.retain(|_, refresh| refresh.account != account);
        if let Some(account) = self.accounts.get_mut(account) {
            account.granted.clear();
        }
    }

    /// Ends the tokens that came from one consent.
    pub(crate) fn revoke_consent(&mut self, consent: u64) {
        self.access.retain(|_, access| access.consent != consent);
        self.refresh.retain(|_, refresh| refresh.consent != consent);
    }
}

impl Calendar {
    /// `primary` is another name of the main calendar.
    pub(crate) fn is_named(&self, id: &str) -> bool {
        self.id == id || self.primary && id == "primary"
    }
}

impl Account {
    fn new(account: &GoogleAccount) -> Self {
        let digits = mint::of_account("subject", &account.email);
        let digits: String = digits
            .iter()
            .take(20)
            .map(|byte| char::from(b'0' + byte % 10))
            .collect();
        let calendars = account
            .calendars
            .iter()
            .enumerate()
            .map(|(index, calendar)| Calendar {
                id: calendar.id.clone(),
                name: calendar.name.clone(),
                role: calendar.role,
                primary: index == 0,
                zone: account.zone,
                events: BTreeMap::new(),
            });
        Self {
            subject: format!("1{digits}"),
            email: account.email.clone(),
            name: account.name.clone(),
            refused: account.refused.clone(),
            granted: BTreeSet::new(),
            calendars: calendars.collect(),
            invitations: Vec::new(),
        }
    }

    pub(crate) fn calendar_index(&self, id: &str) -> Option<usize> {
        self.calendars
            .iter()
            .position(|calendar| calendar.is_named(id))
    }
}
