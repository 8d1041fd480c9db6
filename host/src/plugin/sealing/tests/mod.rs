//! Sealing under attack: what leaves, what comes back, and what a guest ever gets.

mod border;
mod built_in;
mod echoes;
mod forms;
mod headers;
mod hooks;
mod providers;
mod replies;
mod tokens;

use super::{Kind, Policy, Sealing, Seals, table::Table};
use crate::{
    config::Environment,
    plugin::calendar::{
        Credential, Endpoint, EndpointUse, PluginInfo, ProviderInfo, ProviderKind, Revocation,
    },
};
use std::sync::{Arc, Mutex, PoisonError};

/// All that guests of one plugin were given.
#[derive(Default)]
pub(in crate::plugin) struct Tap(Mutex<Vec<u8>>);

impl Tap {
    pub(in crate::plugin) fn record(&self, given: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(given);
    }

    fn recorded(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// Values that need encoding wherever they go, each to be seen nowhere else.
const SECRET: &str = "CANARY-client//secret+&=%~";
const ACCESS: &str = "CANARY.access/token~+==";
const REFRESH: &str = "1//CANARY-refresh&token=%41";
const CODE: &str = "4/0CANARY+code&=";
const VERIFIER: &str = "CANARY-verifier-dBjftJeZ4CVP";

const CANARY: &str = "CANARY";

/// The placeholders of a call that was given everything.
struct Given {
    table: Table,
    secret: String,
    access: String,
    refresh: String,
    code: String,
    verifier: String,
    other: String,
}

fn given() -> Given {
    let table = Table::default();
    let seal = |kind, value: &str| table.seal(kind, value.into()).unwrap();
    Given {
        secret: seal(Kind::ClientSecret, SECRET),
        access: seal(Kind::AccessToken, ACCESS),
        refresh: seal(Kind::RefreshToken, REFRESH),
        code: seal(Kind::Code, CODE),
        verifier: seal(Kind::Verifier, VERIFIER),
        other: seal(Kind::Other, "CANARY-id-token-or-the-like"),
        table,
    }
}

/// Two providers, `own` and `foreign`, each with its endpoints below a base URL.
fn info() -> PluginInfo {
    let provider = |id: &str| {
        let upper = id.to_ascii_uppercase();
        let endpoint = |word: &str, path: &str, uses| Endpoint {
            setting: format!("{upper}_{word}_URL"),
            default_url: format!("https://{id}.example{path}"),
            uses,
        };
        ProviderInfo {
            id: id.into(),
            label: id.into(),
            kind: ProviderKind::Oauth,
            credentials: vec![
                Credential {
                    name: format!("{upper}_CLIENT_ID"),
                    secret: false,
                },
                Credential {
                    name: format!("{upper}_CLIENT_SECRET"),
                    secret: true,
                },
            ],
            redirect_setting: None,
            endpoints: vec![
                endpoint("AUTH", "/authorize", EndpointUse::AUTHORIZE),
                endpoint("TOKEN", "/token", EndpointUse::TOKEN),
                endpoint("REVOKE", "/revoke", EndpointUse::REVOKE),
                endpoint("API", "/api/v1/", EndpointUse::API),
            ],
            scopes: vec![],
            changes: true,
            revocation: Some(Revocation::ByCall),
        }
    };
    PluginInfo {
        name: "test".into(),
        version: "1.0.0".into(),
        providers: vec![provider("own"), provider("foreign")],
    }
}

/// The settings of both providers, moved to these base URLs.
fn settings(own: &str, foreign: &str) -> Environment {
    let mut pairs = Vec::new();
    for (id, base) in [("OWN", own), ("FOREIGN", foreign)] {
        pairs.push((format!("{id}_CLIENT_SECRET"), format!("{SECRET}-{id}")));
        for (word, path) in [
            ("AUTH", "/authorize"),
            ("TOKEN", "/token"),
            ("REVOKE", "/revoke"),
            ("API", "/api/v1/"),
        ] {
            pairs.push((format!("{id}_{word}_URL"), format!("{base}{path}")));
        }
    }
    Environment::from_pairs(pairs)
}

/// The seals of a call to `own`.
fn seals(settings: &Environment) -> Seals {
    let policy = Policy::new(Sealing::On, &info(), settings).unwrap();
    Seals::new(Arc::new(policy), Some("own"))
}
