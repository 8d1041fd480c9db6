//! The Google stand-in.
//!
//! OAuth and Calendar API as strict as Google's own; where Google is lenient without need, it may be stricter,
//! never more lenient.

mod api;
mod config;
mod control;
mod event;
mod hand;
mod oauth;
mod state;
mod view;

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

pub use config::{GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole};

use crate::consent::{ConsentChoice, ConsentError};
use crate::quota::{Quota, Refusal};
use crate::server::{Listener, Shell};
use crate::standin::Standin;
use event::Status;
use state::App;

/// A running stand-in for Google. Dropping it stops it.
pub struct Google {
    app: Arc<App>,
    standin: Standin,
}

impl Deref for Google {
    type Target = Standin;

    fn deref(&self) -> &Standin {
        &self.standin
    }
}

impl Google {
    /// Starts on 127.0.0.1, on a thread of its own: no async runtime is needed.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub fn start(config: GoogleConfig) -> io::Result<Self> {
        let listener = Listener::bind(config.port)?;
        let shell = Shell::new(listener.base_url(), config.requests_kept, error_body);
        let shell = Arc::new(shell);
        let app = Arc::new(App::new(config, Arc::clone(&shell)));
        if let Some(allowance) = app.config.quota {
            let refusal = Refusal {
                status: 403,
                reason: "rateLimitExceeded",
                message: "Rate Limit Exceeded",
                says_when: false,
            };
            let weak = Arc::downgrade(&app);
            let account = Box::new(move |headers: &_| {
                let app = weak.upgrade()?;
                let state = app.state();
                api::account(&app, &state, headers)
            });
            shell.set_quota(Quota::new(account, allowance, refusal));
        }
        let router = Router::new()
            .merge(oauth::routes(Arc::clone(&app)))
            .merge(api::routes(Arc::clone(&app)))
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

    /// The settings that make a host use this stand-in in place of Google.
    pub fn environment(&self) -> Vec<(String, String)> {
        let base = self.base_url();
        let config = &self.app.config;
        [
            ("GOOGLE_CLIENT_ID", config.client_id.clone()),
            ("GOOGLE_CLIENT_SECRET", config.client_secret.clone()),
            ("GOOGLE_AUTH_URL", format!("{base}/o/oauth2/v2/auth")),
            ("GOOGLE_TOKEN_URL", format!("{base}/token")),
            ("GOOGLE_REVOKE_URL", format!("{base}/revoke")),
            ("GOOGLE_USERINFO_URL", format!("{base}/v1/userinfo")),
            ("GOOGLE_API_URL", format!("{base}/calendar/v3")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Registers a redirect URI that was not known at the start, e.g. because its port was not.
    pub fn register_redirect_uri(&self, uri: impl Into<String>) {
        self.app.state().redirect_uris.push(uri.into());
    }

    /// What a user does on the consent page, without a browser: the callback URL that Google would send the
    /// browser to. Not recorded as a request.
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

    /// The events of a calendar that are not cancelled, as the API shows them. `calendar`: its id, or `primary`.
    pub fn events(&self, account: &str, calendar: &str) -> Vec<Value> {
        let not_cancelled = |event: &Value| event.get("status") != Some(&Value::from("cancelled"));
        events(&self.app, account, calendar)
            .into_iter()
            .filter(not_cancelled)
            .collect()
    }

    /// All events of a calendar, cancelled ones included.
    pub fn all_events(&self, account: &str, calendar: &str) -> Vec<Value> {
        events(&self.app, account, calendar)
    }

    /// The user deletes an event by hand. Whether there was one.
    pub fn delete_event(&self, account: &str, calendar: &str, id: &str) -> bool {
        let now = self.app.shell.clock.tick();
        let mut guard = self.app.state();
        let state = &mut *guard;
        let number = state.changes + 1;
        let found = state
            .find_account(account)
            .and_then(|index| state.accounts.get_mut(index));
        let found = found.and_then(|account| {
            let index = account.calendar_index(calendar)?;
            account.calendars.get_mut(index)?.events.get_mut(id)
        });
        let Some(event) = found.filter(|event| event.status != Status::Cancelled) else {
            return false;
        };
        event.status = Status::Cancelled;
        event.updated = now;
        event.change = number;
        state.changes = number;
        true
    }

    /// The user deletes a calendar and all that is in it. Whether there was one.
    pub fn delete_calendar(&self, account: &str, calendar: &str) -> bool {
        let mut state = self.app.state();
        let account = state.find_account(account);
        let Some(account) = account.and_then(|index| state.accounts.get_mut(index)) else {
            return false;
        };
        match account.calendar_index(calendar) {
            Some(index) => {
                account.calendars.remove(index);
                true
            }
            None => false,
        }
    }

    /// Ids of events whose guests Google would have sent e-mails to.
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
        state
            .refresh
            .values()
            .filter(|refresh| refresh.account == index)
            .count()
    }

    /// All access tokens stop working at once; refresh tokens go on.
    pub fn expire_access_tokens(&self) {
        self.app.state().access.clear();
    }

    /// The account's grant dies: the user withdrew it in their account, or changed their password. Whether
    /// there was one.
    pub fn kill_grant(&self, account: &str) -> bool {
        kill_grant(&self.app, account)
    }

    /// All sync tokens given out so far are too old from now on (410).
    pub fn expire_sync_tokens(&self) {
        let mut state = self.app.state();
        state.changes += 1;
        state.oldest_sync = state.changes;
    }
}

fn kill_grant(app: &App, account: &str) -> bool {
    let mut state = app.state();
    let Some(index) = state.find_account(account) else {
        return false;
    };
    let granted = state
        .accounts
        .get(index)
        .is_some_and(|account| !account.granted.is_empty());
    state.revoke_account(index);
    granted
}

fn events(app: &App, account: &str, calendar: &str) -> Vec<Value> {
    let state = app.state();
    let account = state
        .find_account(account)
        .and_then(|index| state.accounts.get(index));
    let found = account.and_then(|account| {
        let calendar = account.calendars.get(account.calendar_index(calendar)?)?;
        let events = calendar.events.values();
        Some(
            events
                .map(|event| event.json(&account.email, calendar, calendar.zone))
                .collect(),
        )
    });
    found.unwrap_or_default()
}

/// Errors of faults: OAuth's shape for its endpoints, the API's for the rest.
fn error_body(path: &str, status: u16, reason: &str, message: &str) -> Response {
    if path.starts_with("/calendar/") {
        let domain = if matches!(status, 403 | 429) {
            "usageLimits"
        } else {
            "global"
        };
        return api::ApiError::new(status, domain, reason, message).into_response();
    }
    let (code, description) = (reason.to_owned(), message.to_owned());
    oauth::OAuthError {
        status,
        code,
        description,
    }
    .into_response()
}

/// Google answers unknown paths with a web page.
async fn missing() -> Response {
    (
        StatusCode::NOT_FOUND,
        axum::response::Html("<title>Error 404 (Not Found)</title>"),
    )
        .into_response()
}
