//! A made-up outside: replies as scripted or as a made-up server gives them, a
//! credential store with the contract's compare-and-swap, a clock that stands still.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::{Credentials, Outside, RefreshTurn, Secret, SettingFailure, StoreFailure, Stored};
use crate::http::{Failure, Method, Request, Response};

/// 2026-12-01T10:00:00Z.
pub(crate) const NOW: i64 = 1_796_119_200;

pub(crate) type Reply = Result<Response, Failure>;
type Server = Box<dyn FnMut(&Request) -> Reply>;
type Hook = Box<dyn FnOnce(&Fake)>;

#[derive(Default)]
pub(crate) struct Fake {
    settings: RefCell<BTreeMap<String, String>>,
    settings_fail: Cell<Option<SettingFailure>>,
    stored: RefCell<Option<Stored>>,
    store_fails: Cell<Option<StoreFailure>>,
    script: RefCell<VecDeque<Reply>>,
    server: RefCell<Option<Server>>,
    sent: RefCell<Vec<Request>>,
    turns: RefCell<VecDeque<RefreshTurn>>,
    before_save: RefCell<Option<Hook>>,
    pub(crate) saves: Cell<usize>,
}

impl Fake {
    /// With app credentials for all providers and nobody connected.
    pub(crate) fn configured() -> Self {
        let fake = Self::default();
        for provider in ["GOOGLE", "OUTLOOK"] {
            fake.set(&format!("{provider}_CLIENT_ID"), "the-client-id");
            fake.set(&format!("{provider}_CLIENT_SECRET"), "CANARY-client-secret");
        }
        fake
    }

    /// With credentials that are good for an hour.
    pub(crate) fn connected(scopes: &[&str]) -> Self {
        let fake = Self::configured();
        fake.store(Credentials {
            access_token: Secret::new("CANARY-access-1"),
            refresh_token: Some(Secret::new("CANARY-refresh-1")),
            expires_at: Some(NOW + 3_600),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            client_id: "the-client-id".into(),
        });
        fake
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.settings.borrow_mut().insert(name.into(), value.into());
    }

    pub(crate) fn unset(&self, name: &str) {
        self.settings.borrow_mut().remove(name);
    }

    pub(crate) fn fail_settings(&self, failure: SettingFailure) {
        self.settings_fail.set(Some(failure));
    }

    pub(crate) fn fail_store(&self, failure: StoreFailure) {
        self.store_fails.set(Some(failure));
    }

    /// What somebody else stores.
    pub(crate) fn store(&self, credentials: Credentials) {
        let revision = self.revision().unwrap_or(0) + 1;
        *self.stored.borrow_mut() = Some(Stored {
            credentials,
            revision,
        });
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Credentials)) {
        let mut credentials = self.credentials().unwrap();
        change(&mut credentials);
        self.store(credentials);
    }

    pub(crate) fn erase(&self) {
        *self.stored.borrow_mut() = None;
    }

    pub(crate) fn credentials(&self) -> Option<Credentials> {
        self.stored
            .borrow()
            .as_ref()
            .map(|stored| stored.credentials.clone())
    }

    pub(crate) fn revision(&self) -> Option<u64> {
        self.stored.borrow().as_ref().map(|stored| stored.revision)
    }

    /// The next turn that `begin-refresh` gives; `mine` when none is left.
    pub(crate) fn turn(&self, turn: RefreshTurn) {
        self.turns.borrow_mut().push_back(turn);
    }

    /// Happens once, just before something is saved.
    pub(crate) fn before_save(&self, hook: impl FnOnce(&Fake) + 'static) {
        *self.before_save.borrow_mut() = Some(Box::new(hook));
    }

    pub(crate) fn reply(&self, reply: Reply) {
        self.script.borrow_mut().push_back(reply);
    }

    pub(crate) fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.borrow_mut().extend(replies);
    }

    pub(crate) fn serve(&self, server: impl FnMut(&Request) -> Reply + 'static) {
        *self.server.borrow_mut() = Some(Box::new(server));
    }

    pub(crate) fn sent(&self) -> Vec<Request> {
        self.sent.borrow().clone()
    }

    /// `POST /token`, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.sent()
            .iter()
            .map(|request| format!("{} {}", verb(request), request.url.path()))
            .collect()
    }

    /// Every request in full, for snapshots.
    pub(crate) fn transcript(&self) -> String {
        let mut out = String::new();
        for request in self.sent() {
            out.push_str(&format!("{} {}\n", verb(&request), request.url));
            for (name, value) in &request.headers {
                out.push_str(&format!("{name}: {value}\n"));
            }
            if let Some(body) = &request.body {
                let text = String::from_utf8(body.clone()).unwrap();
                let pretty = serde_json::from_str::<Value>(&text).map_or_else(
                    |_| text.replace('&', "\n&"),
                    |json| serde_json::to_string_pretty(&json).unwrap(),
                );
                out.push_str(&format!("\n{pretty}\n"));
            }
            out.push('\n');
        }
        out
    }
}

fn verb(request: &Request) -> &'static str {
    match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

pub(crate) fn response(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response {
        status,
        retry_after: None,
        body: body.into(),
    }
}

pub(crate) fn json(status: u16, body: &Value) -> Reply {
    Ok(response(status, body.to_string()))
}

impl Outside for Fake {
    fn send(&self, request: &Request) -> Result<Response, Failure> {
        self.sent.borrow_mut().push(request.clone());
        let scripted = self.script.borrow_mut().pop_front();
        match (scripted, self.server.borrow_mut().as_mut()) {
            (Some(reply), _) => reply,
            (None, Some(server)) => server(request),
            (None, None) => panic!("nobody expected {request:?}"),
        }
    }

    fn setting(&self, name: &str) -> Result<Option<String>, SettingFailure> {
        match self.settings_fail.get() {
            Some(failure) => Err(failure),
            None => Ok(self.settings.borrow().get(name).cloned()),
        }
    }

    fn load(&self) -> Result<Option<Stored>, StoreFailure> {
        match self.store_fails.get() {
            Some(failure) => Err(failure),
            None => Ok(self.stored.borrow().clone()),
        }
    }

    fn save(&self, credentials: &Credentials, expected: Option<u64>) -> Result<u64, StoreFailure> {
        if let Some(failure) = self.store_fails.get() {
            return Err(failure);
        }
        if let Some(hook) = self.before_save.borrow_mut().take() {
            hook(self);
        }
        if self.revision() != expected {
            return Err(StoreFailure::Conflict(self.revision()));
        }
        let mut credentials = credentials.clone();
        let old = self.credentials().and_then(|old| old.refresh_token);
        credentials.refresh_token = credentials.refresh_token.or(old);
        self.store(credentials);
        self.saves.set(self.saves.get() + 1);
        Ok(self.revision().unwrap())
    }

    fn clear(&self) -> Result<(), StoreFailure> {
        match self.store_fails.get() {
            Some(failure) => Err(failure),
            None => {
                self.erase();
                Ok(())
            }
        }
    }

    fn begin_refresh(&self, seen: u64) -> Result<RefreshTurn, StoreFailure> {
        if let Some(failure) = self.store_fails.get() {
            return Err(failure);
        }
        if let Some(turn) = self.turns.borrow_mut().pop_front() {
            return Ok(turn);
        }
        Ok(match self.stored.borrow().as_ref() {
            None => RefreshTurn::Erased,
            Some(stored) if stored.revision != seen => RefreshTurn::Changed(stored.clone()),
            Some(_) => RefreshTurn::Mine,
        })
    }

    fn now(&self) -> i64 {
        NOW
    }
}
