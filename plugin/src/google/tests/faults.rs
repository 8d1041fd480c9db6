use super::model::trouble;
use super::*;
use crate::bindings::calport::calendar::types::{Error, RetryAdvice, RetryCause};
use crate::fault::{retry, unavailable};
use crate::http::{Failure, Response};
use crate::outside::fake::{Reply, response};

fn wait(cause: RetryCause, after: u32) -> Error {
    Error::Retry(RetryAdvice {
        cause,
        after: Some(after),
    })
}

fn words(text: &str) -> Error {
    Error::Rejected(text.into())
}

/// The answer to a plain call, and what it becomes.
fn told(reply: Reply) -> Error {
    let world = connected();
    world.reply(reply);
    let before = (world.credentials(), world.revision());
    let error = provider::list_calendars(&world, "google").unwrap_err();
    assert_eq!((world.credentials(), world.revision()), before);
    assert_eq!(world.sent().len(), 1);
    error
}

#[test]
fn every_error_reply_has_its_reaction() {
    let scope = || Error::NeedsScope(vec![EVENTS_SCOPE.into()]);
    for (status, reason, expected) in [
        (400, "invalid", words("Words.")),
        (400, "badRequest", words("Words.")),
        (402, "paymentRequired", words("Words.")),
        (403, "rateLimitExceeded", retry(RetryCause::RateLimited)),
        (403, "userRateLimitExceeded", retry(RetryCause::RateLimited)),
        (429, "rateLimitExceeded", retry(RetryCause::RateLimited)),
        (429, "", retry(RetryCause::RateLimited)),
        (403, "quotaExceeded", retry(RetryCause::QuotaExhausted)),
        (429, "quotaExceeded", retry(RetryCause::QuotaExhausted)),
        (403, "dailyLimitExceeded", retry(RetryCause::QuotaExhausted)),
        (
            403,
            "calendarUsageLimitsExceeded",
            retry(RetryCause::QuotaExhausted),
        ),
        (403, "insufficientPermissions", scope()),
        (403, "forbidden", words("Words.")),
        (404, "notFound", Error::Gone),
        (405, "", words("Words.")),
        (408, "", unavailable()),
        (409, "duplicate", unavailable()),
        (410, "deleted", Error::Gone),
        (412, "conditionNotMet", unavailable()),
        (500, "backendError", unavailable()),
        (502, "", unavailable()),
        (503, "", unavailable()),
        (504, "", unavailable()),
        (302, "", unavailable()),
        (101, "", unavailable()),
    ] {
        assert_eq!(told(trouble(status, reason)), expected, "{status} {reason}");
    }
    for (reason, setting) in [
        ("accessNotConfigured", "GOOGLE_CLIENT_ID"),
        ("SERVICE_DISABLED", "GOOGLE_CLIENT_ID"),
    ] {
        let Error::Misconfigured(text) = told(trouble(403, reason)) else {
            panic!("{reason}")
        };
        assert!(text.contains(setting), "{text}");
    }
    assert!(matches!(
        told(trouble(403, "domainPolicy")),
        Error::NeedsAdmin(_)
    ));
    for reason in ["requiredAccessLevel", "notACalendarUser"] {
        assert!(
            matches!(told(trouble(403, reason)), Error::Rejected(text) if text != "Words."),
            "{reason}"
        );
    }
}

#[test]
fn the_newer_way_of_saying_why_is_understood_too() {
    let body = r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED",
        "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}"#;
    assert_eq!(
        told(Ok(response(403, body))),
        Error::NeedsScope(vec![EVENTS_SCOPE.into()])
    );
}

#[test]
fn a_scope_that_was_taken_back_later_is_named() {
    let world = Fake::connected(&["openid", "email", EVENTS_SCOPE, CALENDARS_SCOPE]);
    world.reply(trouble(403, "insufficientPermissions"));
    assert_eq!(
        provider::list_calendars(&world, "google"),
        Err(Error::NeedsScope(vec![BUSY_SCOPE.into()]))
    );
}

#[test]
fn waiting_times_are_honoured_and_clamped_case_33() {
    for (header, after) in [
        ("5", 5),
        ("0", 1),
        ("999999999", 86_400),
        ("Tue, 01 Dec 2026 10:02:00 GMT", 120),
    ] {
        for (status, reason, cause) in [
            (429, "rateLimitExceeded", RetryCause::RateLimited),
            (403, "quotaExceeded", RetryCause::QuotaExhausted),
            (503, "backendError", RetryCause::Unavailable),
        ] {
            let reply = Response {
                retry_after: Some(header.into()),
                ..trouble(status, reason).unwrap()
            };
            assert_eq!(told(Ok(reply)), wait(cause, after), "{status} {header}");
        }
    }
    let garbage = Response {
        retry_after: Some("tomorrow".into()),
        ..trouble(429, "").unwrap()
    };
    assert_eq!(told(Ok(garbage)), retry(RetryCause::RateLimited));
}

#[test]
fn replies_that_cannot_be_read_are_typed_errors_case_32() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_inside = format!("{{\"items\":{deep}}}");
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"x\"",
        "<!doctype html><title>Sign in</title>",
        deep.as_str(),
        deep_inside.as_str(),
        r#"{"items":"none"}"#,
        r#"{"items":[{"accessRole":"owner"}]}"#,
        r#"{"items":[{"id":7,"accessRole":"owner"}]}"#,
        r#"{"items":[],"nextPageToken":7}"#,
    ] {
        assert_eq!(
            told(Ok(response(200, body))),
            unavailable(),
            "{}",
            &body[..body.len().min(60)]
        );
    }
    assert_eq!(told(Ok(response(200, [0xff, 0xfe, 0x00]))), unavailable());
    assert_eq!(told(Err(Failure::Unreadable)), unavailable());
    assert_eq!(told(Err(Failure::NoReply)), retry(RetryCause::NoReply));
    assert!(matches!(
        told(Err(Failure::Refused)),
        Error::Misconfigured(_)
    ));
    // An error whose body is anything at all.
    assert_eq!(
        told(Ok(response(400, "<b>no</b>"))),
        words("Google Calendar refused the request (400).")
    );
    assert_eq!(told(Ok(response(500, deep))), unavailable());
}

#[test]
fn google_words_are_cleaned_and_bounded_case_28() {
    let long = format!(
        r#"{{"error":{{"message":"<b>a</b>\r\n\u0000\u202e{}"}}}}"#,
        "x ".repeat(5_000)
    );
    let Error::Rejected(text) = told(Ok(response(400, long))) else {
        panic!("rejected")
    };
    assert_eq!(text.chars().count(), 1_023);
    assert!(text.starts_with("a x x"), "{text}");
}

#[test]
fn a_repeated_refusal_of_the_token_asks_for_reconnecting() {
    let world = connected();
    world.replies([
        trouble(401, "authError"),
        crate::outside::fake::json(
            200,
            &serde_json::json!({ "access_token": "b", "expires_in": 60 }),
        ),
        trouble(401, "authError"),
    ]);
    assert!(matches!(
        provider::list_calendars(&world, "google"),
        Err(Error::NeedsReconnect(_))
    ));
}
