//! Callbacks. A query without exactly one state is refused, what is left of it is what came, and
//! neither the host nor a provider's code says any of it again.

#![no_main]

use calport_fuzz::{CANARY, check_error, check_shown, percent_decoded};
use calport_host::connect::fuzzing::{flow_cookie, parameters, parked};
use calport_plugin::fuzzing::{Callback, Parameter, Reply, World};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use libfuzzer_sys::fuzz_target;

/// What the host takes of a query, in bytes.
const LONGEST: usize = 16 * 1024;

fuzz_target!(|data: &[u8]| {
    check_cookie(data);
    // As an HTTP server hands it on.
    let query = String::from_utf8_lossy(data);
    let expected = split(&query);
    let (states, others): (Vec<_>, Vec<_>) =
        expected.into_iter().partition(|(name, _)| name == "state");
    let Some((state, rest)) = parameters(&query) else {
        assert!(
            states.len() != 1 || query.len() > LONGEST,
            "refused without a reason"
        );
        return;
    };
    assert_eq!(states, [("state".to_owned(), state)]);
    assert_eq!(rest, others);
    assert_eq!(parked(rest.clone()).ok().as_ref(), Some(&rest));
    for provider in ["google", "outlook"] {
        check_plugin(provider, &rest);
    }
});

/// Names and values of a query, read by hand (WHATWG URL, 5.1).
fn split(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let bytes = percent_decoded(text.replace('+', " ").as_bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn check_cookie(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, value);
    let Some(brought) = flow_cookie(&headers).map(str::to_owned) else {
        return;
    };
    assert!(!brought.contains(';'), "{brought:?}");
    headers.append(
        COOKIE,
        HeaderValue::from_static("__Host-calport-flow=planted"),
    );
    assert_eq!(flow_cookie(&headers), None);
}

fn check_plugin(provider: &'static str, parameters: &[(String, String)]) {
    let world = World::answering(provider, replies(provider));
    let before = world.revision();
    match world.complete_callback(&callback(parameters, "")) {
        Ok(account) => {
            let once = |name: &str| parameters.iter().filter(|(found, _)| found == name).count();
            assert_eq!((once("code"), once("error")), (1, 0));
            assert!(once("iss") < 2);
            check_shown(&account.label);
        }
        Err(error) => {
            check_error(&error);
            assert_eq!(world.revision(), before, "what is stored has changed");
        }
    }
    // Once more with a canary in every value.
    if parameters
        .iter()
        .any(|(name, value)| name.contains(CANARY) || value.contains(CANARY))
    {
        return;
    }
    let world = World::answering(provider, replies(provider));
    if let Err(error) = world.complete_callback(&callback(parameters, CANARY)) {
        check_error(&error);
    }
}

fn callback(parameters: &[(String, String)], suffix: &str) -> Callback {
    let parameters = parameters.iter().map(|(name, value)| Parameter {
        name: name.clone(),
        value: format!("{value}{suffix}"),
    });
    Callback {
        parameters: parameters.collect(),
        redirect_uri: "https://host.example/cb".into(),
        code_verifier: "verifier".into(),
    }
}

/// What lets a good code through.
fn replies(provider: &str) -> Vec<Reply> {
    let bodies: &[&str] = match provider {
        "google" => &[
            r#"{"access_token":"new-access","refresh_token":"new-refresh","expires_in":3599,"token_type":"Bearer"}"#,
            r#"{"sub":"1","email":"casey@gmail.example"}"#,
            r#"{"items":[{"id":"casey@gmail.example","summary":"Casey","accessRole":"owner","primary":true}]}"#,
        ],
        _ => &[
            r#"{"access_token":"new-access","refresh_token":"new-refresh","expires_in":3599,"token_type":"Bearer"}"#,
            r#"{"id":"1","mail":"casey@outlook.example","userPrincipalName":"casey@outlook.example"}"#,
            r#"{"value":[{"id":"AAMk","name":"Calendar","isDefaultCalendar":true,"canEdit":true}]}"#,
        ],
    };
    let reply = |body: &&str| Reply {
        status: 200,
        retry_after: None,
        body: body.as_bytes().to_vec(),
    };
    bodies.iter().map(reply).collect()
}
