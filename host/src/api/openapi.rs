//! `GET /api/openapi.json`: the interface as OpenAPI 3.1 describes it. Kept by hand, and
//! held against the router and against real replies by tests.

use axum::http::{HeaderName, header};

const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn show() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

    /// `METHOD path` for every route, read from the router's own source: axum keeps no list.
    fn routed() -> BTreeSet<String> {
        let source = include_str!("mod.rs").replace(char::is_whitespace, "");
        let mut routed = BTreeSet::new();
        for route in source.split(".route(\"").skip(1) {
            let (path, rest) = route.split_once("\",").unwrap();
            // A route ends where the next link of the chain begins at its own level.
            let mut depth = 1;
            let end = rest.find(|c| {
                depth += match c {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let handlers = &rest[..end.unwrap()];
            for method in METHODS {
                let called = format!("{method}(");
                let is_called =
                    handlers.starts_with(&called) || handlers.contains(&format!(".{called}"));
                if is_called {
                    routed.insert(format!("{method} {path}"));
                }
            }
        }
        routed
    }

    fn documented() -> BTreeSet<String> {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            let path = path.trim_end_matches('/');
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        });
        operations.collect()
    }

    #[test]
    fn every_route_is_documented_and_every_documented_route_exists() {
        let routed = routed();
        assert!(routed.contains("delete /api/{kind}/{id}"), "{routed:?}");
        assert_eq!(routed, documented());
    }

    #[test]
    fn every_reference_leads_somewhere_and_the_version_is_this_one() {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        for part in DOCUMENT.split("\"$ref\": \"#").skip(1) {
            let (pointer, _) = part.split_once('"').unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
