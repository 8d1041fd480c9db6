//! The key that a caller chose, and what tells one request from another.

use crate::{api::Problem, connect::random};
use axum::{
    body::Bytes,
    http::{HeaderMap, header, request::Parts},
};
use sha2::{Digest, Sha256};

const NAME: &str = "idempotency-key";

/// The longest key, in bytes: a UUID has 36.
const MAX: usize = 255;

/// A caller's key.
pub(super) struct Key(String);

impl Key {
    /// The key of a request, if it has one; quoted, as a structured field is (RFC 9651,
    /// section 3.3.3), or bare.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(NAME).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        let bare = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        let is_key = (1..=MAX).contains(&bare.len())
            && bare
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'));
        if !is_key || values.next().is_some() {
            let remedy = "one key of 1 to 255 visible ASCII characters, for example a UUID";
            return Err(Problem::invalid(NAME, "is not a key", remedy));
        }
        Ok(Some(Self(bare.to_owned())))
    }

    /// What is stored of it: nobody can find out another caller's keys, nor meet them.
    pub(super) fn hash(&self, tenant: &str, caller: &str) -> String {
        let parts = [tenant, caller, &self.0];
        random::digest(&parts.map(|part| format!("{}:{part}", part.len())).join("/"))
    }
}

/// Of everything in a request that decides what it does.
pub(super) fn fingerprint(head: &Parts, body: &Bytes) -> String {
    let kind = head.headers.get(header::CONTENT_TYPE);
    let parts = [
        head.method.as_str().as_bytes(),
        head.uri.path().as_bytes(),
        head.uri.query().unwrap_or_default().as_bytes(),
        kind.map_or(&[][..], |kind| kind.as_bytes()),
        body,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    crate::hex::encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, Request};

    #[test]
    fn a_key_is_one_bounded_word_with_or_without_quotes() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(NAME, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            Key::read(&headers).map(|key| key.map(|key| key.0))
        };
        let longest = "x".repeat(255);
        for (values, key) in [
            (&[][..], None),
            (
                &["8e03978e-40d5-43e8-bc93-6894a57f9324"],
                Some("8e03978e-40d5-43e8-bc93-6894a57f9324"),
            ),
            (&["\"k-1\""], Some("k-1")),
            (&[&*longest], Some(&*longest)),
        ] {
            assert_eq!(read(values).unwrap().as_deref(), key, "{values:?}");
        }
        let too_long = "x".repeat(256);
        for values in [
            &[""][..],
            &["\"\""],
            &["\"half"],
            &["two words"],
            &["k\u{e9}y"],
            &[&*too_long],
            &["one", "two"],
        ] {
            assert!(read(values).is_err(), "{values:?}");
        }
    }

    #[test]
    fn callers_do_not_share_keys_and_no_two_requests_look_alike() {
        let key = Key("k".to_owned());
        let hashes = [
            key.hash("t", "ann"),
            key.hash("t", "bob"),
            key.hash("ta", "nn"),
        ];
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2]);
        let of = |method: &str, uri: &str, body: &'static str| {
            let request = Request::builder().method(method).uri(uri).body(()).unwrap();
            fingerprint(
                &request.into_parts().0,
                &Bytes::from_static(body.as_bytes()),
            )
        };
        let all = [
            of("PUT", "/api/jobs/1", "{}"),
            of("PUT", "/api/jobs/1", "{ }"),
            of("PUT", "/api/jobs/2", "{}"),
            of("DELETE", "/api/jobs/1", "{}"),
            of("PUT", "/api/jobs/1?x", "{}"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }
}
