//! Cookies that hold a token: for this host alone, out of reach of scripts, and not sent
//! along with other sites' forms.

use axum::http::{HeaderMap, HeaderValue, header, header::InvalidHeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// A cookie with two names.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    /// On https: `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis,
    /// section 4.1.3.2).
    pub secure_name: &'static str,
    /// On loopback over http, where browsers refuse the prefix.
    pub plain_name: &'static str,
    /// How long browsers keep it, in seconds.
    pub seconds: i64,
}

impl Cookie {
    /// `Set-Cookie` with this value.
    ///
    /// # Errors
    /// The value cannot stand in a header.
    pub fn set(
        &self,
        secure: bool,
        value: &SecretString,
    ) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut header = self.header(secure, value.expose_secret(), self.seconds)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// `Set-Cookie` that removes it.
    ///
    /// # Errors
    /// Never with names of this host's own.
    pub fn clear(&self, secure: bool) -> Result<HeaderValue, InvalidHeaderValue> {
        self.header(secure, "", 0)
    }

    /// What a browser brought. Two of the name: somebody has planted one, and which is not
    /// to be known, so that both count as none.
    pub fn read<'a>(&self, secure: bool, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == self.name(secure))
            .map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    }

    fn name(&self, secure: bool) -> &'static str {
        if secure {
            self.secure_name
        } else {
            self.plain_name
        }
    }

    fn header(
        &self,
        secure: bool,
        value: &str,
        age: i64,
    ) -> Result<HeaderValue, InvalidHeaderValue> {
        let name = self.name(secure);
        let secure = if secure { "; Secure" } else { "" };
        HeaderValue::try_from(format!(
            "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: Cookie = Cookie {
        secure_name: "__Host-calport-test",
        plain_name: "calport-test",
        seconds: 600,
    };

    #[test]
    fn a_doubled_cookie_counts_as_none() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; calport-test=x"),
        );
        assert_eq!(COOKIE.read(false, &headers), Some("x"));
        assert_eq!(COOKIE.read(true, &headers), None);
        headers.append(header::COOKIE, HeaderValue::from_static("calport-test=y"));
        assert_eq!(COOKIE.read(false, &headers), None);
    }

    #[test]
    fn on_https_it_is_bound_to_the_host_and_to_https() {
        let set = COOKIE.set(true, &"v".into()).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-calport-test=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure"
        );
        assert!(set.is_sensitive());
        let clear = COOKIE.clear(false).unwrap();
        assert!(
            clear
                .to_str()
                .unwrap()
                .starts_with("calport-test=; Path=/; HttpOnly")
        );
    }
}
