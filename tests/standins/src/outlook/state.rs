//! Everything that a Microsoft stand-in knows: grants, tokens and calendars.
//!
//! It never leaves the mutex of [`App`]: one request changes it at a time, as if it were a transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::config::{Mailbox, OutlookAccount, OutlookConfig};
use super::event::Event;
use crate::mint::{self, Mint};
use crate::server::{Shell, locked};

pub(crate) struct App {
    pub(crate) config: OutlookConfig,
    pub(crate) shell: Arc<Shell>,
    state: Mutex<State>,
}

impl App {
    pub(crate) fn new(config: OutlookConfig, shell: Arc<Shell>) -> Self {
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
    pub(crate) refresh: HashMap<String, Refresh>,
    /// Counts every change of an event: what delta tokens are made of.
    pub(crate) changes: u64,
    /// Delta tokens from before this change are too old.
    pub(crate) oldest_delta: u64,
}

pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) zone: Tz,
    pub(crate) personal: bool,
    pub(crate) needs_admin: bool,
    pub(crate) mailbox: Mailbox,
    pub(crate) calendars: Vec<Calendar>,
    pub(crate) events: BTreeMap<u64, Event>,
    /// Events that are gone: what delta still has to tell.
    pub(crate) removed: Vec<Removed>,
    /// `transactionId`s that were ever used, and for which event.
    pub(crate) transactions: HashMap<String, u64>,
    /// Part of ids that are not immutable: they change with it.
    pub(crate) moves: u64,
    /// Subjects of e-mails to guests.
    pub(crate) invitations: Vec<String>,
}

pub(crate) struct Calendar {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) can_edit: bool,
    pub(crate) default: bool,
}

pub(crate) struct Removed {
    pub(crate) number: u64,
    pub(crate) calendar: u64,
    pub(crate) change: u64,
}

pub(crate) struct Code {
    pub(crate) account: usize,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) used: bool,
}

pub(crate) struct Access {
    pub(crate) account: usize,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires: DateTime<Utc>,
}

pub(crate) struct Refresh {
    pub(crate) account: usize,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires: DateTime<Utc>,
    /// The AADSTS code that using it is answered with, once it is dead.
    pub(crate) dead: Option<u32>,
}

impl State {
    fn new(config: &OutlookConfig) -> Self {
        let mut mint = Mint::new(config.seed);
        let accounts = config
            .accounts
            .iter()
            .map(|account| Account::new(account, &mut mint))
            .collect();
        Self {
            mint,
            redirect_uris: config.redirect_uris.clone(),
            accounts,
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            changes: 0,
            oldest_delta: 0,
        }
    }

    pub(crate) fn find_account(&self, email: &str) -> Option<usize> {
        self.accounts
            .iter()
            .position(|account| account.email.eq_ignore_ascii_case(email))
    }

    /// The number of the next change.
    pub(crate) fn change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }
}

impl Account {
    fn new(account: &OutlookAccount, mint: &mut Mint) -> Self {
        let hex = |bytes: Vec<u8>, length: usize| -> String {
            bytes
                .iter()
                .take(length)
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        let id = if account.personal {
            hex(mint::of_account("cid", &account.email), 8)
        } else {
            let digits = hex(mint::of_account("oid", &account.email), 16);
            let cut = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
            [cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32)].join("-")
        };
        let calendars = account
            .calendars
            .iter()
            .enumerate()
            .map(|(index, calendar)| Calendar {
                number: mint.serial(),
                name: calendar.name.clone(),
                can_edit: calendar.can_edit,
                default: index == 0,
            });
        Self {
            id,
            email: account.email.clone(),
            name: account.name.clone(),
            zone: account.zone,
            personal: account.personal,
            needs_admin: account.needs_admin,
            mailbox: account.mailbox,
            calendars: calendars.collect(),
            events: BTreeMap::new(),
            removed: Vec::new(),
            transactions: HashMap::new(),
            moves: 0,
            invitations: Vec::new(),
        }
    }

    /// Takes an event out of its calendar. Whether it was there.
    pub(crate) fn remove(&mut self, number: u64, change: u64) -> bool {
        let Some(event) = self.events.remove(&number) else {
            return false;
        };
        self.removed.push(Removed {
            number,
            calendar: event.calendar,
            change,
        });
        true
    }
}
