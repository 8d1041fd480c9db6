//! As much of a browser as a redirect needs: it keeps cookies and follows nothing.

use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use std::{collections::BTreeMap, sync::Mutex};
use url::Url;

/// One person's browser.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// Where a callback sent the browser.
#[derive(Debug)]
pub struct Landing {
    /// The callback's own status code.
    pub code: StatusCode,
    /// Where to, if anywhere.
    pub location: Option<Url>,
    /// The callback's own body.
    pub body: String,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
}

impl Landing {
    /// A parameter of the place it was sent to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = self.location.as_ref()?;
        location
            .query_pairs()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into())
    }

    /// The `status` that the platform reads.
    pub fn status(&self) -> String {
        self.parameter("status").unwrap_or_default()
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// A browser without any cookie.
    pub fn new() -> Self {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build();
        Self {
            client: client.unwrap_or_default(),
            cookies: Mutex::default(),
        }
    }

    /// Keeps what a `Set-Cookie` header says.
    pub fn keep(&self, header: &str) {
        let Some((name, rest)) = header.split_once('=') else {
            return;
        };
        let value = rest.split(';').next().unwrap_or_default();
        if let Ok(mut cookies) = self.cookies.lock() {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Opens a URL with its cookies.
    pub async fn open(&self, url: &str) -> reqwest::Result<Landing> {
        self.send(self.client.get(url)).await
    }

    /// Opens a URL with its cookies and these headers, and keeps what the reply sets.
    pub async fn visit(&self, url: &str, headers: &[(&str, &str)]) -> reqwest::Result<Landing> {
        let mut request = self.client.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.keeping(request).await
    }

    /// Sends a form with its cookies and these headers, and keeps what the reply sets.
    pub async fn submit(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Landing> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let mut request = self
            .client
            .post(url)
            .header("content-type", kind)
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.keeping(request).await
    }

    async fn keeping(&self, request: RequestBuilder) -> reqwest::Result<Landing> {
        let landing = self.send(request).await?;
        for cookie in landing.headers.get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap_or_default());
        }
        Ok(landing)
    }

    async fn send(&self, mut request: RequestBuilder) -> reqwest::Result<Landing> {
        let cookies = self
            .cookies
            .lock()
            .map(|cookies| cookies.clone())
            .unwrap_or_default();
        let cookies: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let response = request.send().await?;
        let base = response.url().clone();
        let location = response
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok());
        Ok(Landing {
            code: response.status(),
            location: location.and_then(|text| base.join(text).ok()),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }
}
