use serde_json::json;

use super::*;
use crate::bindings::calport::calendar::types::{RetryAdvice, RetryCause};
use crate::fault::{retry, unavailable};
use crate::google;
use crate::http::{Failure, Method};
use crate::outside::fake::{Fake, NOW, Reply, json, response};
use url::Url;

const SCOPES: [&str; 1] = ["openid"];

fn ok() -> Reply {
    json(200, &json!({}))
}

fn unauthorized() -> Reply {
    json(401, &json!({ "error": { "code": 401 } }))
}

fn granted(access: &str) -> Reply {
    json(
        200,
        &json!({ "access_token": access, "expires_in": 3_599, "token_type": "Bearer" }),
    )
}

fn token_error(status: u16, error: &str) -> Reply {
    json(
        status,
        &json!({ "error": error, "error_description": "<b>CANARY-prose</b>" }),
    )
}

fn stored(access: &str, revision: u64, expires_at: i64) -> Stored {
    let credentials = Fake::connected(&SCOPES).credentials().unwrap();
    Stored {
        credentials: Credentials {
            access_token: Secret::new(access),
            expires_at: Some(expires_at),
            ..credentials
        },
        revision,
    }
}

fn call(world: &Fake) -> Result<u16, Error> {
    let mut session = Session::open(world, &google::PROFILE)?;
    let request = Request::new(Method::Get, Url::parse("https://api.example/x").unwrap());
    session.send(request).map(|response| response.status)
}

fn bearers(world: &Fake) -> Vec<String> {
    let header = |request: &Request| {
        request
            .headers
            .iter()
            .find(|(name, _)| *name == "authorization")
            .map(|(_, value)| value.clone())
    };
    world.sent().iter().filter_map(header).collect()
}

#[test]
fn a_token_that_lives_is_used_without_a_refresh() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW + 61));
    world.reply(ok());
    assert_eq!(call(&world), Ok(200));
    assert_eq!(bearers(&world), ["Bearer CANARY-access-1"]);
    // One whose end nobody has told is tried.
    world.change(|c| c.expires_at = None);
    world.reply(ok());
    assert_eq!(call(&world), Ok(200));
}

#[test]
fn a_token_with_a_minute_left_is_refreshed_first_and_the_refresh_token_kept_case_9() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW + 60));
    world.replies([granted("CANARY-access-2"), ok()]);
    assert_eq!(call(&world), Ok(200));
    let kept = world.credentials().unwrap();
    assert_eq!(kept.access_token, Secret::new("CANARY-access-2"));
    assert_eq!(kept.refresh_token, Some(Secret::new("CANARY-refresh-1")));
    assert_eq!(kept.expires_at, Some(NOW + 3_599));
    assert_eq!(kept.scopes, SCOPES);
    assert_eq!(bearers(&world), ["Bearer CANARY-access-2"]);
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_new_refresh_token_and_new_scopes_replace_the_old_ones() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.replies([
        json(200, &json!({ "access_token": "a", "refresh_token": "r", "expires_in": 60, "scope": "one two" })),
        ok(),
    ]);
    assert_eq!(call(&world), Ok(200));
    let kept = world.credentials().unwrap();
    assert_eq!(kept.refresh_token, Some(Secret::new("r")));
    assert_eq!(kept.scopes, ["one", "two"]);
    // However short it lives, it is used.
    assert_eq!(bearers(&world), ["Bearer a"]);
}

#[test]
fn a_refused_token_is_refreshed_once_and_then_the_user_must_reconnect() {
    let world = Fake::connected(&SCOPES);
    world.replies([unauthorized(), granted("CANARY-access-2"), ok()]);
    assert_eq!(call(&world), Ok(200));
    assert_eq!(
        bearers(&world),
        ["Bearer CANARY-access-1", "Bearer CANARY-access-2"]
    );

    let world = Fake::connected(&SCOPES);
    world.replies([unauthorized(), granted("CANARY-access-2"), unauthorized()]);
    assert!(matches!(call(&world), Err(Error::NeedsReconnect(_))));
    assert_eq!(world.sent().len(), 3);

    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.replies([granted("CANARY-access-2"), unauthorized()]);
    assert!(matches!(call(&world), Err(Error::NeedsReconnect(_))));
    assert_eq!(world.sent().len(), 2);
}

#[test]
fn somebody_elses_refresh_is_used_without_a_call_of_ones_own_case_16() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.turn(RefreshTurn::Changed(stored(
        "CANARY-theirs",
        9,
        NOW + 3_600,
    )));
    world.reply(ok());
    assert_eq!(call(&world), Ok(200));
    assert_eq!(bearers(&world), ["Bearer CANARY-theirs"]);
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn turns_that_bring_only_expired_tokens_end() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    for revision in 2..9 {
        world.turn(RefreshTurn::Changed(stored("CANARY-old", revision, NOW)));
    }
    assert_eq!(call(&world), Err(unavailable()));
    assert!(world.sent().is_empty());
}

#[test]
fn nobody_connected_and_disconnected_meanwhile_are_the_same_case_19() {
    assert_eq!(call(&Fake::configured()), Err(Error::NotConnected));
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.turn(RefreshTurn::Erased);
    assert_eq!(call(&world), Err(Error::NotConnected));
    assert!(world.sent().is_empty());

    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.before_save(Fake::erase);
    world.reply(granted("CANARY-access-2"));
    assert_eq!(call(&world), Err(Error::NotConnected));
    assert_eq!(world.credentials(), None);
}

#[test]
fn a_save_that_comes_too_late_takes_what_is_stored_now() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.before_save(|world| {
        world.change(|c| {
            c.access_token = Secret::new("CANARY-reconnected");
            c.expires_at = Some(NOW + 3_600);
        });
    });
    world.replies([granted("CANARY-access-2"), ok()]);
    assert_eq!(call(&world), Ok(200));
    assert_eq!(bearers(&world), ["Bearer CANARY-reconnected"]);
}

#[test]
fn invalid_grant_counts_only_if_nobody_has_stored_anything_newer() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.reply(token_error(400, "invalid_grant"));
    let before = (world.credentials(), world.revision());
    let Err(Error::NeedsReconnect(reason)) = call(&world) else {
        panic!("the grant is dead")
    };
    assert!(!reason.contains("CANARY"), "{reason}");
    assert_eq!((world.credentials(), world.revision()), before);

    // Another replica has won the race: its token is used.
    let world = std::rc::Rc::new(Fake::connected(&SCOPES));
    world.change(|c| c.expires_at = Some(NOW));
    let other = std::rc::Rc::downgrade(&world);
    let mut first = true;
    world.serve(move |_| {
        if std::mem::take(&mut first) {
            other.upgrade().unwrap().change(|c| {
                c.access_token = Secret::new("CANARY-theirs");
                c.expires_at = Some(NOW + 3_600);
            });
            return token_error(400, "invalid_grant");
        }
        ok()
    });
    assert_eq!(call(&world), Ok(200));
    assert_eq!(bearers(&world), ["Bearer CANARY-theirs"]);
}

#[test]
fn without_a_refresh_token_the_user_must_reconnect() {
    let world = Fake::connected(&SCOPES);
    world.change(|c| {
        c.expires_at = Some(NOW);
        c.refresh_token = None;
    });
    assert!(matches!(call(&world), Err(Error::NeedsReconnect(_))));
    assert!(world.sent().is_empty());
}

#[test]
fn a_grant_of_an_earlier_registration_is_the_users_to_renew_and_no_fault_of_the_operator() {
    for (client_id, blames_operator) in [("the-client-id", true), ("an-earlier-one", false)] {
        let world = Fake::connected(&SCOPES);
        world.change(|c| {
            c.expires_at = Some(NOW);
            c.client_id = client_id.into();
        });
        world.reply(token_error(401, "unauthorized_client"));
        let error = call(&world).unwrap_err();
        assert_eq!(
            matches!(error, Error::Misconfigured(_)),
            blames_operator,
            "{error:?}"
        );
        assert_eq!(
            matches!(error, Error::NeedsReconnect(_)),
            !blames_operator,
            "{error:?}"
        );
    }
}

#[test]
fn a_refresh_that_cannot_be_read_is_a_typed_error_and_changes_nothing_case_32() {
    let deep = format!("{{\"a\":{}", "[".repeat(10_000));
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"access_token\":\"a\"",
        "<html>hello</html>",
        deep.as_str(),
        r#"{"access_token":"a"}"#,
        r#"{"access_token":"a","expires_in":-1}"#,
        r#"{"access_token":"a","expires_in":0}"#,
        r#"{"access_token":"a","expires_in":1e18}"#,
        r#"{"access_token":"a","expires_in":1000000000000000000}"#,
        r#"{"access_token":"a","expires_in":99999999999999999999999}"#,
        r#"{"access_token":"a","expires_in":null}"#,
        r#"{"access_token":"a","expires_in":"soon"}"#,
        r#"{"access_token":"","expires_in":3599}"#,
        r#"{"access_token":7,"expires_in":3599}"#,
        r#"{"access_token":"a","expires_in":3599,"refresh_token":7}"#,
        r#"{"access_token":"a","expires_in":3599,"scope":["a"]}"#,
        r#"{"access_token":"a","expires_in":3599,"token_type":"mac"}"#,
    ] {
        let world = Fake::connected(&SCOPES);
        world.change(|c| c.expires_at = Some(NOW));
        let before = (world.credentials(), world.revision());
        world.reply(Ok(response(200, body)));
        assert_eq!(call(&world), Err(unavailable()), "{body}");
        assert_eq!((world.credentials(), world.revision()), before, "{body}");
    }
    let world = Fake::connected(&SCOPES);
    world.change(|c| c.expires_at = Some(NOW));
    world.reply(Ok(response(
        200,
        [
            b"{\"access_token\":\"".as_slice(),
            &[0xff, 0xfe],
            b"\",\"expires_in\":9}",
        ]
        .concat(),
    )));
    assert_eq!(call(&world), Err(unavailable()));
}

#[test]
fn a_token_endpoint_that_fails_is_waited_for() {
    let wait = |cause, after| Error::Retry(RetryAdvice { cause, after });
    for (status, body, after, expected) in [
        (500, "", None, wait(RetryCause::Unavailable, None)),
        (
            503,
            "<html>",
            Some("30"),
            wait(RetryCause::Unavailable, Some(30)),
        ),
        (302, "", None, wait(RetryCause::Unavailable, None)),
        (429, "{}", Some("7"), wait(RetryCause::RateLimited, Some(7))),
        (400, "<html>", None, unavailable()),
        (400, "{}", None, unavailable()),
        (400, r#"{"error":{"code":400}}"#, None, unavailable()),
        (
            400,
            r#"{"error":"temporarily_unavailable"}"#,
            None,
            unavailable(),
        ),
    ] {
        let world = Fake::connected(&SCOPES);
        world.change(|c| c.expires_at = Some(NOW));
        let mut reply = response(status, body);
        reply.retry_after = after.map(Into::into);
        world.reply(Ok(reply));
        assert_eq!(call(&world), Err(expected), "{status} {body}");
        assert_eq!(world.saves.get(), 0);
    }
    for (failure, expected) in [
        (Failure::NoReply, retry(RetryCause::NoReply)),
        (Failure::Unreadable, unavailable()),
    ] {
        let world = Fake::connected(&SCOPES);
        world.change(|c| c.expires_at = Some(NOW));
        world.reply(Err(failure));
        assert_eq!(call(&world), Err(expected));
    }
}

#[test]
fn a_store_or_settings_out_of_reach_are_waited_for() {
    let world = Fake::connected(&SCOPES);
    world.fail_store(StoreFailure::Unavailable);
    assert_eq!(call(&world), Err(unavailable()));
    for failure in [StoreFailure::NoUser, StoreFailure::Refused] {
        world.fail_store(failure);
        assert!(matches!(call(&world), Err(Error::Other(Some(_)))));
    }
    let world = Fake::connected(&SCOPES);
    world.fail_settings(crate::outside::SettingFailure::Unavailable);
    assert_eq!(call(&world), Err(unavailable()));
    world.fail_settings(crate::outside::SettingFailure::Denied);
    assert!(matches!(call(&world), Err(Error::Other(Some(_)))));
}

#[test]
fn no_secret_is_ever_shown() {
    let world = Fake::connected(&SCOPES);
    let shown = format!(
        "{:?} {:?}",
        world.credentials(),
        RefreshTurn::Changed(stored("CANARY-x", 1, 1))
    );
    assert!(!shown.contains("CANARY"), "{shown}");
    let request = Request::new(
        Method::Post,
        Url::parse("https://a.example/x?code=CANARY").unwrap(),
    )
    .form(&[("code", "CANARY")]);
    assert!(!format!("{request:?}").contains("CANARY"));
}
