//! What the tests share: a connected client.

use calport_standins::{ConsentChoice, Google, GoogleConfig};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;

pub(crate) const CASEY: &str = "casey.customer@gmail.example";
pub(crate) const SAM: &str = "sam.staff@gmail.example";
pub(crate) const HOLIDAYS: &str = "en.uk%23holiday%40group.v.calendar.google.com";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8000/api/calendar/google/callback/";
pub(crate) const SCOPES: &str = "openid email https://www.googleapis.com/auth/calendar.events.owned \
    https://www.googleapis.com/auth/calendar.calendarlist.readonly \
    https://www.googleapis.com/auth/calendar.events.freebusy";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Client {
    pub(crate) google: Google,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
    pub(crate) refresh: String,
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub(crate) fn start() -> Google {
    Google::start(GoogleConfig::default().redirect_uri(REDIRECT)).unwrap()
}

pub(crate) fn setting(google: &Google, name: &str) -> String {
    google
        .environment()
        .into_iter()
        .find(|(key, _)| key == name)
        .unwrap()
        .1
}

/// The parameters of a correct authorization request.
pub(crate) fn parameters(google: &Google) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", setting(google, "GOOGLE_CLIENT_ID")),
        ("redirect_uri", REDIRECT.into()),
        ("response_type", "code".into()),
        ("scope", SCOPES.into()),
        ("access_type", "offline".into()),
        ("prompt", "consent".into()),
        ("state", "st-1".into()),
        ("code_challenge", CHALLENGE.into()),
        ("code_challenge_method", "S256".into()),
    ]
}

pub(crate) fn authorize_url(google: &Google, parameters: &[(&str, String)]) -> String {
    let base = setting(google, "GOOGLE_AUTH_URL");
    Url::parse_with_params(&base, parameters).unwrap().into()
}

pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A code for `account`, by consent.
pub(crate) fn code(google: &Google, account: &str, choice: &ConsentChoice) -> String {
    let url = authorize_url(google, &parameters(google));
    let back = google.consent(&url, account, choice).unwrap();
    parameter(&back, "code").unwrap()
}

/// The form that redeems a code.
pub(crate) fn redemption(google: &Google, code: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "authorization_code".into()),
        ("code", code.into()),
        ("client_id", setting(google, "GOOGLE_CLIENT_ID")),
        ("client_secret", setting(google, "GOOGLE_CLIENT_SECRET")),
        ("redirect_uri", REDIRECT.into()),
        ("code_verifier", VERIFIER.into()),
    ]
}

/// The form that refreshes.
pub(crate) fn refreshing(google: &Google, token: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "refresh_token".into()),
        ("refresh_token", token.into()),
        ("client_id", setting(google, "GOOGLE_CLIENT_ID")),
        ("client_secret", setting(google, "GOOGLE_CLIENT_SECRET")),
    ]
}

/// Status and JSON of a token request.
pub(crate) async fn token(google: &Google, form: &[(&str, String)]) -> (u16, Value) {
    let url = setting(google, "GOOGLE_TOKEN_URL");
    read(http().post(url).form(form).send().await.unwrap()).await
}

pub(crate) async fn read(reply: Response) -> (u16, Value) {
    let status = reply.status().as_u16();
    (
        status,
        serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or_default(),
    )
}

/// The reason in an error of the API.
pub(crate) fn reason(body: &Value) -> &str {
    body["error"]["errors"][0]["reason"]
        .as_str()
        .unwrap_or_default()
}

impl Client {
    pub(crate) async fn connect(google: Google, account: &str) -> Self {
        Self::connect_as(google, account, &ConsentChoice::Allow).await
    }

    pub(crate) async fn connect_as(google: Google, account: &str, choice: &ConsentChoice) -> Self {
        let code = code(&google, account, choice);
        let (status, reply) = token(&google, &redemption(&google, &code)).await;
        assert_eq!(status, 200, "{reply}");
        let text = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
        let (token, refresh) = (text("access_token"), text("refresh_token"));
        Self {
            http: http(),
            google,
            token,
            refresh,
        }
    }

    pub(crate) async fn casey() -> Self {
        Self::of(start()).await
    }

    /// Casey, at a stand-in of its own kind.
    pub(crate) async fn of(standin: Google) -> Self {
        Self::connect(standin, CASEY).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/{path}", setting(&self.google, "GOOGLE_API_URL"));
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn insert(&self, body: &Value) -> (u16, Value) {
        self.send(
            Method::POST,
            "calendars/primary/events?sendUpdates=none",
            Some(body),
        )
        .await
    }
}

/// A timed event of an hour.
pub(crate) fn hour() -> Value {
    json!({
        "summary": "Deep clean",
        "start": { "dateTime": "2026-12-01T10:00:00Z", "timeZone": "Europe/London" },
        "end": { "dateTime": "2026-12-01T11:00:00Z", "timeZone": "Europe/London" },
    })
}

/// `base` with the top-level fields of `change`.
pub(crate) fn with(mut base: Value, change: Value) -> Value {
    if let (Some(base), Value::Object(change)) = (base.as_object_mut(), change) {
        base.extend(change);
    }
    base
}

/// Waits until something has happened, for ten seconds at most: a test that waits for ever says nothing.
pub(crate) async fn until(happened: impl AsyncFn() -> bool) {
    let waiting = async {
        while !happened().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), waiting)
        .await
        .unwrap();
}
