//! Checks the URL that a plugin wants a browser sent to: a plugin that lies must not be
//! able to send users, or their consent, elsewhere.

use crate::{
    config::is_loopback,
    egress::Origin,
    plugin::{
        Plugin,
        calendar::{EndpointUse, ProviderInfo},
        undescribed,
    },
};
use std::collections::BTreeSet;
use url::Url;

/// Parameters that ask for what no scope says: OpenID Connect Core 1.0, sections 5.5 and 6;
/// RFC 9101; RFC 9396. In lower case.
const BEYOND_SCOPES: [&str; 4] = ["authorization_details", "claims", "request", "request_uri"];

/// What the URL must hold, each exactly once.
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) code_challenge: &'a str,
}

/// The app's id at a provider, as the operator has set it; empty where it is not set.
pub(crate) fn client_id<'a>(plugin: &'a Plugin, provider: &ProviderInfo) -> &'a str {
    let mut credentials = provider.credentials.iter();
    credentials
        .find(|credential| !credential.secret)
        .and_then(|credential| plugin.setting(&credential.name))
        .unwrap_or_default()
}

/// Whether the URL goes to the provider's authorize endpoint, holds exactly what the host
/// gave, and asks for nothing but described scopes. The error is for the log.
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
    check_once(&url)?;
    check_scopes(&url, provider)?;
    if expected.client_id.is_empty() {
        return Err("the app has no client id");
    }
    for (name, value) in [
        ("client_id", expected.client_id),
        ("response_type", "code"),
        ("redirect_uri", expected.redirect_uri),
        ("state", expected.state),
        ("code_challenge", expected.code_challenge),
        ("code_challenge_method", "S256"),
    ] {
        let mut values = url.query_pairs().filter(|(found, _)| found == name);
        if values.next().is_none_or(|(_, found)| found != value) {
            return Err("a parameter is missing or not the host's");
        }
    }
    Ok(url)
}

/// Who reads the URL finds the parameters that were checked here: each stands once, whatever
/// the case of its name means to them, and `;` does not part two of them.
fn check_once(url: &Url) -> Result<(), &'static str> {
    if url.query().is_some_and(|query| query.contains(';')) {
        return Err("its query can be read in two ways");
    }
    let mut seen = BTreeSet::new();
    match url
        .query_pairs()
        .all(|(name, _)| seen.insert(name.to_ascii_lowercase()))
    {
        true => Ok(()),
        false => Err("a parameter stands twice"),
    }
}

/// No more is asked for than the description says, which is what was granted.
fn check_scopes(url: &Url, provider: &ProviderInfo) -> Result<(), &'static str> {
    let mut is_asked = false;
    for (name, value) in url.query_pairs() {
        if name == "scope" {
            is_asked = !value.trim().is_empty();
            if undescribed(&value, &provider.scopes).is_some() {
                return Err("it asks for a scope that is not described");
            }
            continue;
        }
        let name = name.to_ascii_lowercase();
        // Google's include_granted_scopes adds all that the user has ever granted to the app;
        // others have a second list, as Slack's user_scope.
        let is_another = name.contains("scope") && value != "false";
        if is_another || BEYOND_SCOPES.contains(&name.as_str()) {
            return Err("it asks for more in another parameter than scope");
        }
    }
    // What it means to name none is up to the provider, unless it knows none.
    match is_asked || provider.scopes.is_empty() {
        true => Ok(()),
        false => Err("it has no scope"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::calendar::{Endpoint, ProviderKind, Scope};

    const GOOD: &str = "https://accounts.example/auth?response_type=code&client_id=app\
         &scope=openid+events&redirect_uri=https%3A%2F%2Fhost.example%2Fcb&state=s&code_challenge=c\
         &code_challenge_method=S256";

    fn checked(url: &str) -> bool {
        checked_for("app", url).is_ok()
    }

    fn checked_for(client_id: &str, url: &str) -> Result<Url, &'static str> {
        checked_with(&["openid", "events"], client_id, url)
    }

    fn checked_with(scopes: &[&str], client_id: &str, url: &str) -> Result<Url, &'static str> {
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
            scopes: scopes
                .iter()
                .map(|&name| Scope {
                    name: name.into(),
                    reason: "To be of use.".into(),
                })
                .collect(),
            changes: true,
            revocation: None,
        };
        let expected = Expected {
            client_id,
            redirect_uri: "https://host.example/cb",
            state: "s",
            code_challenge: "c",
        };
        check(url, &provider, None, &expected)
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
            ("client_id=app", "client_id=another"),
            ("client_id=app", "client_id=app&client_id=app"),
            ("client_id=app", "client_id=app&Client_ID=another"),
            ("client_id=app&", ""),
            ("S256", "S256&prompt=none&prompt=consent"),
            ("S256", "S256&hint=a;state=t"),
        ] {
            assert!(!checked(&GOOD.replacen(from, to, 1)), "{from} -> {to}");
        }
    }

    #[test]
    fn case_26_a_consent_page_is_asked_for_described_scopes_alone() {
        const SCOPE: &str = "scope=openid+events";
        for fine in [
            "scope=events",
            "scope=events%20openid",
            "scope=openid&include_granted_scopes=false&access_type=offline&login_hint=casey",
        ] {
            assert!(checked(&GOOD.replacen(SCOPE, fine, 1)), "{fine}");
        }
        for more in [
            "scope=openid+events+mail",
            "scope=openid%20events%20mail",
            "scope=openid%09mail",
            "scope=openid,mail",
            "scope=openid%C2%A0mail",
            "scope=mail",
            "scope=Events",
            "scope=events.all",
            "scope=events&scope=mail",
            "scope=events&Scope=mail",
            "scope=events&scop%65=mail",
            "scope=events;scope=mail",
            "SCOPE=events",
            "scope=",
            "scope=+",
            "x=y",
            "scope=events&include_granted_scopes=true",
            "scope=events&include_granted_scopes=1",
            "scope=events&Include_Granted_Scopes=true",
            "scope=events&user_scope=mail",
            "scope=events&scope%5B%5D=mail",
            "scope=events&request=eyJhbGciOiJub25lIn0.e30.",
            "scope=events&request_uri=urn%3Ax",
            "scope=events&claims=%7B%7D",
            "scope=events&authorization_details=%5B%5D",
        ] {
            assert!(!checked(&GOOD.replacen(SCOPE, more, 1)), "{more}");
        }
    }

    #[test]
    fn case_26_a_provider_that_knows_no_scopes_is_asked_for_none() {
        let without = GOOD.replacen("&scope=openid+events", "", 1);
        assert!(checked_with(&[], "app", &without).is_ok());
        assert!(checked_with(&[], "app", GOOD).is_err());
        assert!(!checked(&without));
    }

    #[test]
    fn without_a_client_id_of_the_operators_no_page_passes() {
        let url = GOOD.replacen("client_id=app", "client_id=", 1);
        assert_eq!(checked_for("", &url), Err("the app has no client id"));
    }
}
