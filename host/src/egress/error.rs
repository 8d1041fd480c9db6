//! Why a request was not answered, in terms that map one to one onto wasi:http's error codes.
//!
//! Never holds a path, a query, a header's value or a provider's text: an error may be logged as it is.

use std::fmt;

/// Why a request failed.
///
/// [`EgressError::was_sent`] tells whether the other side may have acted on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The origin is not on the allow-list, in this or any other spelling. Nothing was connected.
    #[error("{0} is not on the allow-list")]
    NotAllowed(Destination),
    /// The host has no address that may be reached: all are private, loopback or otherwise special.
    #[error("the host has no public address")]
    AddressRefused,
    /// The name did not resolve.
    #[error("the host's name did not resolve")]
    DnsFailed,
    /// No address accepted a TCP connection.
    #[error("the host did not accept a connection")]
    ConnectFailed,
    /// Name resolution, TCP and TLS took longer than the connect timeout.
    #[error("connecting took too long")]
    ConnectTimedOut,
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    TlsFailed(TlsFault),
    /// The total deadline passed, wherever the exchange was.
    #[error("the deadline has passed")]
    Deadline,
    /// The request's body is over the cap. Nothing was connected.
    #[error("the request body is too large")]
    RequestTooLarge,
    /// The request's headers are over the limits. Nothing was connected.
    #[error("the request headers are too many or too large")]
    RequestHeadersTooLarge,
    /// The reply's body is over the cap; what was read before is only a part of it.
    #[error("the reply body is too large")]
    ReplyTooLarge,
    /// The reply's headers are over the limits.
    #[error("the reply headers are too many or too large")]
    ReplyHeadersTooLarge,
    /// The request itself is at fault. Nothing was connected.
    #[error("the request was refused: {0}")]
    BadRequest(BadRequest),
    /// The reply cannot be passed on.
    #[error("the reply was refused: {0}")]
    BadReply(BadReply),
    /// The connection ended before the reply did.
    #[error("the connection ended before the reply did")]
    Interrupted,
}

impl EgressError {
    /// Whether the other side may have received the request, so that what was asked may have
    /// happened. When false, sending again cannot do anything twice.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        match self {
            Self::Deadline
            | Self::ReplyTooLarge
            | Self::ReplyHeadersTooLarge
            | Self::BadReply(_)
            | Self::Interrupted => true,
            Self::NotAllowed(_)
            | Self::AddressRefused
            | Self::DnsFailed
            | Self::ConnectFailed
            | Self::ConnectTimedOut
            | Self::TlsFailed(_)
            | Self::RequestTooLarge
            | Self::RequestHeadersTooLarge
            | Self::BadRequest(_) => false,
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// The target is not an absolute http or https URL, or its path could be read in two ways: dot
    /// segments (plain or percent-encoded), backslashes, control or non-ASCII characters.
    #[error("its target is not a plain absolute URL")]
    Target,
    /// The target is longer than 8,192 bytes.
    #[error("its target is too long")]
    TargetTooLong,
    /// CONNECT and TRACE are not for callers.
    #[error("its method is not for callers")]
    Method,
    /// A header that only the host may set. The name only, bounded.
    #[error("its header {0} is not for callers")]
    Header(String),
    /// Content-Length is doubled, no number, or differs from the body.
    #[error("its content-length is not that of its body")]
    ContentLength,
    /// The body has trailers.
    #[error("its body has trailers")]
    Trailers,
    /// The caller's own body stream failed.
    #[error("its body could not be read")]
    Body,
}

/// What is wrong with a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadReply {
    /// It is not HTTP.
    #[error("it is not HTTP")]
    Malformed,
    /// It switches protocols, which nobody asked for.
    #[error("it switches protocols")]
    Upgrade,
    /// It is compressed, as a whole or on its way, although only `identity` was accepted.
    #[error("it is compressed although that was not accepted")]
    Encoded,
}

/// Why a TLS handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The certificate has run out or is not valid yet (also: this host's clock is wrong).
    #[error("the certificate is not valid at this time")]
    Expired,
    /// The certificate is for another name.
    #[error("the certificate is for another name")]
    WrongName,
    /// No trusted root vouches for the certificate.
    #[error("the certificate's issuer is not trusted")]
    UntrustedIssuer,
    /// The certificate is unusable for another reason.
    #[error("the certificate is not acceptable")]
    BadCertificate,
    /// The other side refused with an alert.
    #[error("the other side refused")]
    Alert,
    /// The other side does not speak TLS, or broke off.
    #[error("the other side did not complete it")]
    Protocol,
}

/// Why an [`Egress`](super::Egress) cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A further root certificate cannot be read.
    #[error("a root certificate cannot be read")]
    Certificate,
    /// The TLS library offers no protocol version.
    #[error("TLS cannot be set up")]
    Tls,
}

/// Where a refused request wanted to go: scheme, host and port only, printable ASCII, bounded,
/// without userinfo. Safe to log.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// A registered name has at most 253 characters; a little more shows where somebody tried.
    const MAX: usize = 300;

    /// From whatever the caller wrote.
    pub(super) fn new(scheme: &str, authority: &str) -> Self {
        let host = authority.rsplit('@').next().unwrap_or_default();
        let text = scheme
            .chars()
            .chain("://".chars())
            .chain(host.chars())
            .take(Self::MAX)
            .map(|c| if c.is_ascii_graphic() { c } else { '?' })
            .collect();
        Self(text)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
