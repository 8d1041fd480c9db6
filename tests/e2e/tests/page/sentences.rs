//! What is said of everything that can happen, in both languages.

use crate::visiting::page;
use calport_e2e::{Browser, World, accounts::CASEY};
use calport_standins::{Behaviour, ConsentChoice, Fault};

#[calport_databases::each_database]
async fn every_refusal_is_its_own_plain_sentence_in_every_language() {
    let events = "https://www.googleapis.com/auth/calendar.events.owned".to_owned();
    for (choice, english, german) in [
        (
            ConsentChoice::Cancel,
            "because you said no at Google Calendar",
            "abgelehnt haben",
        ),
        (
            ConsentChoice::AllowWithout(vec![events]),
            "because a box was left unticked at Google Calendar",
            "ein Häkchen fehlte",
        ),
        (
            ConsentChoice::Refused("admin_policy_enforced".into()),
            "your organisation has to allow it first",
            "Ihre Organisation es erst erlauben muss",
        ),
        (
            ConsentChoice::Refused("<script>x</script>".into()),
            "Calendar refused.",
            "hat abgelehnt.",
        ),
    ] {
        let world = World::start().await.unwrap();
        let page = page(&world, "ann").await;
        let said = page.connect(CASEY, &choice).await;
        assert!(said.contains(english), "{choice:?}: {said}");
        assert!(said.contains("role=\"alert\"") && !said.contains("<script>x"));
        assert!(said.contains("Connect Google Calendar"), "the next step");
        page.get("/page/?lang=de").await;
        let said = page.connect(CASEY, &choice).await;
        assert!(said.contains(german), "{choice:?}: {said}");
        assert!(said.contains("Google Calendar verbinden"));
    }
}

#[calport_databases::each_database]
async fn faults_of_the_provider_blame_no_user() {
    for (behaviour, english) in [
        (
            Behaviour::error(401, "invalid_client"),
            "Google Calendar is temporarily unavailable.",
        ),
        (
            Behaviour::error(500, "internal"),
            "Google Calendar did not answer as it should.",
        ),
        (
            Behaviour::without_refresh_token(),
            "does not accept our access to your account.",
        ),
        (
            Behaviour::scopes(&["openid", "email"]),
            "a box was left unticked",
        ),
    ] {
        let world = World::start().await.unwrap();
        let page = page(&world, "ann").await;
        world.google.faults().add(
            Fault::on("POST", "/token")
                .always()
                .behaviour(behaviour.clone()),
        );
        let said = page.connect(CASEY, &ConsentChoice::Allow).await;
        assert!(said.contains(english), "{behaviour:?}: {said}");
    }
}

#[calport_databases::each_database]
async fn every_status_has_its_sentence_in_both_languages_and_none_is_echoed() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let mut seen = std::collections::BTreeSet::new();
    for lang in ["en", "de"] {
        for status in [
            "account-changed",
            "denied",
            "needs-scope",
            "needs-admin",
            "needs-reconnect",
            "misconfigured",
            "retry",
            "expired",
            "gone",
            "not-connected",
            "rejected",
            "internal",
        ] {
            let path = format!("/page/?lang={lang}&provider=google&status={status}");
            let body = page.get(&path).await.body;
            assert!(body.starts_with(&format!("<!doctype html>\n<html lang=\"{lang}\">")));
            let (_, rest) = body.split_once("role=\"alert\"><bdi>").unwrap();
            seen.insert(rest.split("</bdi>").next().unwrap().to_owned());
            let done = format!(
                "{}/done/?lang={lang}&provider=google&status={status}",
                world.url
            );
            let done = Browser::new().visit(&done, &[]).await.unwrap();
            assert!(
                done.body.contains(rest.split("</bdi>").next().unwrap()),
                "{status}"
            );
        }
    }
    assert_eq!(seen.len(), 24, "{seen:?}");
    for status in [
        "%3Cscript%3E",
        "connected",
        "switched",
        "stayed",
        "removed",
        "no-such-status",
        "",
    ] {
        let body = page
            .get(&format!("/page/?provider=apple&status={status}"))
            .await
            .body;
        assert!(
            !body.contains("class=\"notice"),
            "{status} is claimed though it is not so"
        );
    }
    let body = page
        .get("/page/?lang=en&provider=%22%3E%3Cb%3E&status=denied")
        .await
        .body;
    assert!(!body.contains("<b>") && body.contains("because you said no at"));
}

#[calport_databases::each_database]
async fn the_language_is_the_browsers_until_the_user_chooses_one() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let url = format!("{}/page/", world.url);
    let german = [("accept-language", "de-CH,de;q=0.9,en;q=0.5")];
    let body = page.browser.visit(&url, &german).await.unwrap().body;
    assert!(body.contains("<html lang=\"de\">") && body.contains("Kommende Buchungen"));
    let chosen = page
        .browser
        .visit(&format!("{url}?lang=en"), &german)
        .await
        .unwrap()
        .body;
    assert!(chosen.contains("<html lang=\"en\">"));
    let kept = page.browser.visit(&url, &german).await.unwrap().body;
    assert!(kept.contains("<html lang=\"en\">"), "it is kept");
    let unknown = page.get("/page/?lang=xx").await.body;
    assert!(unknown.contains("<html lang=\"en\">"));
}
