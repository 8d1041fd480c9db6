//! The Microsoft stand-in: identity platform and Graph.
//!
//! As strict as Microsoft's own; where they are lenient without need, it may be stricter, never more lenient.

mod config;
mod control;
mod event;
mod graph;
mod hand;
mod ids;
mod oauth;
mod state;
mod view;
mod zones;

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

pub use config::{Mailbox, OutlookAccount, OutlookCalendar, OutlookConfig, Repeat, ScopeSpelling};

use crate::consent::{ConsentChoice, ConsentError};
use crate::gate::{self, Gate};
use crate::quota::{Quota, Refusal};
use crate::server::{Listener, Shell};
use crate::standin::Standin;
use event::Manner;
use state::{Account, App};

/// AADSTS50173: the grant was revoked.
const REVOKED: u32 = 50173;

/// A running stand-in for Microsoft. Dropping it stops it.
pub struct Outlook {
    app: Arc<App>,
    standin: Standin,
}

impl Deref for Outlook {
    type Target = Standin;

    fn deref(&self) -> &Standin {
        &self.standin
    }
}

impl Outlook {
    /// Starts on 127.0.0.1, on a thread of its own: no async runtime is needed.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub fn start(config: OutlookConfig) -> io::Result<Self> {
        let listener = Listener::bind(config.port)?;
        let concurrency = config.concurrency;
        let shell = Arc::new(Shell::new(
            listener.base_url(),
            config.requests_kept,
            error_body,
        ));
        let app = Arc::new(App::new(config, Arc::clone(&shell)));
        shell.set_gate(Gate::new(concurrency, mailbox_of(&app)));
        if let Some(allowance) = app.config.quota {
            let refusal = Refusal {
                status: 429,
                reason: "ApplicationThrottled",
                message: "Application is over its rate limit for this mailbox.",
                says_when: true,
            };
            shell.set_quota(Quota::new(mailbox_of(&app), allowance, refusal));
        }
        let router = Router::new()
            .merge(oauth::routes(Arc::clone(&app)))
            .merge(graph::routes(Arc::clone(&app)))
            .merge(view::routes(Arc::clone(&app)))
            .merge(control::routes(Arc::clone(&app)))
            .merge(crate::control::routes(Arc::clone(&shell)))
            .fallback(missing);
        let server = listener.serve(Arc::clone(&shell), router)?;
        Ok(Self {
            app,
            standin: Standin::new(shell, server),
        })
    }

    /// The settings that make a host use this stand-in in place of Microsoft.
    pub fn environment(&self) -> Vec<(String, String)> {
        let base = self.base_url();
        let config = &self.app.config;
        [
            ("OUTLOOK_CLIENT_ID", config.client_id.clone()),
            ("OUTLOOK_CLIENT_SECRET", config.client_secret.clone()),
            (
                "OUTLOOK_AUTH_URL",
                format!("{base}/common/oauth2/v2.0/authorize"),
            ),
            (
                "OUTLOOK_TOKEN_URL",
                format!("{base}/common/oauth2/v2.0/token"),
            ),
            ("OUTLOOK_GRAPH_URL", format!("{base}/v1.0")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Registers a redirect URI that was not known at the start, e.g. because its port was not.
    pub fn register_redirect_uri(&self, uri: impl Into<String>) {
        self.app.state().redirect_uris.push(uri.into());
    }

    /// What a user does on the consent page, without a browser: the callback URL that Microsoft would send
    /// the browser to. Not recorded as a request.
    ///
    /// # Errors
    /// The page would have refused the request.
    pub fn consent(
        &self,
        authorization_url: &str,
        account: &str,
        choice: &ConsentChoice,
    ) -> Result<String, ConsentError> {
        oauth::consent(&self.app, authorization_url, account, choice)
    }

    /// The events of a calendar, by its name or id, as Graph shows them: immutable ids, UTC, bodies as text,
    /// and all extended properties. The default calendar is named `Calendar`.
    pub fn events(&self, account: &str, calendar: &str) -> Vec<Value> {
        events(&self.app, account, calendar)
    }

    /// The user deletes an event by hand. Whether there was one.
    pub fn delete_event(&self, account: &str, id: &str) -> bool {
        let mut guard = self.app.state();
        let state = &mut *guard;
        let change = state.change();
        let found = state
            .find_account(account)
            .and_then(|index| state.accounts.get_mut(index));
        found.is_some_and(|account| {
            ids::find_event(account, id).is_some_and(|(number, _)| account.remove(number, change))
        })
    }

    /// The user deletes a calendar, by its name or id, and all that is in it. Whether there was one.
    pub fn delete_calendar(&self, account: &str, calendar: &str) -> bool {
        let mut guard = self.app.state();
        let state = &mut *guard;
        let change = state.change();
        let found = state
            .find_account(account)
            .and_then(|index| state.accounts.get_mut(index));
        let Some(account) = found else { return false };
        let Some(number) = calendar_number(account, calendar) else {
            return false;
        };
        account
            .calendars
            .retain(|calendar| calendar.number != number);
        let inside = account
            .events
            .values()
            .filter(|event| event.calendar == number);
        for event in inside.map(|event| event.number).collect::<Vec<_>>() {
            account.remove(event, change);
        }
        true
    }

    /// Every id of an event that is not immutable becomes another, as when items move between folders.
    pub fn move_items(&self, account: &str) {
        let mut guard = self.app.state();
        let state = &mut *guard;
        if let Some(account) = state
            .find_account(account)
            .and_then(|index| state.accounts.get_mut(index))
        {
            account.moves += 1;
        }
    }

    /// Subjects of events whose guests Microsoft would have sent e-mails to.
    pub fn invitations(&self, account: &str) -> Vec<String> {
        let state = self.app.state();
        let found = state
            .find_account(account)
            .and_then(|index| state.accounts.get(index));
        found
            .map(|account| account.invitations.clone())
            .unwrap_or_default()
    }

    /// How many refresh tokens of an account are alive.
    pub fn live_refresh_tokens(&self, account: &str) -> usize {
        let state = self.app.state();
        let Some(index) = state.find_account(account) else {
            return 0;
        };
        let alive = |refresh: &&state::Refresh| refresh.account == index && refresh.dead.is_none();
        state.refresh.values().filter(alive).count()
    }

    /// All access tokens stop working at once; refresh tokens go on.
    pub fn expire_access_tokens(&self) {
        expire_access_tokens(&self.app);
    }

    /// The account's grant dies: refreshing answers AADSTS50173. Whether there was one.
    pub fn kill_grant(&self, account: &str) -> bool {
        kill_grant(&self.app, account, REVOKED)
    }

    /// The same with another AADSTS code, e.g. 70043 or 65001.
    pub fn kill_grant_with(&self, account: &str, code: u32) -> bool {
        kill_grant(&self.app, account, code)
    }

    /// All delta links given out so far are too old from now on (410).
    pub fn expire_delta_links(&self) {
        let mut state = self.app.state();
        state.oldest_delta = state.change();
    }
}

/// Tells whose mailbox a request is for, for as long as the stand-in runs.
fn mailbox_of(app: &Arc<App>) -> gate::Mailbox {
    let weak = Arc::downgrade(app);
    Box::new(move |headers| {
        let app = weak.upgrade()?;
        let state = app.state();
        graph::account(&app, &state, headers)
    })
}

fn kill_grant(app: &App, account: &str, code: u32) -> bool {
    let mut guard = app.state();
    let state = &mut *guard;
    let Some(index) = state.find_account(account) else {
        return false;
    };
    state.access.retain(|_, access| access.account != index);
    let mut killed = false;
    for refresh in state
        .refresh
        .values_mut()
        .filter(|refresh| refresh.account == index)
    {
        refresh.dead = Some(code);
        killed = true;
    }
    killed
}

fn expire_access_tokens(app: &App) {
    let now = app.now();
    app.state()
        .access
        .values_mut()
        .for_each(|access| access.expires = now);
}

fn calendar_number(account: &Account, calendar: &str) -> Option<u64> {
    let named =
        |one: &&state::Calendar| one.name == calendar || ids::calendar(account, one) == calendar;
    account
        .calendars
        .iter()
        .find(named)
        .map(|calendar| calendar.number)
}

fn events(app: &App, account: &str, calendar: &str) -> Vec<Value> {
    let state = app.state();
    let account = state
        .find_account(account)
        .and_then(|index| state.accounts.get(index));
    let found = account.and_then(|account| {
        let number = calendar_number(account, calendar)?;
        let events = account
            .events
            .values()
            .filter(|event| event.calendar == number);
        let shown = events.map(|event| {
            let properties = event.properties.keys().cloned().collect();
            event.json(
                account,
                &Manner {
                    properties,
                    ..Manner::plain()
                },
            )
        });
        Some(shown.collect())
    });
    found.unwrap_or_default()
}

/// Errors of faults: OAuth's shape for its endpoints, Graph's for the rest. Reasons like `AADSTS70043` are known.
fn error_body(path: &str, status: u16, reason: &str, message: &str) -> Response {
    if path.starts_with("/v1.0/") {
        return graph::GraphError::new(status, reason, message).into_response();
    }
    oauth::AadError::named(status, reason, message).into_response()
}

async fn missing() -> Response {
    graph::GraphError::new(400, "BadRequest", "Resource not found for the segment.").into_response()
}
