//! Origins (scheme, host, port) and the list of those that may be reached.
//!
//! An origin has exactly one form. Spellings that need a reader's goodwill (userinfo, backslashes,
//! percent-encoded or non-ASCII hosts, a trailing dot) are refused, never repaired.

use std::fmt;
use std::net::IpAddr;

use http::uri::{Authority, Scheme};
use url::{Host, Url};

use super::address::Reach;

/// Whether this machine itself may be reached, over http too. For development and tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Loopback {
    /// Never: the default, and what production runs with.
    #[default]
    Denied,
    /// Origins on the allow-list whose host is `localhost`, in 127.0.0.0/8, or `::1`.
    Allowed,
}

/// Why a URL gives no origin that may be put on an allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not `scheme://host...`, or the host or port does not parse.
    #[error("it is not an absolute URL")]
    NotAUrl,
    /// Something else than http or https.
    #[error("its scheme is neither https nor http")]
    Scheme,
    /// A user name or password before the host.
    #[error("it holds a user name or password")]
    Userinfo,
    /// White space, control, non-ASCII or percent-encoded characters, a backslash, a trailing dot.
    #[error("its host has characters that can be read in two ways; write an ASCII name (xn--...)")]
    Ambiguous,
    /// http is only for loopback.
    #[error("it must be https")]
    NotHttps,
    /// Loopback was not granted.
    #[error("it is on this machine, which was not allowed")]
    LoopbackDenied,
    /// An IP address that is not on the public internet.
    #[error("it is a private or special address")]
    AddressRefused,
}

/// Scheme, host and port in their one canonical form (RFC 6454).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: Host<String>,
    port: u16,
}

impl Origin {
    /// The origin of an absolute http or https URL; path and query are not looked at.
    ///
    /// # Errors
    /// When the URL is not absolute or its host can be read in two ways.
    pub fn parse(url: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = url.split_once("://").ok_or(OriginError::NotAUrl)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        Self::from_parts(scheme, rest.get(..end).unwrap_or_default())
    }

    /// The origin of a scheme and an authority as a caller wrote them.
    pub(super) fn from_parts(scheme: &str, authority: &str) -> Result<Self, OriginError> {
        let secure = if scheme.eq_ignore_ascii_case("https") {
            true
        } else if scheme.eq_ignore_ascii_case("http") {
            false
        } else {
            return Err(OriginError::Scheme);
        };
        if authority.contains('@') {
            return Err(OriginError::Userinfo);
        }
        // The WHATWG parser drops tabs and line breaks, turns backslashes into slashes, and maps
        // Unicode look-alikes onto ASCII: it must never see one.
        let ambiguous =
            |b: u8| !b.is_ascii_graphic() || matches!(b, b'\\' | b'%' | b'/' | b'?' | b'#');
        if authority.bytes().any(ambiguous) {
            return Err(OriginError::Ambiguous);
        }
        let name = if secure { "https" } else { "http" };
        let url =
            Url::parse(&format!("{name}://{authority}/")).map_err(|_| OriginError::NotAUrl)?;
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(OriginError::NotAUrl);
        };
        if port == 0 {
            return Err(OriginError::NotAUrl);
        }
        if matches!(host, Host::Domain(name) if name.ends_with('.')) {
            return Err(OriginError::Ambiguous);
        }
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
        })
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.secure
    }

    /// The canonical host: a lower-case ASCII name, or an address.
    #[must_use]
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port, the scheme's default filled in.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is this very machine by its spelling.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => is_localhost(name),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    pub(super) fn scheme(&self) -> Scheme {
        if self.secure {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }

    /// `host` or `host:port`, the latter when the port is not the scheme's default.
    pub(super) fn authority(&self) -> Result<Authority, OriginError> {
        let text = if self.port == self.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        };
        Authority::try_from(text).map_err(|_| OriginError::NotAUrl)
    }

    fn default_port(&self) -> u16 {
        if self.secure { 443 } else { 80 }
    }

    fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.host)?;
        if self.port != self.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The one name whose meaning RFC 6761 fixes.
pub(super) fn is_localhost(name: &str) -> bool {
    name == "localhost"
}

/// The origins that may be reached, each checked when it is added.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    loopback: Loopback,
    origins: Vec<Origin>,
    granted: Option<Reach>,
}

impl AllowList {
    /// An empty list: nothing may be reached.
    #[must_use]
    pub fn new(loopback: Loopback) -> Self {
        Self {
            loopback,
            origins: Vec::new(),
            granted: None,
        }
    }

    /// The origin of one URL that the operator has configured for the host's own use, such
    /// as where the platform takes webhooks: it may lie on this machine or in a private
    /// network, and only there is it plain http. No plugin is ever given such a list.
    ///
    /// # Errors
    /// When the URL is no origin, or one that could never be reached.
    pub fn operators_own(url: &str) -> Result<Self, OriginError> {
        let origin = Origin::parse(url)?;
        origin.authority()?;
        let granted = if origin.is_https() {
            Reach::Operator
        } else {
            Reach::Near
        };
        match origin.address() {
            Some(address) if !granted.admits(address) => Err(if Reach::Global.admits(address) {
                OriginError::NotHttps
            } else {
                OriginError::AddressRefused
            }),
            Some(_) | None => Ok(Self {
                loopback: Loopback::Denied,
                origins: vec![origin],
                granted: Some(granted),
            }),
        }
    }

    pub(super) fn granted(&self) -> Option<Reach> {
        self.granted
    }

    /// Adds the origin of a URL; adding it twice is adding it once.
    ///
    /// # Errors
    /// When the URL is no origin, or one that could never be reached.
    pub fn allow(&mut self, url: &str) -> Result<&mut Self, OriginError> {
        let origin = Origin::parse(url)?;
        origin.authority()?;
        if origin.is_loopback() {
            match self.loopback {
                Loopback::Allowed => {}
                Loopback::Denied => return Err(OriginError::LoopbackDenied),
            }
        } else {
            if !origin.is_https() {
                return Err(OriginError::NotHttps);
            }
            if origin
                .address()
                .is_some_and(|address| !Reach::Global.admits(address))
            {
                return Err(OriginError::AddressRefused);
            }
        }
        if !self.origins.contains(&origin) {
            self.origins.push(origin);
        }
        Ok(self)
    }

    /// What is on the list.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_origin_are_one_origin() {
        let origin = Origin::parse("https://calendar.example").unwrap();
        for url in [
            "https://calendar.example/",
            "HTTPS://CALENDAR.Example/path?query#fragment",
            "https://calendar.example:443",
            "https://calendar.example:/",
            "https://calendar.example:0443/",
            "https://calendar.example?x=//other.example",
            "https://calendar.example#@other.example",
        ] {
            assert_eq!(Origin::parse(url).as_ref(), Ok(&origin), "{url}");
        }
        assert_eq!(origin.to_string(), "https://calendar.example");
    }

    #[test]
    fn numeric_spellings_of_an_address_are_that_address() {
        let origin = Origin::parse("http://127.0.0.1:8080").unwrap();
        for host in [
            "127.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "0x7f.0.0.1",
            "127.0.0.01",
        ] {
            assert_eq!(
                Origin::parse(&format!("http://{host}:8080")).as_ref(),
                Ok(&origin),
                "{host}"
            );
        }
        assert!(origin.is_loopback());
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let origin = Origin::parse("https://calendar.example").unwrap();
        for url in [
            "http://calendar.example",
            "http://calendar.example:443",
            "https://calendar.example:444",
            "https://www.calendar.example",
            "https://calendar.example.evil.example",
            "https://calendarexample",
            "https://ca1endar.example",
            "https://xn--clendar-2fg.example",
        ] {
            assert_ne!(Origin::parse(url).as_ref(), Ok(&origin), "{url}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_origin() {
        for (url, why) in [
            ("", OriginError::NotAUrl),
            ("calendar.example", OriginError::NotAUrl),
            ("//calendar.example", OriginError::NotAUrl),
            ("https:calendar.example", OriginError::NotAUrl),
            ("https:/calendar.example", OriginError::NotAUrl),
            ("https:\\\\calendar.example", OriginError::NotAUrl),
            ("https:///calendar.example", OriginError::NotAUrl),
            ("https://", OriginError::NotAUrl),
            ("https://:443", OriginError::NotAUrl),
            ("https://calendar.example:0", OriginError::NotAUrl),
            ("https://calendar.example:65536", OriginError::NotAUrl),
            ("https://calendar.example:44x", OriginError::NotAUrl),
            ("https://256.1.1.1", OriginError::NotAUrl),
            ("https://[::1", OriginError::NotAUrl),
            ("https://[fe80::1%25eth0]", OriginError::Ambiguous),
            ("ftp://calendar.example", OriginError::Scheme),
            ("javascript://calendar.example", OriginError::Scheme),
            (" https://calendar.example", OriginError::Scheme),
            ("https://user@calendar.example", OriginError::Userinfo),
            (
                "https://calendar.example:443@evil.example",
                OriginError::Userinfo,
            ),
            ("https://@calendar.example", OriginError::Userinfo),
            ("https://calendar.example.", OriginError::Ambiguous),
            (
                "https://calendar.example\\@evil.example",
                OriginError::Userinfo,
            ),
            (
                "https://calendar.example\\.evil.example",
                OriginError::Ambiguous,
            ),
            ("https://calendar%2eexample", OriginError::Ambiguous),
            (
                "https://calendar.example%00.evil.example",
                OriginError::Ambiguous,
            ),
            ("https://calendar.example\r\n", OriginError::Ambiguous),
            ("https://calendar.\texample", OriginError::Ambiguous),
            ("https://calendar.example ", OriginError::Ambiguous),
            ("https://c\u{430}lendar.example", OriginError::Ambiguous),
            ("https://\u{ff43}alendar.example", OriginError::Ambiguous),
            ("https://calendar\u{3002}example", OriginError::Ambiguous),
            (
                "https://calendar.example\u{2215}evil.example",
                OriginError::Ambiguous,
            ),
        ] {
            assert_eq!(Origin::parse(url), Err(why), "{url:?}");
        }
    }

    #[test]
    fn the_list_takes_https_and_nothing_of_this_machine() {
        for (url, why) in [
            ("http://calendar.example", OriginError::NotHttps),
            ("http://8.8.8.8", OriginError::NotHttps),
            ("http://localhost", OriginError::LoopbackDenied),
            ("https://localhost", OriginError::LoopbackDenied),
            ("https://127.1", OriginError::LoopbackDenied),
            ("https://[::1]", OriginError::LoopbackDenied),
            ("https://10.0.0.1", OriginError::AddressRefused),
            ("https://0xa9fea9fe", OriginError::AddressRefused),
            ("https://[::ffff:127.0.0.1]", OriginError::AddressRefused),
            ("https://[64:ff9b::a00:1]", OriginError::AddressRefused),
            ("https://0.0.0.0", OriginError::AddressRefused),
        ] {
            let mut list = AllowList::new(Loopback::Denied);
            assert_eq!(list.allow(url).err(), Some(why), "{url}");
            assert!(list.origins().is_empty());
        }
    }

    #[test]
    fn an_operators_own_url_may_be_near_and_is_https_elsewhere() {
        for url in [
            "https://platform.example/hooks",
            "http://platform:3000/hooks",
            "http://localhost:3000/",
            "http://10.0.0.1/",
            "https://[fd00::1]/",
            "https://8.8.8.8/",
        ] {
            let list = AllowList::operators_own(url).unwrap();
            assert_eq!(list.origins(), [Origin::parse(url).unwrap()]);
        }
        for (url, why) in [
            ("http://8.8.8.8/", OriginError::NotHttps),
            ("https://169.254.169.254/", OriginError::AddressRefused),
            ("http://0.0.0.0/", OriginError::AddressRefused),
            ("https://user@platform.example", OriginError::Userinfo),
            ("platform.example", OriginError::NotAUrl),
        ] {
            assert_eq!(AllowList::operators_own(url).err(), Some(why), "{url}");
        }
    }

    #[test]
    fn granted_loopback_is_loopback_and_nothing_else() {
        let mut list = AllowList::new(Loopback::Allowed);
        for url in [
            "http://localhost:8000",
            "http://127.0.0.1:8000",
            "https://[::1]:8443",
        ] {
            list.allow(url).unwrap();
        }
        for url in [
            "http://calendar.example",
            "http://localhost.evil.example",
            "http://a.localhost",
        ] {
            assert_eq!(list.allow(url).err(), Some(OriginError::NotHttps), "{url}");
        }
        assert_eq!(
            list.allow("https://10.0.0.1").err(),
            Some(OriginError::AddressRefused)
        );
        list.allow("http://LOCALHOST:8000/again").unwrap();
        assert_eq!(list.origins().len(), 3);
    }
}
