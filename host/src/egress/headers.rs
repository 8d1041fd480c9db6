//! Which headers pass, in either direction.
//!
//! Callers say what they want; the host alone says how it is framed, to whom it is addressed, and
//! who it comes from. A header that a caller may not set is refused by name, not dropped: a plugin
//! that needs it must not believe that it was sent.

use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName,
    HeaderValue, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use super::error::{BadRequest, EgressError};

/// What providers see of us.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("calport/", env!("CARGO_PKG_VERSION")));

/// Nothing is decompressed here. Calendar replies are small; without a decompressor no bomb can go
/// off, and the cap on a body is the cap on what was received.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// hyper's own limit for HTTP/1 replies, held for requests and HTTP/2 replies as well.
pub(super) const MAX_COUNT: usize = 100;

/// A request's names and values. Access tokens run to a few KiB.
pub(super) const MAX_REQUEST_SIZE: usize = 16 * 1024;

/// The same with what the host puts in: a token of up to the size of all else.
const MAX_SENT_SIZE: usize = 2 * MAX_REQUEST_SIZE;

/// A reply's names and values: twice what common servers accept or send.
pub(super) const MAX_REPLY_SIZE: usize = 32 * 1024;

/// Framing and hop-by-hop (RFC 9110, 7.6.1), addressing, the forwarding chain, and cookies.
const HOST_ONLY: &[&str] = &[
    "alt-used",
    "connection",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
];

const HOST_ONLY_PREFIXES: &[&str] = &["proxy-", "x-forwarded-"];

/// Checks a request's headers and puts the host's own in. Replaced without a word: User-Agent and
/// Accept-Encoding, which every client library sets by itself. Taken out: Content-Length, which is
/// returned, to be compared with the body.
pub(super) fn prepare(headers: &mut HeaderMap) -> Result<Option<usize>, EgressError> {
    let length = declared_length(headers).map_err(EgressError::BadRequest)?;
    headers.remove(CONTENT_LENGTH);
    for name in headers.keys() {
        if is_host_only(name) {
            let name = name.as_str().chars().take(64).collect();
            return Err(EgressError::BadRequest(BadRequest::Header(name)));
        }
    }
    if headers.len() > MAX_COUNT || size(headers) > MAX_REQUEST_SIZE {
        return Err(EgressError::RequestHeadersTooLarge);
    }
    headers.insert(USER_AGENT, AGENT);
    headers.insert(ACCEPT_ENCODING, IDENTITY);
    Ok(length)
}

/// Checks the size of what leaves: the host's own headers and credentials have come on top.
pub(super) fn fit(headers: &HeaderMap) -> Result<(), EgressError> {
    if size(headers) > MAX_SENT_SIZE {
        return Err(EgressError::RequestHeadersTooLarge);
    }
    Ok(())
}

/// Checks a reply's headers and takes out what was meant for the connection, and cookies: there is
/// no jar, and a provider's session is nothing for a guest.
pub(super) fn receive(headers: &mut HeaderMap) -> Result<(), EgressError> {
    if headers.len() > MAX_COUNT || size(headers) > MAX_REPLY_SIZE {
        return Err(EgressError::ReplyHeadersTooLarge);
    }
    for name in [
        CONNECTION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        SET_COOKIE,
    ] {
        headers.remove(name);
    }
    for name in [
        "alt-svc",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "set-cookie2",
    ] {
        headers.remove(name);
    }
    Ok(())
}

/// Whether every coding that a reply names is none at all, but for chunks, which hyper puts
/// together. It undoes no other coding of a transfer (RFC 9112, section 6.1), and no chunks
/// within chunks.
pub(super) fn is_plain(headers: &HeaderMap) -> bool {
    let is = |value: &HeaderValue, word: &[u8]| {
        let value = value.as_bytes().trim_ascii();
        value.eq_ignore_ascii_case(word)
    };
    let mut contents = headers.get_all(CONTENT_ENCODING).iter();
    let mut transfers = headers.get_all(TRANSFER_ENCODING).iter();
    contents.all(|value| is(value, b"identity"))
        && transfers.next().is_none_or(|value| is(value, b"chunked"))
        && transfers.next().is_none()
}

fn is_host_only(name: &HeaderName) -> bool {
    let name = name.as_str();
    HOST_ONLY.contains(&name)
        || HOST_ONLY_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn declared_length(headers: &HeaderMap) -> Result<Option<usize>, BadRequest> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.as_bytes().iter().all(u8::is_ascii_digit) => value
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or(BadRequest::ContentLength),
        (Some(_), _) => Err(BadRequest::ContentLength),
    }
}

/// As RFC 9113, 6.5.2 counts, but for the 32 bytes of overhead per field.
fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}
