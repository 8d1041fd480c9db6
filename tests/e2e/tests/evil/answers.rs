//! Case 28, and the rest of 24: answers that are endless, forged, or no text at all.

use crate::lair::{FILE, Lair, MOST_MEMORY, event, hasty};
use calport_e2e::Log;
use calport_host::plugin::{
    CallError, Limits,
    calendar::{Callback, ConnectRequest, Parameter},
    types::{Error, Range},
};
use std::time::Duration;

/// What no terminal, page or header may get.
fn steers(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c))
}

fn patient() -> Limits {
    Limits {
        wall: Duration::from_secs(20),
        computing: Duration::from_secs(4),
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_28_an_id_that_is_no_id_is_refused() {
    let lair = Lair::open(patient()).await;
    for (field, named) in [
        ("id", "event.id"),
        ("calendar", "event.calendar"),
        ("etag", "event.etag"),
    ] {
        for kind in ["10 MB", "mischief", "nothing"] {
            let watched = lair.push(&format!("{field}={kind}"), &[]).await;
            let Err(CallError::Improper(what)) = watched.result else {
                panic!("{field}={kind}: {:?}", watched.result)
            };
            assert_eq!(what, named, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_28_a_link_that_leads_astray_is_left_out() {
    let lair = Lair::open(patient()).await;
    for kind in ["10 MB", "mischief", "nothing", "script"] {
        let watched = lair.push(&format!("link={kind}"), &[]).await;
        assert_eq!(watched.result.unwrap().unwrap().link, None, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_28_reasons_and_names_are_short_and_plain_wherever_they_are_shown() {
    let log = Log::captured();
    let lair = Lair::open(patient()).await;
    for field in ["rejected", "reconnect", "invalid", "scopes", "other"] {
        for kind in ["10 MB", "mischief"] {
            // A thousand times 10 MB are too much for the guest itself.
            if (field, kind) == ("scopes", "10 MB") {
                continue;
            }
            let watched = lair.push(&format!("{field}={kind}"), &[]).await;
            let error = watched.result.unwrap_err();
            assert!(matches!(error, CallError::Plugin(_)), "{field}={kind}");
            let words = error.to_string();
            assert!(
                words.chars().count() < 10_000,
                "{field}={kind}: {}",
                words.len()
            );
            assert!(!steers(&words), "{field}={kind}: {words:?}");
        }
    }
    for kind in ["10 MB", "mischief"] {
        let calendars = lair.plugin.list_calendars(lair.user(kind, &[]));
        let calendars = lair
            .watch("calendar names", calendars)
            .await
            .result
            .unwrap();
        let account = lair
            .plugin
            .complete_callback(lair.user("good", &[]), callback(kind));
        let account = lair.watch("account", account).await.result.unwrap();
        for shown in [&calendars[0].name, &account.label, &account.calendar.name] {
            assert!(shown.chars().count() <= 256 && !steers(shown), "{shown:?}");
        }
    }
    assert!(
        !log.text().contains("\u{1b}]0;owned"),
        "the terminal's title"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_28_what_a_user_is_said_to_have_changed_is_checked() {
    let lair = Lair::open(patient()).await;
    let remote = lair.push("good", &[]).await.result.unwrap().unwrap();
    for kind in ["10 MB", "mischief"] {
        let seen = lair
            .plugin
            .compare_event(lair.user(kind, &[]), event("x"), remote.clone());
        let seen = lair.watch("title", seen).await.result;
        // Its zone is no zone, either.
        let refused = matches!(seen, Err(CallError::Improper("when.zone")));
        assert!(refused, "{kind}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_28_an_address_to_go_to_is_visible_text() {
    let lair = Lair::open(patient()).await;
    for kind in ["10 MB", "mischief", "nothing"] {
        let request = ConnectRequest {
            redirect_uri: "https://host.example/cb".into(),
            state: "s".into(),
            code_challenge: "c".into(),
            login_hint: Some(kind.into()),
        };
        let refused = lair
            .watch("url", lair.plugin.begin_connect("evil", request))
            .await;
        assert!(matches!(
            refused.result,
            Err(CallError::Improper("authorization.url"))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_lists_without_end_are_refused() {
    let lair = Lair::open(patient()).await;
    let range = Range { start: 0, end: 1 };
    for deed in ["billions", "too many", "the wrong way round"] {
        let call = lair.plugin.busy(lair.user(deed, &[]), vec![], range);
        refused(deed, lair.watch(deed, call).await.result);
    }
    for deed in ["billions", "too many"] {
        let call = lair.plugin.list_calendars(lair.user(deed, &[]));
        refused(deed, lair.watch(deed, call).await.result);
    }
    for deed in ["billions", "too many", "mischief", "10 MB"] {
        let call = lair.plugin.read_changes(lair.user(deed, &[]), None, None);
        refused(deed, lair.watch(deed, call).await.result);
    }
    for deed in [
        "10 MB",
        "mischief",
        "not text",
        "half a character",
        "beyond memory",
    ] {
        let call = lair.plugin.export_ics(vec![event(deed)], FILE);
        refused(deed, lair.watch(deed, call).await.result);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_many_texts_that_are_one_and_the_same_cost_no_more_than_one() {
    let lair = Lair::open(patient()).await;
    for deed in [
        "all=the same 40 MB",
        "scopes=not text",
        "id=not text",
        "id=beyond memory",
    ] {
        let watched = lair.push(deed, &[]).await;
        let answer = watched.result.unwrap_err();
        assert!(
            matches!(answer, CallError::OutOfMemory | CallError::Trapped(_)),
            "{deed}: {answer}"
        );
        assert!(watched.growth < MOST_MEMORY);
    }
    let call = lair.plugin.export_ics(vec![event("40 MB")], FILE);
    let large = lair.watch("40 MB", call).await.result.unwrap_err();
    assert!(matches!(large, CallError::OutOfMemory), "{large}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_no_deed_is_the_plugins_own() {
    let lair = Lair::open(hasty()).await;
    let error = lair
        .push("nothing of the kind", &[])
        .await
        .result
        .unwrap_err();
    assert!(
        matches!(error, CallError::Plugin(Error::Other(Some(_)))),
        "{error}"
    );
}

fn refused<T: std::fmt::Debug>(deed: &str, result: Result<T, CallError>) {
    match result {
        Err(CallError::Improper(_) | CallError::OutOfMemory | CallError::Trapped(_)) => {}
        Err(other) => panic!("{deed}: {other}"),
        Ok(_) => panic!("{deed} passed"),
    }
}

fn callback(deed: &str) -> Callback {
    Callback {
        parameters: vec![Parameter {
            name: "deed".into(),
            value: deed.into(),
        }],
        redirect_uri: "https://host.example/cb".into(),
        code_verifier: "v".into(),
    }
}
