use super::model::trouble;
use super::*;
use crate::bindings::calport::calendar::types::{RetryAdvice, RetryCause};
use crate::fault::{retry, unavailable};
use crate::http::{Failure, Response};
use crate::outside::fake::{Reply, response};

fn told(reply: Reply) -> Error {
    let world = connected();
    world.reply(reply);
    let error = provider::list_calendars(&world, "outlook").unwrap_err();
    assert_eq!(world.sent().len(), 1);
    error
}

#[test]
fn every_error_reply_has_its_reaction() {
    let words = || Error::Rejected("Words.".into());
    for (status, code, expected) in [
        (400, "ErrorInvalidRequest", words()),
        (400, "RequestBodyRead", words()),
        (403, "ErrorSomethingElse", words()),
        (404, "ErrorItemNotFound", Error::Gone),
        (404, "Request_ResourceNotFound", Error::Gone),
        (405, "", words()),
        (408, "", unavailable()),
        (409, "ErrorIrresolvableConflict", unavailable()),
        (410, "", Error::Gone),
        (412, "ErrorIrresolvableConflict", unavailable()),
        (429, "ApplicationThrottled", retry(RetryCause::RateLimited)),
        (429, "", retry(RetryCause::RateLimited)),
        (403, "TooManyRequests", retry(RetryCause::RateLimited)),
        (500, "ErrorInternalServerError", unavailable()),
        (502, "", unavailable()),
        (503, "ErrorServerBusy", unavailable()),
        (504, "UnknownError", unavailable()),
        (302, "", unavailable()),
    ] {
        assert_eq!(told(trouble(status, code)), expected, "{status} {code}");
    }
    for (status, code, text) in [
        (404, "MailboxNotEnabledForRESTAPI", "mailbox"),
        (403, "MailboxNotEnabledForRESTAPI", "mailbox"),
        (404, "ResourceNotFound", "mailbox"),
        (403, "ErrorAccessDenied", "read-only"),
        (507, "", "full"),
        (403, "ErrorQuotaExceeded", "full"),
    ] {
        let Error::Rejected(words) = told(trouble(status, code)) else {
            panic!("{code}")
        };
        assert!(words.contains(text), "{code}: {words}");
    }
}

#[test]
fn access_denied_names_the_scope_that_the_grant_lacks() {
    let world = Fake::connected(&["USER.READ"]);
    world.reply(trouble(403, "ErrorAccessDenied"));
    assert_eq!(
        provider::list_calendars(&world, "outlook"),
        Err(Error::NeedsScope(vec!["Calendars.ReadWrite".into()]))
    );
}

#[test]
fn waiting_times_are_honoured_and_clamped_case_33() {
    for (status, cause) in [
        (429, RetryCause::RateLimited),
        (503, RetryCause::Unavailable),
    ] {
        for (header, after) in [("10", 10), ("0", 1), ("315360000", 86_400)] {
            let reply = Response {
                retry_after: Some(header.into()),
                ..trouble(status, "").unwrap()
            };
            assert_eq!(
                told(Ok(reply)),
                Error::Retry(RetryAdvice {
                    cause,
                    after: Some(after)
                })
            );
        }
    }
}

#[test]
fn replies_that_cannot_be_read_are_typed_errors_case_32() {
    let deep = format!("{{\"value\":{}", "[".repeat(10_000));
    for body in [
        "",
        "{",
        "[]",
        "<html>",
        deep.as_str(),
        r#"{"value":{}}"#,
        r#"{"value":[{"canEdit":true}]}"#,
        r#"{"value":[],"@odata.nextLink":7}"#,
    ] {
        assert_eq!(
            told(Ok(response(200, body))),
            unavailable(),
            "{}",
            &body[..body.len().min(40)]
        );
    }
    assert_eq!(told(Ok(response(200, [0xff, 0xfe]))), unavailable());
    assert_eq!(told(Err(Failure::NoReply)), retry(RetryCause::NoReply));
    assert_eq!(
        told(Ok(response(400, "<html>"))),
        Error::Rejected("Microsoft Graph refused the request (400).".into())
    );
}
