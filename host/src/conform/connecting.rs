//! Connecting an account, as far as it goes without one: who is available, where browsers are
//! sent, and what is made of a callback that brings nothing or the wrong thing.

use super::{
    Checklist, ConformError, Failure,
    trial::{Trial, answered, ended, succeeded},
};
use crate::{
    connect::{
        authorization::{self, Expected},
        random,
    },
    plugin::{
        CallError,
        calendar::{Authorization, Callback, ConnectRequest, EndpointUse, Parameter, ProviderInfo},
        holds_placeholder,
        types::Error,
        undescribed,
    },
};
use std::collections::BTreeSet;
use url::Url;

/// What a provider's error page says and nobody is to repeat (RFC 6749, section 4.1.2.1).
const DESCRIPTION: &str = "canary-of-a-description <b>bold</b>";

/// A hint that would be other parameters if it were not encoded.
const HINT: &str = "casey@platform.example&state=forged&code_challenge_method=plain#fragment";

/// A callback and what it must come to.
struct Returned {
    what: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    is_wanted: fn(&Error) -> bool,
    remedy: &'static str,
}

const RETURNED: [Returned; 5] = [
    Returned {
        what: "complete-callback without a code is `invalid`",
        parameters: &[],
        is_wanted: |error| matches!(error, Error::Invalid(_)),
        remedy: "Answer `invalid` where the callback holds neither `code` nor `error`, before \
                 anything is sent.",
    },
    Returned {
        what: "complete-callback with an empty code is `invalid`",
        parameters: &[("code", "")],
        is_wanted: |error| matches!(error, Error::Invalid(_)),
        remedy: "Take an empty `code` for none.",
    },
    Returned {
        what: "complete-callback with two codes is `invalid`",
        parameters: &[("code", "made-up-one"), ("code", "made-up-two")],
        is_wanted: |error| matches!(error, Error::Invalid(_)),
        remedy: "Refuse a parameter that stands twice (RFC 6749, section 3.1).",
    },
    Returned {
        what: "complete-callback of a user who has said no is `denied`",
        parameters: &[("error", "access_denied")],
        is_wanted: |error| matches!(error, Error::Denied),
        remedy: "Answer `denied` for the error `access_denied`.",
    },
    Returned {
        what: "complete-callback of another error is an error, in words of the plugin's own",
        parameters: &[("error", "made_up"), ("error_description", DESCRIPTION)],
        is_wanted: |error| {
            !CallError::Plugin(error.clone())
                .to_string()
                .contains("canary")
        },
        remedy: "Answer with an error of the contract, and leave `error_description` out of its \
                 text: anybody can write into it.",
    },
];

/// Of a provider that users connect an account of.
pub(super) async fn check(
    trial: &Trial,
    provider: &ProviderInfo,
    list: &mut Checklist,
) -> Result<(), ConformError> {
    let area = &provider.label;
    availability(trial, provider, list).await;
    let [state, verifier] = [random::token()?, random::token()?];
    let code_challenge = random::digest(&verifier);
    let request = ConnectRequest {
        redirect_uri: redirect_uri(provider),
        state,
        code_challenge,
        login_hint: None,
    };
    let begun = trial
        .bare
        .begin_connect(&provider.id, request.clone())
        .await;
    let remedy = "Answer `not-configured` while `secrets` has no value for a credential.";
    let done = ended(&begun, |it| matches!(it, Error::NotConfigured(_)), remedy);
    let what = "begin-connect is `not-configured` without the app's credentials";
    list.add(area, what, done.and(trial.silent()));

    let begun = trial
        .plugin
        .begin_connect(&provider.id, request.clone())
        .await;
    let what = "begin-connect leads to the described page, with the host's state, redirect URI and \
                PKCE challenge (S256)";
    let page = page(trial, &begun, provider, &request);
    list.add(area, what, page.as_ref().map(|_| ()).map_err(Clone::clone));
    if let Ok(url) = &page {
        let what = "begin-connect holds no secret";
        list.add(area, what, holds_no_secret(url));
    }
    // Also where the host refuses the page, to say which scope it is.
    if let Some(url) = begun.ok().and_then(|begun| Url::parse(&begun.url).ok()) {
        let what = "begin-connect asks for described scopes alone";
        list.add(area, what, scopes(&url, provider));
    }
    let hinted = ConnectRequest {
        login_hint: Some(HINT.to_owned()),
        ..request
    };
    let begun = trial
        .plugin
        .begin_connect(&provider.id, hinted.clone())
        .await;
    let what = "begin-connect takes a login hint as a value, whatever is in it";
    list.add(
        area,
        what,
        self::page(trial, &begun, provider, &hinted).map(drop),
    );
    list.add(area, "begin-connect sends nothing", trial.silent());
    callbacks(trial, provider, &verifier, list).await;
    Ok(())
}

/// Of a provider whose users take files.
pub(super) async fn check_file_provider(
    trial: &Trial,
    provider: &ProviderInfo,
    list: &mut Checklist,
) {
    let area = &provider.label;
    let available = trial.bare.availability(&provider.id).await;
    let remedy = "Answer without an error: files need no credentials.";
    let done = succeeded(&available, remedy).and(trial.silent());
    list.add(area, "is available without any setting", done);
    let request = ConnectRequest {
        redirect_uri: redirect_uri(provider),
        state: "state".to_owned(),
        code_challenge: "challenge".to_owned(),
        login_hint: None,
    };
    let begun = trial.bare.begin_connect(&provider.id, request).await;
    let remedy = "Answer `invalid`: there is nothing to connect.";
    let done = ended(&begun, |it| matches!(it, Error::Invalid(_)), remedy);
    list.add(area, "has nothing to connect", done.and(trial.silent()));
}

fn redirect_uri(provider: &ProviderInfo) -> String {
    let id = &provider.id;
    format!("https://calendars.platform.example/api/calendar/{id}/callback/")
}

async fn availability(trial: &Trial, provider: &ProviderInfo, list: &mut Checklist) {
    let area = &provider.label;
    let names: BTreeSet<_> = provider.credentials.iter().map(|it| &*it.name).collect();
    let wanted = names.iter().copied().collect::<Vec<_>>().join(", ");
    let available = trial.bare.availability(&provider.id).await;
    let remedy = format!("Answer `not-configured` with all of {wanted}.");
    let is_wanted = |error: &Error| match error {
        Error::NotConfigured(missing) => {
            names == missing.iter().map(|it| &**it).collect::<BTreeSet<_>>()
        }
        _ => false,
    };
    let done = ended(&available, is_wanted, &remedy).and(trial.silent());
    let what = "is `not-configured` without the app's credentials, and names all of them";
    list.add(area, what, done);
    let available = trial.plugin.availability(&provider.id).await;
    let remedy = "Answer without an error once `secrets` has a value for each credential.";
    let done = succeeded(&available, remedy).and(trial.silent());
    list.add(area, "is available with them", done);
}

/// The consent page's URL, once it is seen to be one that the host would send browsers to.
fn page(
    trial: &Trial,
    begun: &Result<Authorization, CallError>,
    provider: &ProviderInfo,
    request: &ConnectRequest,
) -> Result<Url, Failure> {
    let remedy = "Answer with the URL of the `authorize` endpoint and exactly one each of \
                  response_type=code, client_id, scope, redirect_uri, state, code_challenge and \
                  code_challenge_method=S256, no parameter twice, and nothing that asks for more \
                  than scope.";
    let Ok(authorization) = begun else {
        return Err(Failure::new(answered(begun), remedy));
    };
    let expected = Expected {
        client_id: authorization::client_id(&trial.plugin, provider),
        redirect_uri: &request.redirect_uri,
        state: &request.state,
        code_challenge: &request.code_challenge,
    };
    let checked = authorization::check(&authorization.url, provider, None, &expected);
    checked.map_err(|reason| Failure::new(reason, remedy))
}

fn holds_no_secret(url: &Url) -> Result<(), Failure> {
    let decoded = url
        .query_pairs()
        .any(|(name, value)| [name, value].iter().any(|text| holds_placeholder(text)));
    match decoded || holds_placeholder(url.as_str()) {
        false => Ok(()),
        true => Err(Failure::new(
            "it holds a client secret",
            "Send the client id and nothing secret: browsers keep the URL.",
        )),
    }
}

fn scopes(url: &Url, provider: &ProviderInfo) -> Result<(), Failure> {
    for (_, scope) in url.query_pairs().filter(|(name, _)| name == "scope") {
        if let Some(other) = undescribed(&scope, &provider.scopes) {
            return Err(Failure::new(
                format!("it asks for {other}"),
                "Describe every scope that users are asked for, and why.",
            ));
        }
    }
    Ok(())
}

async fn callbacks(trial: &Trial, provider: &ProviderInfo, verifier: &str, list: &mut Checklist) {
    let area = &provider.label;
    let callback = |parameters: &[(&str, &str)]| Callback {
        parameters: parameters
            .iter()
            .map(|(name, value)| Parameter {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
        redirect_uri: redirect_uri(provider),
        code_verifier: verifier.to_owned(),
    };
    for returned in RETURNED {
        let (binding, granted) = trial.nobody(provider).granting();
        let callback = callback(returned.parameters);
        let completed = trial.plugin.complete_callback(binding, callback).await;
        let done = ended(&completed, returned.is_wanted, returned.remedy);
        let done = done.and(trial.silent());
        list.add(
            area,
            returned.what,
            done.and(nothing_saved(granted.take().is_some())),
        );
    }
    let (binding, granted) = trial.nobody(provider).granting();
    let callback = callback(&[("code", "made-up-code")]);
    let completed = trial.plugin.complete_callback(binding, callback).await;
    let remedy = "Ask the token endpoint, and answer `retry` where it does not.";
    let done = ended(&completed, |it| matches!(it, Error::Retry(_)), remedy);
    let asked = trial.asked(provider, EndpointUse::TOKEN);
    let done = done.and(asked);
    let what = "complete-callback asks the token endpoint, and is `retry` while it does not answer";
    list.add(
        area,
        what,
        done.and(nothing_saved(granted.take().is_some())),
    );
}

fn nothing_saved(is_saved: bool) -> Result<(), Failure> {
    match is_saved {
        false => Ok(()),
        true => Err(Failure::new(
            "it saved credentials",
            "Save once everything else has succeeded.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::calendar::{ProviderKind, Scope};

    fn provider() -> ProviderInfo {
        ProviderInfo {
            id: "acme".to_owned(),
            label: "Acme".to_owned(),
            kind: ProviderKind::Oauth,
            credentials: Vec::new(),
            redirect_setting: None,
            endpoints: Vec::new(),
            scopes: vec![Scope {
                name: "events".to_owned(),
                reason: "To put bookings there.".to_owned(),
            }],
            changes: false,
            revocation: None,
        }
    }

    #[test]
    fn a_secret_or_a_scope_too_many_in_the_consent_page_is_seen() {
        let url = |query: &str| Url::parse(&format!("https://acme.example/?{query}")).unwrap();
        let good = url("client_id=made-up&scope=events");
        assert_eq!(holds_no_secret(&good), Ok(()));
        assert_eq!(scopes(&good, &provider()), Ok(()));
        assert_eq!(scopes(&url("client_id=made-up"), &provider()), Ok(()));
        for secret in ["client_secret=sealed_abc", "x=SEALED_ABC", "x=%73ealed_abc"] {
            assert!(holds_no_secret(&url(secret)).is_err(), "{secret}");
        }
        let more = scopes(&url("scope=events+everything"), &provider()).unwrap_err();
        assert!(more.reason.contains("everything"), "{more:?}");
    }
}
