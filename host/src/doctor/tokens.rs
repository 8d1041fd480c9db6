//! Whether users' tokens can be verified.

use super::{
    Report,
    reach::{Unreached, remedy, send},
};
use crate::{
    config::{UserTokenKeys, UserTokens},
    egress::AllowList,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use url::Url;

const AREA: &str = "Users' tokens";

pub(super) async fn examine(tokens: &UserTokens, report: &mut Report) {
    let url = match &tokens.keys {
        UserTokenKeys::Shared(_) => {
            report.ok(AREA, "They are verified with the shared secret (HS256).");
            return;
        }
        UserTokenKeys::Jwks(url) => url,
    };
    match fetch(url).await {
        Ok(reply) if reply.status() != StatusCode::OK => report.problem(
            AREA,
            format!("CALPORT_JWKS_URL answers with {}.", reply.status()),
            "Set it to where your platform publishes its keys (RFC 7517).",
        ),
        Ok(reply) => keys(reply.body(), report),
        Err(error) => report.problem(
            AREA,
            format!("CALPORT_JWKS_URL cannot be read: {error}."),
            remedy(&error),
        ),
    }
}

async fn fetch(url: &Url) -> Result<http::Response<Bytes>, Unreached> {
    let allowed = AllowList::operators_own(url.as_str());
    let allowed = allowed.map_err(|error| Unreached::Refused(error.to_string()))?;
    let request = Request::get(url.as_str()).body(Bytes::new());
    let request = request.map_err(|error| Unreached::Refused(error.to_string()))?;
    send(allowed, request).await
}

fn keys(body: &[u8], report: &mut Report) {
    let set: Result<JwkSet, _> = serde_json::from_slice(body);
    let usable = set.map(|set| {
        let named = set.keys.iter().filter(|key| key.common.key_id.is_some());
        named
            .filter(|key| DecodingKey::from_jwk(key).is_ok())
            .count()
    });
    match usable {
        Ok(0) => report.problem(
            AREA,
            "CALPORT_JWKS_URL holds no key with an id (`kid`) that can be used.",
            "Publish RSA, P-256 or Ed25519 keys, each with the `kid` that tokens name.",
        ),
        Ok(usable) => report.ok(
            AREA,
            format!("CALPORT_JWKS_URL holds {usable} usable keys."),
        ),
        Err(_) => report.problem(
            AREA,
            "CALPORT_JWKS_URL answers with something else than a set of keys.",
            "Set it to where your platform publishes its keys (RFC 7517).",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn only_keys_with_an_id_that_can_be_used_count() {
        let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","kid":"1",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let nameless = ed25519.replace(r#""kid":"1","#, "");
        for (body, verdict) in [
            (format!(r#"{{"keys":[{ed25519}]}}"#), Verdict::Ok),
            (format!(r#"{{"keys":[{nameless}]}}"#), Verdict::Problem),
            (r#"{"keys":[]}"#.to_owned(), Verdict::Problem),
            ("<html>".to_owned(), Verdict::Problem),
        ] {
            let mut report = Report::default();
            keys(body.as_bytes(), &mut report);
            assert_eq!(report.verdict(), verdict, "{body}");
        }
    }
}
