//! Two made-up providers and their credentials, for tests and fuzzing. No real value is here.

use crate::{
    config::Environment,
    plugin::calendar::{
        Credential, Endpoint, EndpointUse, PluginInfo, ProviderInfo, ProviderKind, Revocation,
        Scope,
    },
};

/// Values that need encoding wherever they go, each to be seen nowhere else.
pub(super) const SECRET: &str = "CANARY-client//secret+&=%~";
pub(super) const ACCESS: &str = "CANARY.access/token~+==";
pub(super) const REFRESH: &str = "1//CANARY-refresh&token=%41";
pub(super) const CODE: &str = "4/0CANARY+code&=";
pub(super) const VERIFIER: &str = "CANARY-verifier-dBjftJeZ4CVP";

/// What each provider may be asked for.
pub(super) fn scopes() -> Vec<Scope> {
    ["openid", "events"]
        .map(|name| Scope {
            name: name.into(),
            reason: "To be of use.".into(),
        })
        .into()
}

/// Two providers, `own` and `foreign`, each with its endpoints below a base URL.
pub(super) fn info() -> PluginInfo {
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
            scopes: scopes(),
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
pub(super) fn settings(own: &str, foreign: &str) -> Environment {
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
