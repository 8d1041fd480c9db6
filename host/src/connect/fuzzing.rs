//! What a fuzz target reaches of the flows. No flow is begun and nothing is stored.

use super::{
    FLOW_COOKIE,
    authorization::{self, Expected},
    landing,
    parked::Parked,
};
use crate::plugin::calendar::{Endpoint, EndpointUse, ProviderInfo, ProviderKind, Scope};
use axum::http::HeaderMap;
use url::Url;
use zeroize::Zeroizing;

/// The authorize endpoint that [`authorizes`] allows.
pub const AUTHORIZE_URL: &str = "https://own.example/authorize";

/// What [`authorizes`] wants in a consent page's address, each once.
pub const PARAMETERS: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("redirect_uri", "https://host.example/cb"),
    ("state", "the-state"),
    ("code_challenge", "the-challenge"),
    ("code_challenge_method", "S256"),
    ("client_id", "the-app"),
    ("scope", SCOPE),
];

/// All that may be asked for.
const SCOPE: &str = "events";

/// Where a browser would be sent for this answer of a plugin; `None` where it is refused.
pub fn authorizes(url: &str) -> Option<Url> {
    let provider = ProviderInfo {
        id: "own".into(),
        label: "Own".into(),
        kind: ProviderKind::Oauth,
        credentials: vec![],
        redirect_setting: None,
        endpoints: vec![Endpoint {
            setting: "OWN_AUTH_URL".into(),
            default_url: AUTHORIZE_URL.into(),
            uses: EndpointUse::AUTHORIZE,
        }],
        scopes: vec![Scope {
            name: SCOPE.into(),
            reason: "To be of use.".into(),
        }],
        changes: true,
        revocation: None,
    };
    let [
        _,
        (_, redirect_uri),
        (_, state),
        (_, code_challenge),
        _,
        (_, client_id),
        _,
    ] = PARAMETERS;
    let expected = Expected {
        client_id,
        redirect_uri,
        state,
        code_challenge,
    };
    authorization::check(url, &provider, None, &expected).ok()
}

/// A callback's state and its other parameters; `None` where it is refused.
pub fn parameters(query: &str) -> Option<(String, Vec<(String, String)>)> {
    landing::parameters(query)
}

/// The flow cookie that a browser brought.
pub fn flow_cookie(headers: &HeaderMap) -> Option<&str> {
    FLOW_COOKIE.read(true, headers)
}

/// The parameters as they are after a callback was parked.
///
/// # Errors
/// They cannot be written or read.
pub fn parked(parameters: Vec<(String, String)>) -> serde_json::Result<Vec<(String, String)>> {
    let parked = Parked {
        parameters,
        redirect_uri: String::new(),
        code_verifier: Zeroizing::default(),
    };
    let json = serde_json::to_string(&parked)?;
    let read: Parked = serde_json::from_str(&json)?;
    Ok(read.parameters)
}
