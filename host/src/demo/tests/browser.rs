//! As much of a browser as the demo needs: cookies, forms and redirects, no script.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::collections::BTreeMap;
use url::Url;

pub(super) struct Browser {
    client: Client<HttpConnector, Body>,
    pub(super) home: Url,
    cookies: BTreeMap<String, String>,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) text: String,
}

impl Page {
    /// Where it sends the browser.
    pub(super) fn location(&self) -> &str {
        assert!(
            self.status.is_redirection(),
            "{}: {}",
            self.status,
            self.text
        );
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

impl Browser {
    pub(super) fn at(home: &Url) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            home: home.clone(),
            cookies: BTreeMap::new(),
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(self.url(path)), "").await
    }

    /// Sends a form of one of the demo's pages.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(self.url(path))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, &form).await
    }

    pub(super) async fn send(&mut self, request: http::request::Builder, body: &str) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        if !cookies.is_empty() {
            let value = cookies.join("; ").parse().unwrap();
            request.headers_mut().insert(header::COOKIE, value);
        }
        let response = self.client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.home.join(path).unwrap().into()
    }

    pub(super) async fn sign_in(&mut self, user: &str) {
        let page = self.post("/sign-in", &[("user", user)]).await;
        assert_eq!(page.location(), "/");
    }

    /// Loads the page until it says something, as its own reloading does.
    pub(super) async fn wait_for(&mut self, what: impl Fn(&str) -> bool) -> String {
        let looking = async {
            loop {
                let page = self.get("/").await;
                assert_eq!(page.status, StatusCode::OK, "{}", page.text);
                if what(&page.text) {
                    return page.text;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let patience = std::time::Duration::from_secs(60);
        tokio::time::timeout(patience, looking)
            .await
            .expect("the page never says it")
    }
}

/// A method that no page uses.
pub(super) const ODD: Method = Method::PATCH;
