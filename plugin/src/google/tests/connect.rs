use serde_json::{Value, json};

use super::*;
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::bindings::exports::calport::calendar::calendar::{
    Account, CalendarEntry, Callback, ConnectRequest, Parameter,
};
use crate::fault::{retry, unavailable};
use crate::http::Failure;
use crate::outside::fake::{NOW, Reply, json as reply, response};
use crate::outside::{Secret, StoreFailure};

const REDIRECT: &str = "https://platform.example/api/calendar/google/callback/";

fn callback(parameters: &[(&str, &str)]) -> Callback {
    Callback {
        parameters: parameters
            .iter()
            .map(|(name, value)| Parameter {
                name: (*name).into(),
                value: (*value).into(),
            })
            .collect(),
        redirect_uri: REDIRECT.into(),
        code_verifier: "CANARY-verifier".into(),
    }
}

fn complete(world: &Fake, parameters: &[(&str, &str)]) -> Result<Account, Error> {
    provider::complete_callback(world, "google", &callback(parameters))
}

fn granted() -> Value {
    json!({
        "access_token": "CANARY-access-2",
        "refresh_token": "CANARY-refresh-2",
        "expires_in": 3_599,
        "token_type": "Bearer",
        "scope": "openid https://www.googleapis.com/auth/userinfo.email \
                  https://www.googleapis.com/auth/calendar.events.owned \
                  https://www.googleapis.com/auth/calendar.calendarlist.readonly \
                  https://www.googleapis.com/auth/calendar.events.freebusy",
    })
}

fn userinfo() -> Reply {
    reply(
        200,
        &json!({ "sub": "1234", "email": "someone@gmail.example", "email_verified": true }),
    )
}

fn calendars() -> Reply {
    reply(
        200,
        &json!({ "items": [
        { "id": "work@group.example", "summary": "Work", "accessRole": "writer" },
        { "id": "someone@gmail.example", "summary": "someone@gmail.example", "summaryOverride": "Personal",
          "accessRole": "owner", "primary": true },
    ] }),
    )
}

#[test]
fn the_consent_page_gets_exactly_what_the_host_asked_for() {
    let world = Fake::configured();
    let request = ConnectRequest {
        redirect_uri: REDIRECT.into(),
        state: "st&ate=1 ü".into(),
        code_challenge: "chal-lenge_".into(),
        login_hint: Some("someone@gmail.example".into()),
    };
    let url = provider::begin_connect(&world, "google", &request)
        .unwrap()
        .url;
    insta::assert_snapshot!(url.replace(['?', '&'], "\n"));
    world.set("GOOGLE_AUTH_URL", "http://127.0.0.1:9/auth?tenant=1");
    let request = ConnectRequest {
        login_hint: None,
        ..request
    };
    let url = provider::begin_connect(&world, "google", &request)
        .unwrap()
        .url;
    assert!(
        url.starts_with("http://127.0.0.1:9/auth?tenant=1&client_id=the-client-id&"),
        "{url}"
    );
    assert!(!url.contains("login_hint"));
    assert!(world.sent().is_empty());
    world.set("GOOGLE_AUTH_URL", "file:///etc/passwd");
    let error = provider::begin_connect(&world, "google", &request).unwrap_err();
    assert_eq!(
        error,
        Error::Misconfigured("GOOGLE_AUTH_URL does not hold an http or https URL.".into())
    );
}

#[test]
fn a_consent_becomes_stored_credentials() {
    let world = Fake::configured();
    world.replies([reply(200, &granted()), userinfo(), calendars()]);
    let account = complete(
        &world,
        &[
            ("code", "CANARY-code"),
            ("scope", "x"),
            ("iss", "https://accounts.google.com"),
        ],
    );
    let calendar = CalendarEntry {
        id: "someone@gmail.example".into(),
        name: "Personal".into(),
        primary: true,
    };
    assert_eq!(
        account,
        Ok(Account {
            id: "1234".into(),
            label: "someone@gmail.example".into(),
            calendar
        })
    );
    let stored = world.credentials().unwrap();
    assert_eq!(stored.access_token, Secret::new("CANARY-access-2"));
    assert_eq!(stored.refresh_token, Some(Secret::new("CANARY-refresh-2")));
    assert_eq!(stored.expires_at, Some(NOW + 3_599));
    assert_eq!(stored.client_id, "the-client-id");
    assert_eq!(stored.scopes.len(), 5);
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn connecting_again_replaces_what_was_stored_even_while_it_is_refreshed() {
    let world = connected();
    world.before_save(|world| world.change(|c| c.access_token = Secret::new("refreshed")));
    world.replies([reply(200, &granted()), userinfo(), calendars()]);
    complete(&world, &[("code", "c")]).unwrap();
    assert_eq!(
        world.credentials().unwrap().refresh_token,
        Some(Secret::new("CANARY-refresh-2"))
    );
}

/// Nothing is stored, and no secret is told, whatever comes back.
fn refused(world: &Fake, parameters: &[(&str, &str)]) -> Error {
    let before = (world.credentials(), world.revision());
    let error = complete(world, parameters).unwrap_err();
    assert_eq!((world.credentials(), world.revision()), before);
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    error
}

#[test]
fn an_error_of_the_consent_page_calls_nobody_and_is_told_in_our_words_case_8() {
    let needs_admin = |error: &Error| matches!(error, Error::NeedsAdmin(_));
    let misconfigured = |error: &Error| matches!(error, Error::Misconfigured(_));
    let rejected = |error: &Error| matches!(error, Error::Rejected(_));
    let waits = |error: &Error| *error == unavailable();
    let reconnect = |error: &Error| matches!(error, Error::NeedsReconnect(_));
    let denied = |error: &Error| *error == Error::Denied;
    type Row<'a> = (&'a str, &'a dyn Fn(&Error) -> bool);
    let rows: [Row<'_>; 16] = [
        ("access_denied", &denied),
        ("admin_policy_enforced", &needs_admin),
        ("org_internal", &needs_admin),
        ("redirect_uri_mismatch", &misconfigured),
        ("invalid_client", &misconfigured),
        ("unauthorized_client", &misconfigured),
        ("deleted_client", &misconfigured),
        ("invalid_scope", &misconfigured),
        ("disallowed_useragent", &rejected),
        ("server_error", &waits),
        ("temporarily_unavailable", &waits),
        ("interaction_required", &reconnect),
        ("login_required", &reconnect),
        ("invalid_request", &rejected),
        ("CANARY<script>alert(1)</script>", &rejected),
        ("", &rejected),
    ];
    for (code, is_right) in rows {
        let world = Fake::configured();
        let parameters = [
            ("error", code),
            ("error_description", "<b>CANARY</b>"),
            ("error_uri", "https://evil.example"),
        ];
        let error = refused(&world, &parameters);
        assert!(is_right(&error), "{code}: {error:?}");
        assert!(world.sent().is_empty());
    }
    let world = Fake::configured();
    let Error::Misconfigured(text) = refused(&world, &[("error", "redirect_uri_mismatch")]) else {
        panic!()
    };
    assert!(
        text.contains(REDIRECT) && text.contains("GOOGLE_REDIRECT_URI"),
        "{text}"
    );
}

#[test]
fn a_callback_that_is_no_answer_to_us_makes_no_call_case_6() {
    let iss = "https://accounts.google.com";
    for parameters in [
        &[] as &[(&str, &str)],
        &[("code", "")],
        &[("Code", "c")],
        &[("code", "a"), ("code", "b")],
        &[("error", "access_denied"), ("error", "access_denied")],
        &[("code", "c"), ("iss", "https://evil.example")],
        &[("code", "c"), ("iss", "https://accounts.google.com/")],
        &[("code", "c"), ("iss", "")],
        &[("code", "c"), ("iss", iss), ("iss", iss)],
        &[("error", "access_denied"), ("iss", "https://evil.example")],
    ] {
        let world = Fake::configured();
        assert!(
            matches!(refused(&world, parameters), Error::Invalid(_)),
            "{parameters:?}"
        );
        assert!(world.sent().is_empty());
    }
    // Google's own, and that of the endpoint that the operator has named.
    for iss in [iss, "http://127.0.0.1:9"] {
        let world = Fake::configured();
        world.set("GOOGLE_AUTH_URL", "http://127.0.0.1:9/auth");
        world.replies([reply(200, &granted()), userinfo(), calendars()]);
        assert!(complete(&world, &[("code", "c"), ("iss", iss)]).is_ok());
    }
}

#[test]
fn a_refused_code_is_told_by_whose_fault_it_is() {
    for (status, code, is_right) in [
        (
            400,
            "invalid_grant",
            (|e: &Error| matches!(e, Error::NeedsReconnect(_))) as fn(&Error) -> bool,
        ),
        (
            400,
            "redirect_uri_mismatch",
            |e| matches!(e, Error::Misconfigured(t) if t.contains(REDIRECT)),
        ),
        (
            401,
            "invalid_client",
            |e| matches!(e, Error::Misconfigured(t) if t.contains("GOOGLE_CLIENT_SECRET")),
        ),
        (401, "unauthorized_client", |e| {
            matches!(e, Error::Misconfigured(_))
        }),
        (400, "invalid_scope", |e| {
            matches!(e, Error::Misconfigured(_))
        }),
        (400, "admin_policy_enforced", |e| {
            matches!(e, Error::NeedsAdmin(_))
        }),
        (403, "org_internal", |e| matches!(e, Error::NeedsAdmin(_))),
        (400, "invalid_request", |e| matches!(e, Error::Rejected(_))),
        (
            400,
            "CANARY<b>",
            |e| matches!(e, Error::Rejected(t) if t.contains("an unknown error")),
        ),
        (403, "rate_limit_exceeded", |e| {
            *e == retry(RetryCause::RateLimited)
        }),
        (500, "internal_failure", |e| *e == unavailable()),
    ] {
        let world = connected();
        world.reply(reply(
            status,
            &json!({ "error": code, "error_description": "CANARY <i>prose</i>" }),
        ));
        let error = refused(&world, &[("code", "CANARY-code")]);
        assert!(is_right(&error), "{code}: {error:?}");
        assert_eq!(world.sent().len(), 1);
    }
    let world = connected();
    world.reply(Err(Failure::NoReply));
    assert_eq!(
        refused(&world, &[("code", "c")]),
        retry(RetryCause::NoReply)
    );
}

#[test]
fn an_unticked_box_is_named_and_nothing_is_stored_case_9() {
    for (scope, missing) in [
        (
            "openid email",
            vec![EVENTS_SCOPE, CALENDARS_SCOPE, BUSY_SCOPE],
        ),
        (
            "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/calendar.events.owned \
             https://www.googleapis.com/auth/calendar.calendarlist.readonly",
            vec![BUSY_SCOPE],
        ),
        (
            "https://www.googleapis.com/auth/calendar",
            vec!["openid", "email", EVENTS_SCOPE, CALENDARS_SCOPE, BUSY_SCOPE],
        ),
    ] {
        let world = connected();
        world.reply(reply(
            200,
            &json!({ "scope": scope, "access_token": "a", "refresh_token": "b", "expires_in": 60 }),
        ));
        let missing = missing.into_iter().map(str::to_owned).collect();
        assert_eq!(
            refused(&world, &[("code", "c")]),
            Error::NeedsScope(missing)
        );
        assert_eq!(world.sent().len(), 1);
    }
    // A reply that names no scopes grants what was asked for (RFC 6749, section 5.1).
    let world = Fake::configured();
    let mut silent = granted();
    silent.as_object_mut().unwrap().remove("scope");
    world.replies([reply(200, &silent), userinfo(), calendars()]);
    complete(&world, &[("code", "c")]).unwrap();
    assert_eq!(world.credentials().unwrap().scopes, all_scopes());
}

fn without_refresh_token() -> Reply {
    let mut reply = granted();
    reply.as_object_mut().unwrap().remove("refresh_token");
    self::reply(200, &reply)
}

#[test]
fn a_first_grant_without_a_refresh_token_is_refused_with_the_remedy_case_9() {
    let world = Fake::configured();
    world.replies([without_refresh_token(), userinfo(), calendars()]);
    let Error::NeedsReconnect(text) = refused(&world, &[("code", "c")]) else {
        panic!()
    };
    assert!(text.contains("connect again"), "{text}");
}

#[test]
fn a_later_grant_without_one_keeps_the_stored_one_of_the_same_account_only_case_9() {
    let world = connected();
    world.replies([
        without_refresh_token(),
        userinfo(),
        calendars(),
        userinfo(),
        calendars(),
    ]);
    complete(&world, &[("code", "c")]).unwrap();
    let stored = world.credentials().unwrap();
    assert_eq!(stored.access_token, Secret::new("CANARY-access-2"));
    assert_eq!(stored.refresh_token, Some(Secret::new("CANARY-refresh-1")));

    let another = reply(
        200,
        &json!({ "sub": "another", "email": "other@gmail.example" }),
    );
    let world = connected();
    world.replies([
        without_refresh_token(),
        userinfo(),
        calendars(),
        another,
        calendars(),
    ]);
    assert!(matches!(
        refused(&world, &[("code", "c")]),
        Error::NeedsReconnect(_)
    ));
}

#[test]
fn an_account_without_a_usable_calendar_is_refused_when_it_is_connected() {
    for answer in [
        reply(200, &json!({ "items": [] })),
        reply(
            200,
            &json!({ "items": [{ "id": "a", "summary": "A", "accessRole": "reader", "primary": true }] }),
        ),
        reply(
            403,
            &json!({ "error": { "errors": [{ "reason": "notACalendarUser" }] } }),
        ),
    ] {
        let world = Fake::configured();
        world.replies([reply(200, &granted()), userinfo(), answer]);
        assert!(matches!(
            refused(&world, &[("code", "c")]),
            Error::Rejected(_)
        ));
    }
}

#[test]
fn an_identity_that_cannot_be_read_stores_nothing_case_32() {
    for answer in [
        Ok(response(200, "<html>")),
        reply(200, &json!({})),
        reply(200, &json!({ "sub": "" })),
        reply(200, &json!({ "sub": 7 })),
        Ok(response(500, "")),
    ] {
        let world = Fake::configured();
        world.replies([reply(200, &granted()), answer]);
        assert_eq!(refused(&world, &[("code", "c")]), unavailable());
    }
    let world = Fake::configured();
    world.replies([reply(200, &granted()), Ok(response(401, ""))]);
    assert!(matches!(
        refused(&world, &[("code", "c")]),
        Error::NeedsReconnect(_)
    ));
    // The e-mail address is a label, no more.
    let world = Fake::configured();
    world.replies([
        reply(200, &granted()),
        reply(200, &json!({ "sub": "1" })),
        calendars(),
    ]);
    assert_eq!(
        complete(&world, &[("code", "c")]).unwrap().label,
        "Personal"
    );
}

#[test]
fn a_store_out_of_reach_stops_before_the_code_is_spent() {
    let world = Fake::configured();
    world.fail_store(StoreFailure::Unavailable);
    assert_eq!(complete(&world, &[("code", "c")]), Err(unavailable()));
    assert!(world.sent().is_empty());
}
