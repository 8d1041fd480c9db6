//! The settings page, as browsers see it.

use calport_e2e::{Browser, Landing, World, WorldOptions, accounts::CASEY, accounts::SAM};
use calport_standins::{
    Behaviour, ConsentChoice, Fault, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What every browser of today says of a form of the same origin.
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Texts that run, or break out, where they are not escaped.
const XSS: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "javascript:alert(1)//<a href=javascript:alert(1)>x</a>",
    "{{7*7}}${7*7}<%= 7*7 %><x y=z>",
    "--><style>*{display:none}</style>\u{202e}<b>",
];

/// A browser with the page open.
struct Page<'a> {
    world: &'a World,
    browser: Browser,
}

async fn ticket(world: &World, body: Value) -> String {
    let reply = world
        .platform(Method::POST, "/api/page-sessions/", Some(&body))
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    reply.json()["url"].as_str().unwrap().to_owned()
}

async fn page<'a>(world: &'a World, user: &str) -> Page<'a> {
    let browser = Browser::new();
    let url = ticket(world, json!({ "user": user })).await;
    let landing = browser.visit(&url, &[]).await.unwrap();
    assert_eq!(landing.code, StatusCode::SEE_OTHER, "{}", landing.body);
    assert_eq!(landing.location.unwrap().path(), "/page/");
    Page { world, browser }
}

impl Page<'_> {
    async fn get(&self, path: &str) -> Landing {
        self.browser
            .visit(&format!("{}{path}", self.world.url), &[])
            .await
            .unwrap()
    }

    async fn home(&self) -> String {
        let landing = self.get("/page/").await;
        assert_eq!(landing.code, StatusCode::OK, "{}", landing.body);
        landing.body
    }

    async fn form_token(&self) -> String {
        let home = self.home().await;
        let (_, rest) = home.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends one of the page's forms.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Landing {
        let token = self.form_token().await;
        let mut all = vec![("form_token", token.as_str())];
        all.extend(fields);
        let url = format!("{}{path}", self.world.url);
        self.browser
            .submit(&url, &all, &[SAME_ORIGIN])
            .await
            .unwrap()
    }

    /// Goes where a landing leads.
    async fn follow(&self, landing: Landing) -> Landing {
        assert_eq!(landing.code, StatusCode::SEE_OTHER, "{}", landing.body);
        let location = landing.location.unwrap();
        self.browser.visit(location.as_str(), &[]).await.unwrap()
    }

    /// Connects as a user does; the page that they end on.
    async fn connect(&self, account: &str, choice: &ConsentChoice) -> String {
        let landing = self.post("/page/calendars/google/connect/", &[]).await;
        assert_eq!(landing.code, StatusCode::SEE_OTHER, "{}", landing.body);
        let url = landing.location.unwrap();
        let callback = self
            .world
            .google
            .consent(url.as_str(), account, choice)
            .unwrap();
        let landing = self.browser.visit(&callback, &[]).await.unwrap();
        let landing = self.follow(landing).await;
        let landing = self.follow(landing).await;
        assert_eq!(landing.code, StatusCode::OK, "{}", landing.body);
        landing.body
    }
}

async fn put_booking(world: &World, id: &str, user: &str, title: &str) {
    let body = json!({
        "revision": 1, "title": title, "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": user, "role": "customer"}],
    });
    let path = format!("/api/jobs/{id}/");
    let reply = world
        .platform(Method::PUT, &path, Some(&body))
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

async fn execute(world: &World, statement: &'static str) {
    sqlx::query(statement)
        .execute(world.service.vault().database().pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_one_time_url_opens_the_page_once() {
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann", "name": "Ann <Example>"})).await;
    assert!(
        url.starts_with(&format!("{}/page/open/?ticket=", world.url)),
        "{url}"
    );
    let browser = Browser::new();
    let first = browser.visit(&url, &[]).await.unwrap();
    assert_eq!(first.code, StatusCode::SEE_OTHER);
    let cookie = first.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("calport-page="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=3600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let page = Page {
        world: &world,
        browser,
    };
    assert!(
        page.home()
            .await
            .contains("Settings of Ann &#60;Example&#62;")
    );
    let second = Browser::new().visit(&url, &[]).await.unwrap();
    assert_eq!(second.code, StatusCode::FORBIDDEN);
    assert!(second.body.contains("This link no longer works"));
    assert!(second.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_one_time_url_that_is_too_old_opens_nothing() {
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann"})).await;
    execute(
        &world,
        "UPDATE page_tickets SET expires_at = expires_at - 301",
    )
    .await;
    let landing = Browser::new().visit(&url, &[]).await.unwrap();
    assert_eq!(landing.code, StatusCode::FORBIDDEN);
    let landing = Browser::new()
        .visit(&format!("{}/page/open/", world.url), &[])
        .await
        .unwrap();
    assert_eq!(landing.code, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn looking_ahead_does_not_use_a_one_time_url_up() {
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann"})).await;
    let browser = Browser::new();
    let ahead = browser
        .visit(&url, &[("sec-purpose", "prefetch;prerender")])
        .await
        .unwrap();
    assert_eq!(ahead.code, StatusCode::NO_CONTENT);
    let head = reqwest::Client::new().head(&url).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        browser.visit(&url, &[]).await.unwrap().code,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn only_the_platform_opens_pages() {
    // case 35
    let world = World::start().await.unwrap();
    let body = json!({"user": "ann"});
    let path = "/api/page-sessions/";
    let user = world
        .user("ann", Method::POST, path, Some(&body))
        .await
        .unwrap();
    assert_eq!(user.status, StatusCode::FORBIDDEN);
    let nobody = world
        .call(Method::POST, path, None, Some(&body))
        .await
        .unwrap();
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    for wrong in [
        json!({}),
        json!({"user": ""}),
        json!({"user": "a b"}),
        json!({"user": "ann", "name": ""}),
        json!({"user": "ann", "name": "a\nb"}),
        json!({"user": "ann", "admin": true}),
    ] {
        let reply = world
            .platform(Method::POST, path, Some(&wrong))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn what_opens_the_page_is_stored_as_a_hash_alone() {
    // case 13
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann"})).await;
    let (_, token) = url.split_once("ticket=").unwrap();
    let browser = Browser::new();
    let other = ticket(&world, json!({"user": "ann"})).await;
    let opened = browser.visit(&other, &[]).await.unwrap();
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    let session = cookie.split(['=', ';']).nth(1).unwrap();
    assert_eq!((token.len(), session.len()), (43, 43), "256 bits each");
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [token, session] {
            assert!(!bytes.windows(43).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn without_an_open_page_there_is_only_a_sentence() {
    let world = World::start().await.unwrap();
    for path in [
        "/page/",
        "/page/?lang=de",
        "/page/calendars/google/choose/",
        "/page/calendars/google/disconnect/",
    ] {
        let landing = Browser::new()
            .visit(&format!("{}{path}", world.url), &[])
            .await
            .unwrap();
        assert_eq!(landing.code, StatusCode::FORBIDDEN, "{path}");
        let heading = if path.contains("lang=de") {
            "geschlossen"
        } else {
            "These settings are closed"
        };
        assert!(landing.body.contains(heading), "{path}");
    }
    let page = page(&world, "ann").await;
    execute(
        &world,
        "UPDATE page_sessions SET expires_at = expires_at - 3601",
    )
    .await;
    assert_eq!(page.get("/page/").await.code, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn closing_ends_the_session_and_not_only_the_cookie() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let token = page.form_token().await;
    let landing = page.post("/page/close/", &[]).await;
    assert_eq!(landing.code, StatusCode::OK);
    assert!(
        landing.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(page.get("/page/").await.code, StatusCode::FORBIDDEN);
    let url = format!("{}/page/close/", world.url);
    let again = page
        .browser
        .submit(&url, &[("form_token", &token)], &[SAME_ORIGIN])
        .await;
    assert_eq!(again.unwrap().code, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_of_another_origin_or_session_changes_nothing() {
    // case 36
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    ann.connect(CASEY, &ConsentChoice::Allow).await;
    let mallory = page(&world, "mallory").await;
    let (own, foreign) = (ann.form_token().await, mallory.form_token().await);
    assert_ne!(own, foreign);
    let origin = world.url.as_str();
    let refused: &[(&str, &[(&str, &str)])] = &[
        (
            &own,
            &[("sec-fetch-site", "cross-site"), ("origin", origin)],
        ),
        (&own, &[("sec-fetch-site", "same-site")]),
        (&own, &[("sec-fetch-site", "none")]),
        (&own, &[("origin", "https://evil.example")]),
        (&own, &[("origin", "null")]),
        (&own, &[]),
        (&foreign, &[SAME_ORIGIN]),
        ("", &[SAME_ORIGIN]),
    ];
    for path in [
        "/page/calendars/google/disconnect/",
        "/page/calendars/google/connect/",
        "/page/calendars/google/choose/",
        "/page/calendars/google/again/",
        "/page/calendars/google/complete/",
        "/page/feed/",
        "/page/feed/end/",
        "/page/close/",
    ] {
        for (token, headers) in refused {
            let url = format!("{origin}{path}");
            let landing = ann
                .browser
                .submit(&url, &[("form_token", token)], headers)
                .await
                .unwrap();
            assert_eq!(landing.code, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(
                landing
                    .body
                    .contains("This form did not come from this page"),
                "{path}"
            );
            assert!(landing.headers.get("set-cookie").is_none());
        }
    }
    assert!(ann.home().await.contains(CASEY), "still connected");
    // Browsers that know no fetch metadata say the origin.
    let url = format!("{origin}/page/feed/end/");
    let old = ann
        .browser
        .submit(&url, &[("form_token", &own)], &[("origin", origin)])
        .await;
    assert_eq!(old.unwrap().code, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_users_page_neither_shows_nor_reaches_anothers_account() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    ann.connect(CASEY, &ConsentChoice::Allow).await;
    put_booking(&world, "1", "ann", "Something private").await;
    let bob = page(&world, "bob").await;
    let home = bob.home().await;
    assert!(!home.contains(CASEY) && !home.contains("Something private"));
    let landing = bob.get("/page/calendars/google/choose/").await;
    assert_eq!(landing.status(), "not-connected");
    bob.post(
        "/page/calendars/google/disconnect/",
        &[("events", "remove")],
    )
    .await;
    assert!(ann.home().await.contains(CASEY));
}

#[tokio::test]
async fn a_user_connects_chooses_and_disconnects_on_the_page() {
    let account = GoogleAccount::new(CASEY, "Casey").calendar(GoogleCalendar::new(
        "work",
        "Work",
        GoogleRole::Owner,
    ));
    let google = GoogleConfig::default().accounts([account]);
    let world = World::start_with(WorldOptions {
        google,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let page = page(&world, "ann").await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    let home = page.home().await;
    assert!(home.contains("what we can and cannot see"));
    assert!(
        home.contains("Connect Google Calendar") && home.contains("Not in a connected calendar")
    );

    let connected = page.connect(CASEY, &ConsentChoice::Allow).await;
    assert!(
        connected.contains("Google Calendar is connected."),
        "{connected}"
    );
    assert!(connected.contains(CASEY) && !connected.contains("Connect Google Calendar"));
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let home = page.home().await;
    assert!(home.contains("Google Calendar: in your calendar"), "{home}");
    assert!(
        !home.contains("<section class=\"consent\"") && !home.contains("look again"),
        "{home}"
    );
    assert!(home.contains("Open in Google Calendar"));

    let choose = page.get("/page/calendars/google/choose/").await;
    assert_eq!(choose.code, StatusCode::OK);
    let choices = choose.body.matches("type=\"radio\"").count();
    assert_eq!(
        (choices, choose.body.matches(" checked").count()),
        (2, 1),
        "{}",
        choose.body
    );
    let path = "/page/calendars/google/choose/";
    let landing = page.post(path, &[("calendar", "work")]).await;
    let chosen = page.follow(landing).await.body;
    assert!(
        chosen.contains("Your bookings now go to “Work”."),
        "{chosen}"
    );
    world
        .google_events(CASEY, "work", |events| events.len() == 1)
        .await
        .unwrap();
    let landing = page.post(path, &[("calendar", "somebody-elses")]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("That calendar is no longer there.")
    );

    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let ask = page.get("/page/calendars/google/disconnect/").await.body;
    assert!(ask.contains("Disconnect Google Calendar?") && ask.contains(CASEY));
    let path = "/page/calendars/google/disconnect/";
    let landing = page.post(path, &[("events", "remove")]).await;
    let left = page.follow(landing).await.body;
    assert!(left.contains("and our entries are removed."), "{left}");
    assert!(world.google.events(CASEY, "work").is_empty());
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
    let again = page.post(path, &[]).await;
    assert_eq!(again.code, StatusCode::SEE_OTHER, "a double click");

    page.connect(CASEY, &ConsentChoice::Allow).await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let landing = page.post(path, &[("events", "keep")]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("Our entries stay in it")
    );
    assert_eq!(world.google.events(CASEY, "primary").len(), 1);
}

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
async fn every_status_has_its_sentence_in_both_languages_and_none_is_echoed() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let mut seen = std::collections::BTreeSet::new();
    for lang in ["en", "de"] {
        for status in [
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
    assert_eq!(seen.len(), 22, "{seen:?}");
    for status in ["%3Cscript%3E", "connected", "removed", "no-such-status", ""] {
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

#[tokio::test]
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

#[tokio::test]
async fn a_dead_grant_is_explained_and_reconnecting_mends_it() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    page.connect(CASEY, &ConsentChoice::Allow).await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    world.google.kill_grant(CASEY);
    let landing = page.get("/page/calendars/google/choose/").await;
    let said = page.follow(landing).await.body;
    assert!(said.contains("does not accept our access"), "{said}");
    let home = page.home().await;
    assert!(home.contains("Google Calendar no longer accepts our access to your account"));
    assert!(home.contains("Reconnect Google Calendar") && !home.contains("seven days"));
    for (days, is_explained) in [(5, false), (7, true), (9, false)] {
        sqlx::query("UPDATE connections SET connected_at = dead_at - $1")
            .bind(days * 86_400_i64)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        let home = page.home().await;
        assert_eq!(home.contains("is still in testing"), is_explained, "{days}");
    }
    let home = page.connect(CASEY, &ConsentChoice::Allow).await;
    assert!(home.contains("Google Calendar is connected.") && !home.contains("in testing"));
    let again = page.get("/page/calendars/google/choose/").await;
    assert_eq!(again.code, StatusCode::OK);
}

#[tokio::test]
async fn a_calendar_that_is_gone_asks_for_another() {
    let account = GoogleAccount::new(CASEY, "Casey").calendar(GoogleCalendar::new(
        "work",
        "Work",
        GoogleRole::Owner,
    ));
    let google = GoogleConfig::default().accounts([account]);
    let world = World::start_with(WorldOptions {
        google,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let page = page(&world, "ann").await;
    page.connect(CASEY, &ConsentChoice::Allow).await;
    page.post("/page/calendars/google/choose/", &[("calendar", "work")])
        .await;
    world.google.delete_calendar(CASEY, "work");
    put_booking(&world, "1", "ann", "Deep clean").await;
    assert_eq!(
        world.settled("/api/jobs/1/", "ann").await.unwrap()["state"],
        "failed"
    );
    let home = page.home().await;
    assert!(
        home.contains("The calendar “Work” is no longer there."),
        "{home}"
    );
    let choose = page.get("/page/calendars/google/choose/").await.body;
    assert!(
        choose.contains("The calendar “Work” is no longer there.") && !choose.contains(" checked")
    );
    page.post("/page/calendars/google/choose/", &[("calendar", CASEY)])
        .await;
    assert_eq!(
        world.settled("/api/jobs/1/", "ann").await.unwrap()["state"],
        "in_calendar"
    );
    assert!(!page.home().await.contains("no longer there"));
}

#[tokio::test]
async fn a_provider_that_is_down_or_not_configured_leaves_the_rest_working() {
    let world = World::start().await.unwrap();
    let page_of_ann = page(&world, "ann").await;
    page_of_ann.connect(CASEY, &ConsentChoice::Allow).await;
    world.google.switch_off();
    let home = page_of_ann.home().await;
    assert!(home.contains(CASEY));
    let choose = page_of_ann.get("/page/calendars/google/choose/").await;
    assert_eq!(choose.code, StatusCode::SERVICE_UNAVAILABLE);
    assert!(choose.body.contains("did not answer as it should"));

    let settings = vec![("GOOGLE_CLIENT_SECRET".to_owned(), String::new())];
    let world = World::start_with(WorldOptions {
        settings,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let page = page(&world, "ann").await;
    let home = page.home().await;
    assert!(
        home.contains("Google Calendar cannot be connected at the moment. That is not your fault")
    );
    assert!(!home.contains("Connect Google Calendar") && home.contains("Create a private address"));
    let landing = page.post("/page/calendars/google/connect/", &[]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("is temporarily unavailable.")
    );
}

#[tokio::test]
async fn a_flow_that_comes_back_in_another_browser_is_finished_by_its_own_user_alone() {
    // case 1
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let landing = ann.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = world
        .google
        .consent(url.as_str(), CASEY, &ConsentChoice::Allow)
        .unwrap();
    world.google.forget_requests();
    let victim = page(&world, "victim").await;
    let landing = victim.browser.visit(&callback, &[]).await.unwrap();
    let back = landing.location.clone().unwrap();
    assert_eq!(
        (back.path(), landing.status().as_str()),
        ("/page/returned/", "parked")
    );
    assert!(world.google.requests().is_empty(), "nothing was exchanged");
    let handle = landing.parameter("handle").unwrap();
    let finish = victim.follow(landing).await;
    assert!(
        finish
            .body
            .contains("in another browser than you set out from")
    );
    let path = "/page/calendars/google/complete/";
    let landing = victim.post(path, &[("handle", &handle)]).await;
    assert!(
        victim
            .follow(landing)
            .await
            .body
            .contains("That took too long")
    );
    assert!(world.google.requests().is_empty());
    assert!(!victim.home().await.contains(CASEY));

    let closed = Browser::new().visit(back.as_str(), &[]).await.unwrap();
    assert!(
        closed
            .body
            .contains("go back to the browser where you began")
    );
    let elsewhere = page(&world, "ann").await;
    let landing = elsewhere.post(path, &[("handle", &handle)]).await;
    assert!(
        elsewhere
            .follow(landing)
            .await
            .body
            .contains("Google Calendar is connected.")
    );
    let landing = elsewhere.post(path, &[("handle", &handle)]).await;
    assert_eq!(landing.status(), "expired");
}

#[tokio::test]
async fn a_flow_returns_to_where_it_began_even_when_it_is_too_old() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let landing = ann.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = world
        .google
        .consent(url.as_str(), CASEY, &ConsentChoice::Allow)
        .unwrap();
    // case 4
    execute(&world, "UPDATE flows SET expires_at = expires_at - 601").await;
    let landing = Browser::new().open(&callback).await.unwrap();
    assert_eq!(landing.location.as_ref().unwrap().path(), "/page/returned/");
    assert_eq!(landing.status(), "expired");
    let unknown = ann.browser.open(&callback).await.unwrap();
    assert_eq!(unknown.location.unwrap().path(), "/page/returned/");
    // The platform's own flows go where they always did.
    let platform = world
        .connect("ann", SAM, &ConsentChoice::Cancel)
        .await
        .unwrap();
    assert_eq!(
        platform.location.unwrap().host_str(),
        Some("platform.example")
    );
}

#[tokio::test]
async fn an_outcome_is_said_even_when_the_page_has_closed_meanwhile() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let landing = ann.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = world
        .google
        .consent(url.as_str(), CASEY, &ConsentChoice::Allow)
        .unwrap();
    execute(&world, "DELETE FROM page_sessions").await;
    let landing = ann.browser.visit(&callback, &[]).await.unwrap();
    let said = ann.follow(landing).await;
    assert_eq!(said.code, StatusCode::OK);
    assert!(
        said.body.contains("Your calendar is connected"),
        "{}",
        said.body
    );
}

#[tokio::test]
async fn no_text_of_anybodys_runs_on_the_page() {
    // case 37
    for payload in XSS {
        let mut account = GoogleAccount::new(CASEY, payload);
        account = account.calendar(GoogleCalendar::new("work", payload, GoogleRole::Owner));
        let google = GoogleConfig::default().accounts([account]);
        let world = World::start_with(WorldOptions {
            google,
            ..WorldOptions::default()
        })
        .await
        .unwrap();
        let body = json!({"user": "ann", "name": payload});
        let browser = Browser::new();
        browser
            .visit(&ticket(&world, body).await, &[])
            .await
            .unwrap();
        let page = Page {
            world: &world,
            browser,
        };
        page.connect(CASEY, &ConsentChoice::Allow).await;
        let booking = json!({
            "revision": 1, "title": payload, "location": payload, "description": payload,
            "start_date": "2031-12-24", "end_date": "2031-12-26",
            "participants": [{"user": "ann", "role": payload}],
        });
        let reply = world
            .platform(Method::PUT, "/api/jobs/1/", Some(&booking))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        // A provider's label is stored as it came; what a hostile plugin could store is put
        // there by hand.
        sqlx::query("UPDATE connections SET account_label = $1, calendar_name = $1")
            .bind(payload)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        world.settled("/api/jobs/1/", "ann").await.unwrap();
        sqlx::query("UPDATE deliveries SET reason = $1, remote = json_set(remote, '$.link', $1)")
            .bind(payload)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        for path in [
            "/page/",
            "/page/?provider=google&status=chosen",
            "/page/calendars/google/choose/",
            "/page/calendars/google/disconnect/",
        ] {
            let landing = page.get(path).await;
            assert_eq!(landing.code, StatusCode::OK, "{path}");
            let body = landing.body;
            assert_eq!(body.matches("<script").count(), 0, "{path}\n{body}");
            for broken in [
                "<img",
                "<svg onload",
                "<iframe",
                "<b>",
                "<x ",
                "href=\"javascript:",
                "<style>",
                "<a href=javascript",
                payload,
            ] {
                assert!(!body.contains(broken), "{broken} on {path}\n{body}");
            }
        }
    }
}

#[tokio::test]
async fn every_page_refuses_frames_and_loads_nothing_of_others() {
    // case 37
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for path in [
        "/page/",
        "/page/calendars/google/connect/",
        "/page/open/",
        "/done/?status=denied",
    ] {
        let landing = page.get(path).await;
        let policy = landing.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains(&format!("form-action 'self' {}", world.google.base_url())));
        assert_eq!(landing.headers["x-frame-options"], "DENY");
        assert_eq!(landing.headers["x-content-type-options"], "nosniff");
        assert_eq!(landing.headers["cache-control"], "no-store");
    }
    let home = page.home().await;
    assert!(!home.contains("style=\"") && !home.contains("onclick"));
    let address = page.post("/page/feed/", &[]).await.body;
    for (start, kind) in [
        ("href=\"/page/assets/", "text/css"),
        ("src=\"/page/assets/", "text/javascript"),
    ] {
        let (_, rest) = address.split_once(start).unwrap();
        let name = rest.split('"').next().unwrap();
        let asset = page.get(&format!("/page/assets/{name}")).await;
        assert_eq!(asset.code, StatusCode::OK);
        assert!(
            asset.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        assert!(
            asset.headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert!(!asset.body.contains("http"), "nothing of others");
    }
    let missing = page.get("/page/assets/style-x.css").await;
    assert_eq!(missing.code, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_private_address_is_made_shown_once_and_ended() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    let shown = page.post("/page/feed/", &[]).await;
    assert_eq!(shown.code, StatusCode::OK);
    assert!(shown.body.contains("webcal://") && shown.body.contains("<svg"));
    let (_, rest) = shown.body.split_once("readonly value=\"").unwrap();
    let url = rest.split('"').next().unwrap().to_owned();
    assert!(!page.home().await.contains(&url), "only once");
    assert!(page.home().await.contains("No app has fetched it yet."));
    let feed = Browser::new().visit(&url, &[]).await.unwrap();
    assert!(feed.body.contains("SUMMARY:Deep clean"));
    assert!(page.home().await.contains("Last fetched by an app:"));
    let landing = page.post("/page/feed/end/", &[]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("All private addresses have ended.")
    );
    assert_eq!(
        Browser::new().visit(&url, &[]).await.unwrap().code,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_file_of_a_booking_downloads_from_the_page() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    let home = page.home().await;
    let (before, _) = home
        .split_once("aria-label=\"Download (.ics): Deep clean\"")
        .unwrap();
    let (_, link) = before.rsplit_once("href=\"").unwrap();
    let link = link.split('"').next().unwrap().replace("&#38;", "&");
    let file = Browser::new().visit(&link, &[]).await.unwrap();
    assert_eq!(file.code, StatusCode::OK, "{link}");
    assert!(file.body.contains("SUMMARY:Deep clean"));
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_a_plain_page() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for path in [
        "/page/calendars/nowhere/choose/",
        "/page/calendars/nowhere/disconnect/",
    ] {
        let landing = page.get(path).await;
        assert_eq!(landing.code, StatusCode::NOT_FOUND, "{path}");
        assert!(landing.body.contains("There is nothing here"));
    }
    for action in ["connect", "disconnect", "choose", "again", "complete"] {
        let landing = page
            .post(&format!("/page/calendars/nowhere/{action}/"), &[])
            .await;
        assert_eq!(landing.code, StatusCode::SEE_OTHER, "{action}");
        assert_eq!(landing.location.unwrap().path(), "/page/");
    }
}

#[tokio::test]
async fn bookings_stand_in_the_order_in_which_they_begin_without_cancelled_ones() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for (id, title, start) in [
        ("1", "Third", "2031-12-03T10:00:00Z"),
        ("2", "First", "2031-12-01T10:00:00Z"),
        ("3", "Second", "2031-12-02T10:00:00Z"),
        ("4", "Cancelled", "2031-12-02T10:00:00Z"),
    ] {
        let mut body = json!({
            "revision": 1, "title": title, "start": start, "end": "2031-12-09T10:00:00Z",
            "zone": "UTC", "participants": [{"user": "ann", "role": "customer"}],
        });
        if id == "2" {
            body["recurrence"] = json!({"rule": "FREQ=WEEKLY"});
            body["end"] = json!("2031-12-01T11:00:00Z");
        }
        let path = format!("/api/appointments/{id}/");
        world
            .platform(Method::PUT, &path, Some(&body))
            .await
            .unwrap();
    }
    world
        .platform(Method::DELETE, "/api/appointments/4/", None)
        .await
        .unwrap();
    let home = page.home().await;
    let at = |title: &str| home.find(&format!("<h3><bdi>{title}</bdi></h3>"));
    assert!(at("First").unwrap() < at("Second").unwrap(), "{home}");
    assert!(at("Second").unwrap() < at("Third").unwrap(), "{home}");
    assert_eq!(at("Cancelled"), None);
    assert!(home.contains("repeats"));
}
