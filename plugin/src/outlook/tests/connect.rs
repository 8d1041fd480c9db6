use serde_json::{Value, json};

use super::model::trouble;
use super::*;
use crate::bindings::calport::calendar::types::RetryCause;
use crate::bindings::exports::calport::calendar::calendar::{
    Account, CalendarEntry, Callback, ConnectRequest, Parameter,
};
use crate::fault::{retry, unavailable};
use crate::outside::Secret;
use crate::outside::fake::{Reply, json as reply, response};

const REDIRECT: &str = "https://platform.example/api/calendar/outlook/callback/";

fn complete(world: &Fake, parameters: &[(&str, &str)]) -> Result<Account, Error> {
    let parameters = parameters
        .iter()
        .map(|(name, value)| Parameter {
            name: (*name).into(),
            value: (*value).into(),
        })
        .collect();
    let callback = Callback {
        parameters,
        redirect_uri: REDIRECT.into(),
        code_verifier: "CANARY-verifier".into(),
    };
    provider::complete_callback(world, "outlook", &callback)
}

fn granted(scope: &str) -> Reply {
    reply(
        200,
        &json!({
            "access_token": "CANARY-access-2", "refresh_token": "CANARY-refresh-2", "expires_in": 3_599,
            "ext_expires_in": 3_599, "token_type": "Bearer", "scope": scope,
        }),
    )
}

fn me() -> Reply {
    reply(
        200,
        &json!({ "id": "8f2b", "displayName": "Some One", "mail": null, "userPrincipalName": "someone@outlook.example" }),
    )
}

fn calendars() -> Reply {
    reply(
        200,
        &json!({ "value": [
        { "id": "AQ/+==", "name": "Work", "canEdit": true, "isDefaultCalendar": false },
        { "id": "AR/+==", "name": "Holidays", "canEdit": false, "isDefaultCalendar": false },
        { "id": "AD/+==", "name": "Calendar", "canEdit": true, "isDefaultCalendar": true },
    ] }),
    )
}

const SCOPES: &str =
    "https://graph.microsoft.com/calendars.readwrite https://graph.microsoft.com/User.Read";

#[test]
fn the_consent_page_gets_exactly_what_the_host_asked_for() {
    let world = Fake::configured();
    let request = ConnectRequest {
        redirect_uri: REDIRECT.into(),
        state: "state".into(),
        code_challenge: "challenge".into(),
        login_hint: None,
    };
    let url = provider::begin_connect(&world, "outlook", &request)
        .unwrap()
        .url;
    insta::assert_snapshot!(url.replace(['?', '&'], "\n"));
    world.set(
        "OUTLOOK_AUTH_URL",
        "https://login.microsoftonline.us/tenant/oauth2/v2.0/authorize",
    );
    let url = provider::begin_connect(&world, "outlook", &request)
        .unwrap()
        .url;
    assert!(
        url.starts_with("https://login.microsoftonline.us/tenant/oauth2/v2.0/authorize?client_id="),
        "{url}"
    );
}

#[test]
fn a_consent_becomes_stored_credentials() {
    let world = Fake::configured();
    world.replies([granted(SCOPES), me(), calendars()]);
    let calendar = CalendarEntry {
        id: "AD/+==".into(),
        name: "Calendar".into(),
        primary: true,
    };
    let account = Account {
        id: "8f2b".into(),
        label: "someone@outlook.example".into(),
        calendar,
    };
    assert_eq!(
        complete(&world, &[("code", "CANARY-code"), ("session_state", "x")]),
        Ok(account)
    );
    assert_eq!(
        world.credentials().unwrap().refresh_token,
        Some(Secret::new("CANARY-refresh-2"))
    );
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_newest_refresh_token_is_always_kept() {
    let world = connected();
    world.change(|c| c.expires_at = Some(0));
    world.replies([granted(SCOPES), calendars()]);
    let found = provider::list_calendars(&world, "outlook").unwrap();
    assert_eq!(
        found
            .iter()
            .map(|entry| entry.id.as_str())
            .collect::<Vec<_>>(),
        ["AD/+==", "AQ/+=="]
    );
    assert_eq!(
        world.credentials().unwrap().refresh_token,
        Some(Secret::new("CANARY-refresh-2"))
    );
}

fn refused(world: &Fake, parameters: &[(&str, &str)]) -> Error {
    let before = (world.credentials(), world.revision());
    let error = complete(world, parameters).unwrap_err();
    assert_eq!((world.credentials(), world.revision()), before);
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    error
}

#[test]
fn scopes_are_the_same_short_or_long_in_any_case_case_9() {
    for (scope, missing) in [
        (SCOPES, vec![]),
        ("Calendars.ReadWrite User.Read", vec![]),
        ("CALENDARS.READWRITE user.read profile openid email", vec![]),
        (
            "https://microsoftgraph.chinacloudapi.cn/Calendars.ReadWrite User.Read",
            vec![],
        ),
        ("User.Read", vec!["Calendars.ReadWrite"]),
        ("User.Read Calendars.Read", vec!["Calendars.ReadWrite"]),
        ("offline_access", vec!["User.Read", "Calendars.ReadWrite"]),
    ] {
        let world = Fake::configured();
        world.reply(granted(scope));
        if missing.is_empty() {
            world.replies([me(), calendars()]);
            assert!(complete(&world, &[("code", "c")]).is_ok(), "{scope}");
        } else {
            let missing = missing.into_iter().map(str::to_owned).collect();
            assert_eq!(
                refused(&world, &[("code", "c")]),
                Error::NeedsScope(missing),
                "{scope}"
            );
        }
    }
}

#[test]
fn an_error_of_the_consent_page_is_told_in_our_words_case_8() {
    for (code, is_right) in [
        (
            "access_denied",
            (|e| *e == Error::Denied) as fn(&Error) -> bool,
        ),
        ("server_error", |e| *e == unavailable()),
        ("temporarily_unavailable", |e| *e == unavailable()),
        ("consent_required", |e| matches!(e, Error::NeedsAdmin(_))),
        ("interaction_required", |e| {
            matches!(e, Error::NeedsReconnect(_))
        }),
        ("unauthorized_client", |e| {
            matches!(e, Error::Misconfigured(_))
        }),
        ("invalid_scope", |e| matches!(e, Error::Misconfigured(_))),
        ("invalid_request", |e| matches!(e, Error::Rejected(_))),
        ("CANARY<b>", |e| matches!(e, Error::Rejected(_))),
    ] {
        let world = Fake::configured();
        let error = refused(
            &world,
            &[
                ("error", code),
                ("error_description", "AADSTS65004: CANARY <b>"),
            ],
        );
        assert!(is_right(&error), "{code}: {error:?}");
        assert!(world.sent().is_empty());
    }
}

#[test]
fn an_issuer_must_be_microsoft_case_6() {
    let right = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    for (issuer, is_right) in [
        (right, true),
        ("https://login.microsoftonline.com", true),
        ("https://login.microsoftonline.com.evil.example/v2.0", false),
        ("https://accounts.google.com", false),
        ("", false),
    ] {
        let world = Fake::configured();
        world.replies([granted(SCOPES), me(), calendars()]);
        let result = complete(&world, &[("code", "c"), ("iss", issuer)]);
        assert_eq!(result.is_ok(), is_right, "{issuer}");
        assert_eq!(world.sent().is_empty(), !is_right);
    }
}

#[test]
fn numbers_refine_what_the_error_says() {
    type Check = fn(&Error) -> bool;
    let reconnect: Check = |e| matches!(e, Error::NeedsReconnect(_));
    let admin: Check = |e| matches!(e, Error::NeedsAdmin(_));
    let secret: Check =
        |e| matches!(e, Error::Misconfigured(text) if text.contains("OUTLOOK_CLIENT_SECRET"));
    let redirect: Check = |e| matches!(e, Error::Misconfigured(text) if text.contains(REDIRECT));
    let app: Check = |e| matches!(e, Error::Misconfigured(_));
    let waits: Check = |e| *e == unavailable();
    let rejected: Check = |e| matches!(e, Error::Rejected(_));
    for (error, codes, is_right) in [
        ("invalid_grant", json!([]), reconnect),
        ("invalid_grant", Value::Null, reconnect),
        ("invalid_grant", json!([70_000]), reconnect),
        ("invalid_grant", json!([70_008]), reconnect),
        ("invalid_grant", json!([700_082]), reconnect),
        ("invalid_grant", json!([70_043]), reconnect),
        ("invalid_grant", json!([50_173]), reconnect),
        ("invalid_grant", json!([54_005]), reconnect),
        ("invalid_grant", json!([65_001]), reconnect),
        ("invalid_grant", json!([65_004]), reconnect),
        ("interaction_required", json!([50_076]), reconnect),
        ("invalid_grant", json!([90_094]), admin),
        ("invalid_grant", json!([900_941]), admin),
        ("interaction_required", json!([53_003]), admin),
        ("invalid_client", json!([7_000_215]), secret),
        ("invalid_client", json!([7_000_222]), secret),
        ("invalid_client", json!([70_002]), secret),
        ("invalid_client", json!([]), secret),
        ("invalid_client", json!([700_025]), app),
        ("unauthorized_client", json!([700_016]), app),
        ("invalid_request", json!([50_011]), redirect),
        ("invalid_scope", json!([]), app),
        ("invalid_client", json!([650_053]), app),
        ("temporarily_unavailable", json!([]), waits),
        ("invalid_grant", json!([50_033]), waits),
        ("invalid_grant", json!([70_012]), waits),
        // The error comes first: a number that says otherwise does not count.
        ("temporarily_unavailable", json!([70_008]), waits),
        ("invalid_request", json!([90_014]), rejected),
        ("invalid_request", json!([90_094]), admin),
        ("something_new", json!([1]), rejected),
    ] {
        let world = connected();
        world.reply(reply(400, &json!({ "error": error, "error_codes": codes, "error_description": "AADSTS700082: CANARY <b>" })));
        let told = refused(&world, &[("code", "CANARY-code")]);
        assert!(is_right(&told), "{error} {codes}: {told:?}");
        assert_eq!(world.sent().len(), 1);
    }
    for (status, expected) in [(429, retry(RetryCause::RateLimited)), (500, unavailable())] {
        let world = connected();
        world.reply(Ok(response(status, "<html>")));
        assert_eq!(refused(&world, &[("code", "c")]), expected);
    }
}

#[test]
fn an_account_without_a_usable_mailbox_is_refused_when_it_is_connected() {
    for answer in [
        trouble(404, "MailboxNotEnabledForRESTAPI"),
        trouble(404, "ResourceNotFound"),
        reply(200, &json!({ "value": [] })),
    ] {
        let world = Fake::configured();
        world.replies([granted(SCOPES), me(), answer]);
        let Error::Rejected(text) = refused(&world, &[("code", "c")]) else {
            panic!("refused")
        };
        assert!(text.contains("Outlook"), "{text}");
    }
}

#[test]
fn disconnecting_erases_and_calls_nobody() {
    for revoke in [true, false] {
        let world = connected();
        assert_eq!(provider::disconnect(&world, "outlook", revoke), Ok(()));
        assert_eq!(world.credentials(), None);
        assert!(world.sent().is_empty());
    }
}
