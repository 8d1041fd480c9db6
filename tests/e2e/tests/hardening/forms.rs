//! Forms of the settings page that other pages send.

use crate::operations::PagePath;
use calport_e2e::{Browser, World};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::json;

/// What the page's forms are sent as.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What every browser of today says of a form of the same origin.
pub(crate) const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A browser with the page open, with all that its forms need.
pub(crate) struct Visitor<'a> {
    world: &'a World,
    client: reqwest::Client,
    pub(crate) cookie: String,
    form_token: String,
}

impl<'a> Visitor<'a> {
    pub(crate) async fn of(world: &'a World, user: &str) -> Self {
        let body = json!({ "user": user });
        let path = "/api/page-sessions/";
        let reply = world.platform(Method::POST, path, Some(&body)).await;
        let url = reply.unwrap().json()["url"].as_str().unwrap().to_owned();
        let opened = Browser::new().visit(&url, &[]).await.unwrap();
        let cookie = opened.headers["set-cookie"].to_str().unwrap();
        let mut visitor = Self {
            world,
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
            form_token: String::new(),
        };
        let (_, _, home) = visitor.reply(Method::GET, "/page/", true).await;
        let (_, rest) = home.split_once("name=\"form_token\" value=\"").unwrap();
        visitor.form_token = rest.split('"').next().unwrap().to_owned();
        visitor
    }

    /// Where the page's own forms lead.
    pub(crate) fn forms() -> Vec<String> {
        let posts = PagePath::all().into_iter();
        let posts = posts.filter(|path| path.method == Method::POST);
        posts.map(|path| path.path).collect()
    }

    /// What a path answers, to this browser or to one that has no page open.
    pub(crate) async fn reply(
        &self,
        method: Method,
        path: &str,
        is_open: bool,
    ) -> (StatusCode, HeaderMap, String) {
        let url = format!("{}{path}", self.world.url);
        let mut request = self.client.request(method, url);
        if is_open {
            request = request.header("cookie", &self.cookie);
        }
        let reply = request.send().await.unwrap();
        let (status, headers) = (reply.status(), reply.headers().clone());
        (status, headers, reply.text().await.unwrap())
    }

    /// Sends a form with the session's cookie and token, as this kind and with these headers.
    pub(crate) async fn post(
        &self,
        path: &str,
        kind: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Response {
        let mut request = self
            .client
            .post(format!("{}{path}", self.world.url))
            .header("cookie", &self.cookie)
            .header("content-type", kind)
            .body(format!("form_token={}", self.form_token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

#[calport_databases::each_database]
async fn case_36_a_form_of_another_origin_is_refused_on_every_path_of_the_page() {
    let world = World::start().await.unwrap();
    let visitor = Visitor::of(&world, "ann").await;
    let origin = world.url.as_str();
    let same_site = format!("{origin}0");
    let elsewhere: &[&[(&str, &str)]] = &[
        &[],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[("sec-fetch-site", "cross-site"), ("origin", origin)],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "Same-Origin")],
        &[("sec-fetch-site", "")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", &same_site)],
        &[("referer", origin)],
    ];
    let mut forms = Visitor::forms();
    // Closing the page ends the session, and comes last.
    forms.sort_by_key(|path| path.contains("close"));
    for path in forms {
        for headers in elsewhere {
            let reply = visitor.post(&path, FORM, headers).await;
            assert_eq!(reply.status(), StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
        let reply = visitor.post(&path, FORM, &[SAME_ORIGIN]).await;
        assert_ne!(
            reply.status(),
            StatusCode::FORBIDDEN,
            "{path}: from the page itself"
        );
    }
}
