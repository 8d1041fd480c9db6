//! Everything that the host can be asked, read from what it says of itself and from its own
//! source, so that no new route is forgotten.

use calport_e2e::{METRICS_TOKEN, PLATFORM_TOKEN, World, token};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The user whose data everything is about.
pub(crate) const USER: &str = "ann";

/// The booking that they take part in.
pub(crate) const BOOKING: &str = "/api/jobs/17/";

/// Whose bearer opens an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    User,
    Platform,
    Operator,
}

impl By {
    pub(crate) const ALL: [Self; 3] = [Self::User, Self::Platform, Self::Operator];

    fn parse(scheme: &str) -> Self {
        match scheme {
            "user" => Self::User,
            "platform" => Self::Platform,
            "metrics" => Self::Operator,
            other => panic!("teach this test the scheme {other}"),
        }
    }

    /// A bearer of this kind; users' are [`USER`]'s.
    pub(crate) fn bearer(self) -> String {
        match self {
            Self::User => bearer(&json!({ "sub": USER })),
            Self::Platform => PLATFORM_TOKEN.to_owned(),
            Self::Operator => METRICS_TOKEN.to_owned(),
        }
    }
}

/// A token that the platform signed, valid for long.
pub(crate) fn bearer(claims: &Value) -> String {
    let mut claims = claims.clone();
    claims["exp"] = json!(4_000_000_000_u64);
    token(&claims).unwrap()
}

/// An operation of the interface, with values for its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Who may call it; nobody in particular where it is open.
    pub(crate) callers: Vec<By>,
    /// Whether it does something without a bearer, be it only with a signature in its path.
    pub(crate) is_open: bool,
    pub(crate) takes_body: bool,
}

impl Operation {
    /// All of them.
    pub(crate) async fn all(world: &World) -> Vec<Self> {
        let path = "/api/openapi.json";
        let reply = world.call(Method::GET, path, None, None).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK);
        let document = reply.json();
        let mut all = Vec::new();
        for (pattern, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                all.push(Self::read(pattern, method, operation));
            }
        }
        assert!(all.len() > 20, "{all:?}");
        // What ends something comes last.
        all.sort_by_key(Operation::ends_something);
        all
    }

    fn read(pattern: &str, method: &str, operation: &Value) -> Self {
        let schemes = operation["security"].as_array().unwrap();
        let names = schemes
            .iter()
            .flat_map(|one| one.as_object().unwrap().keys());
        let mut path = match pattern.starts_with("/api/users/") {
            true => pattern.replace("{id}", USER),
            false => pattern.replace("{id}", "17"),
        };
        for (name, value) in [
            ("{provider}", "google"),
            ("{kind}", "jobs"),
            ("{file}", "no-such-address.ics"),
        ] {
            path = path.replace(name, value);
        }
        assert!(!path.contains('{'), "teach this test a value for {path}");
        if path.ends_with("/busy/") {
            path += "?from=2031-12-01T00:00:00Z&to=2031-12-02T00:00:00Z&user=ann";
        }
        Self {
            method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
            path,
            callers: names.map(|name| By::parse(name)).collect(),
            is_open: schemes.is_empty() || schemes.contains(&json!({})),
            takes_body: operation.get("requestBody").is_some(),
        }
    }

    fn ends_something(&self) -> u8 {
        match (self.path.starts_with("/api/users/"), &self.method) {
            (true, _) => 2,
            (false, method) => {
                u8::from(*method == Method::DELETE || self.path.contains("disconnect"))
            }
        }
    }

    /// Whether it changes something.
    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// A body that an entitled caller has success with, if the account is connected.
    pub(crate) fn body(&self) -> Option<Value> {
        self.takes_body.then(|| match self.path.as_str() {
            BOOKING => booking(2, "Another title"),
            "/api/page-sessions/" => json!({ "user": USER }),
            "/api/calendar/google/calendar/" => json!({"id": "primary"}),
            "/api/calendar/google/complete/" => json!({"handle": "none"}),
            _ => json!({}),
        })
    }

    /// With the slash at its end, and without.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let bare = path.trim_end_matches('/');
        [bare.to_owned(), format!("{bare}/")]
            .map(|path| format!("{path}?{query}"))
            .to_vec()
    }
}

pub(crate) fn booking(revision: u32, title: &str) -> Value {
    json!({
        "revision": revision, "title": title, "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": USER, "role": "customer"}],
    })
}

/// A path of the settings page.
#[derive(Clone, Debug)]
pub(crate) struct PagePath {
    pub(crate) method: Method,
    pub(crate) path: String,
}

impl PagePath {
    /// All of them, read from the page's own source: axum keeps no list.
    pub(crate) fn all() -> Vec<Self> {
        let source = include_str!("../../../../host/src/page/mod.rs");
        let source = source.replace(char::is_whitespace, "");
        let mut all = Vec::new();
        for route in source.split(".route(\"").skip(1) {
            let (path, rest) = route.split_once("\",").unwrap();
            let handlers = rest.split(".layer(").next().unwrap();
            let path = path
                .replace("{provider}", "google")
                .replace("{file}", "no-such-file.css");
            assert!(!path.contains('{'), "teach this test a value for {path}");
            for method in [Method::GET, Method::POST] {
                let call = format!("{}(", method.as_str().to_lowercase());
                if handlers.starts_with(&call) || handlers.contains(&format!(".{call}")) {
                    all.push(Self {
                        method,
                        path: format!("{path}/"),
                    });
                }
            }
        }
        assert!(all.len() > 15, "{all:?}");
        all
    }
}
