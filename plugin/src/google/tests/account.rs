use serde_json::{Value, json};

use super::*;
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::bindings::exports::calport::calendar::calendar::CalendarEntry;
use crate::fault::{retry, unavailable};
use crate::http::Failure;
use crate::outside::fake::{json as reply, response};

#[test]
fn the_main_calendar_comes_first_and_those_of_others_not_at_all() {
    let world = connected();
    let page = |items: Value, next: Option<&str>| {
        reply(200, &json!({ "items": items, "nextPageToken": next }))
    };
    world.replies([
        page(
            json!([
                { "id": "a", "summary": "A\u{202e}\r\nB", "accessRole": "owner" },
                { "id": "w", "summary": "W", "accessRole": "writer" },
                { "id": "b", "summary": "B", "accessRole": "reader" },
                { "id": "c", "summary": "C", "accessRole": "freeBusyReader" },
            ]),
            Some("to ken&"),
        ),
        page(
            json!([
                { "id": "me", "summary": "Me", "accessRole": "owner", "primary": true },
                { "id": "d", "accessRole": "owner" },
                { "id": "e", "summary": "E", "accessRole": "owner", "deleted": true },
            ]),
            None,
        ),
    ]);
    let entry = |id: &str, name: &str, primary| CalendarEntry {
        id: id.into(),
        name: name.into(),
        primary,
    };
    assert_eq!(
        provider::list_calendars(&world, "google"),
        Ok(vec![
            entry("me", "Me", true),
            entry("a", "A  B", false),
            entry("d", "d", false)
        ])
    );
    assert!(
        world.sent()[1]
            .url
            .query()
            .unwrap()
            .ends_with("pageToken=to+ken%26")
    );

    // Pages without end.
    let world = connected();
    world.serve(|_| reply(200, &json!({ "items": [], "nextPageToken": "again" })));
    assert_eq!(
        provider::list_calendars(&world, "google"),
        Err(unavailable())
    );
    assert_eq!(world.sent().len(), 20);
}

#[test]
fn disconnecting_erases_whatever_google_answers_case_19() {
    for (answer, expected) in [
        (Ok(response(200, "{}")), Ok(())),
        (
            reply(
                400,
                &json!({ "error": "invalid_token", "error_description": "CANARY" }),
            ),
            Ok(()),
        ),
        (
            reply(400, &json!({ "error": "invalid_request" })),
            Err(Error::Rejected(
                "Google did not revoke the grant (invalid_request).".into(),
            )),
        ),
        (
            Ok(response(400, "<html>")),
            Err(Error::Rejected("Google did not revoke the grant.".into())),
        ),
        (Ok(response(200, "<html>")), Err(unavailable())),
        (Ok(response(503, "")), Err(unavailable())),
        (Ok(response(429, "")), Err(retry(RetryCause::RateLimited))),
        (Err(Failure::NoReply), Err(retry(RetryCause::NoReply))),
    ] {
        let world = connected();
        world.reply(answer);
        assert_eq!(provider::disconnect(&world, "google", true), expected);
        assert_eq!(world.credentials(), None);
        let body = String::from_utf8(world.sent()[0].body.clone().unwrap()).unwrap();
        assert_eq!(
            (world.calls(), body.as_str()),
            (vec!["POST /revoke".to_owned()], "token=CANARY-refresh-1")
        );
        // Again: nothing is stored, nothing is to do.
        assert_eq!(provider::disconnect(&world, "google", true), Ok(()));
        assert_eq!(world.sent().len(), 1);
    }
}

#[test]
fn disconnecting_one_of_two_users_of_an_account_calls_nobody() {
    let world = connected();
    assert_eq!(provider::disconnect(&world, "google", false), Ok(()));
    assert_eq!(world.credentials(), None);
    assert!(world.sent().is_empty());
    // Without the app's credentials, too: a user can always leave.
    let world = connected();
    world.unset("GOOGLE_CLIENT_ID");
    world.reply(Ok(response(200, "")));
    assert_eq!(provider::disconnect(&world, "google", true), Ok(()));
}
