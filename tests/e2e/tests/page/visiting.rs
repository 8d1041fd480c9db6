//! A browser with the page open, and what tests do with it.

use calport_e2e::{Browser, Landing, World};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What every browser of today says of a form of the same origin.
pub(crate) const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A browser with the page open.
pub(crate) struct Page<'a> {
    pub(crate) world: &'a World,
    pub(crate) browser: Browser,
}

pub(crate) async fn ticket(world: &World, body: Value) -> String {
    let reply = world
        .platform(Method::POST, "/api/page-sessions/", Some(&body))
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    reply.json()["url"].as_str().unwrap().to_owned()
}

pub(crate) async fn page<'a>(world: &'a World, user: &str) -> Page<'a> {
    let browser = Browser::new();
    let url = ticket(world, json!({ "user": user })).await;
    let landing = browser.visit(&url, &[]).await.unwrap();
    assert_eq!(landing.code, StatusCode::SEE_OTHER, "{}", landing.body);
    assert_eq!(landing.location.unwrap().path(), "/page/");
    Page { world, browser }
}

impl Page<'_> {
    pub(crate) async fn get(&self, path: &str) -> Landing {
        self.browser
            .visit(&format!("{}{path}", self.world.url), &[])
            .await
            .unwrap()
    }

    pub(crate) async fn home(&self) -> String {
        let landing = self.get("/page/").await;
        assert_eq!(landing.code, StatusCode::OK, "{}", landing.body);
        landing.body
    }

    pub(crate) async fn form_token(&self) -> String {
        let home = self.home().await;
        let (_, rest) = home.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends one of the page's forms.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Landing {
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
    pub(crate) async fn follow(&self, landing: Landing) -> Landing {
        assert_eq!(landing.code, StatusCode::SEE_OTHER, "{}", landing.body);
        let location = landing.location.unwrap();
        self.browser.visit(location.as_str(), &[]).await.unwrap()
    }

    /// Connects as a user does; the page that they end on.
    pub(crate) async fn connect(&self, account: &str, choice: &ConsentChoice) -> String {
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

pub(crate) async fn put_booking(world: &World, id: &str, user: &str, title: &str) {
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

pub(crate) async fn execute(world: &World, statement: &'static str) {
    sqlx::query(statement)
        .execute(world.service.vault().database().pool())
        .await
        .unwrap();
}
