//! Checks the URL that a plugin wants a browser sent to: a plugin that lies must not be
//! able to send users, or their consent, elsewhere.

use crate::{
    config::is_loopback,
    egress::Origin,
    plugin::calendar::{EndpointUse, ProviderInfo},
};
use url::Url;

/// What the URL must hold, each exactly once.
pub(crate) struct Expected<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) code_challenge: &'a str,
}

/// Whether the URL goes to the provider's authorize endpoint and holds exactly what the
/// host gave. The error is for the log.
pub(crate) fn check(
    text: &str,
    provider: &ProviderInfo,
    moved_to: Option<&str>,
    expected: &Expected<'_>,
) -> Result<Url, &'static str> {
    let endpoint = provider
        .endpoints
        .iter()
        .find(|endpoint| endpoint.uses.contains(EndpointUse::AUTHORIZE))
        .ok_or("the provider has no authorize endpoint")?;
    let endpoint = Url::parse(moved_to.unwrap_or(&endpoint.default_url))
        .map_err(|_| "the authorize endpoint is no URL")?;
    Origin::parse(text).map_err(|_| "its origin can be read in two ways")?;
    let url = Url::parse(text).map_err(|_| "it is no URL")?;
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err("it is not https");
    }
    if url.origin() != endpoint.origin() || url.path() != endpoint.path() {
        return Err("it is not the provider's authorize endpoint");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("it has a user or a fragment");
    }
    for (name, value) in [
        ("response_type", "code"),
        ("redirect_uri", expected.redirect_uri),
        ("state", expected.state),
        ("code_challenge", expected.code_challenge),
        ("code_challenge_method", "S256"),
    ] {
        let mut values = url.query_pairs().filter(|(found, _)| found == name);
        if values.next().is_none_or(|(_, found)| found != value) || values.next().is_some() {
            return Err("a parameter is missing, doubled or not the host's");
        }
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::calendar::{Endpoint, ProviderKind};

    const GOOD: &str = "https://accounts.example/auth?response_type=code&client_id=x\
         &redirect_uri=https%3A%2F%2Fhost.example%2Fcb&state=s&code_challenge=c\
         &code_challenge_method=S256";

    fn checked(url: &str) -> bool {
        let provider = ProviderInfo {
            id: "google".into(),
            label: "Google".into(),
            kind: ProviderKind::Oauth,
            credentials: vec![],
            redirect_setting: None,
            endpoints: vec![Endpoint {
                setting: "GOOGLE_AUTH_URL".into(),
                default_url: "https://accounts.example/auth".into(),
                uses: EndpointUse::AUTHORIZE,
            }],
            scopes: vec![],
            changes: true,
            revocation: None,
        };
        let expected = Expected {
            redirect_uri: "https://host.example/cb",
            state: "s",
            code_challenge: "c",
        };
        check(url, &provider, None, &expected).is_ok()
    }

    #[test]
    fn only_the_providers_own_page_with_the_hosts_own_values_passes() {
        assert!(checked(GOOD));
        for (from, to) in [
            ("https://accounts.example", "https://evil.example"),
            (
                "https://accounts.example",
                "https://accounts.example.evil.example",
            ),
            ("https://accounts.example", "https://accounts.example:8443"),
            ("https://accounts.example", "https://x@accounts.example"),
            ("https://", "http://"),
            ("/auth?", "/auth/../other?"),
            ("state=s", "state=t"),
            ("state=s", "state=s&state=s"),
            ("&state=s", ""),
            ("code_challenge=c", "code_challenge=d"),
            ("S256", "plain"),
            ("host.example%2Fcb", "evil.example%2Fcb"),
            ("response_type=code", "response_type=token"),
            ("S256", "S256#x"),
            ("https://", "https:"),
            ("accounts.example", "%61ccounts.example"),
            ("accounts.example", "%C3%A9Accounts.example"),
            ("accounts.example", "accounts\t.example"),
        ] {
            assert!(!checked(&GOOD.replacen(from, to, 1)), "{from} -> {to}");
        }
    }
}
