//! Speaks to a running host as a platform and its users do.

use crate::Browser;
use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use std::error::Error;

/// The bearer of the platform's own server.
pub const PLATFORM_TOKEN: &str = "platform-token-for-tests-0123456789abcdef";
/// The bearer of whoever watches the host.
pub const METRICS_TOKEN: &str = "metrics-token-for-tests-0123456789abcdef";
/// What signs users' tokens.
pub const JWT_SECRET: &str = "user-token-secret-for-tests-0123456789abcdef";
/// A key ring of one key.
pub const KEYS: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A user's token as the platform signs it.
///
/// # Errors
/// When it cannot be signed.
pub fn token(claims: &Value) -> Result<String, Failure> {
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    Ok(jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        claims,
        &key,
    )?)
}

/// A reply of the REST interface.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub text: String,
}

impl Reply {
    /// Its body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The `code` of a problem document.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// The REST interface of one host.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The host's own URL, without a slash at the end.
    pub url: String,
    client: Client,
}

impl Rest {
    /// Of the host at this URL.
    ///
    /// # Errors
    /// When this machine cannot make a client.
    pub fn new(url: impl Into<String>) -> Result<Self, Failure> {
        let client = Client::builder().no_proxy().build()?;
        Ok(Self {
            url: url.into(),
            client,
        })
    }

    /// The same, with a new connection for every request.
    ///
    /// # Errors
    /// When this machine cannot make a client.
    pub fn one_by_one(url: impl Into<String>) -> Result<Self, Failure> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0);
        Ok(Self {
            url: url.into(),
            client: client.build()?,
        })
    }

    /// A call without any bearer.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        Ok(Reply {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }

    /// A call of a user's.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn user(
        &self,
        user: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let token = token(&json!({"sub": user, "exp": 4_000_000_000_u64}))?;
        self.call(method, path, Some(&token), body).await
    }

    /// A call of the platform's own server.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn platform(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        self.call(method, path, Some(PLATFORM_TOKEN), body).await
    }

    /// Begins a flow for a user in a browser; the URL of Google's consent page.
    ///
    /// # Errors
    /// When it does not begin.
    pub async fn begin(&self, user: &str, browser: &Browser) -> Result<String, Failure> {
        self.begin_with("google", user, browser).await
    }

    /// Begins a flow with a provider.
    ///
    /// # Errors
    /// When it does not begin.
    pub async fn begin_with(
        &self,
        provider: &str,
        user: &str,
        browser: &Browser,
    ) -> Result<String, Failure> {
        let path = format!("/api/calendar/{provider}/connect/");
        let reply = self.user(user, Method::POST, &path, None).await?;
        if reply.status != StatusCode::OK {
            return Err(reply.text.into());
        }
        for cookie in reply.headers.get_all("set-cookie") {
            browser.keep(cookie.to_str()?);
        }
        Ok(reply.json()["authorization_url"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }
}
