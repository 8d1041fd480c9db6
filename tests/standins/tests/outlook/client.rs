//! What the tests share: a connected client.

use calport_standins::{ConsentChoice, Outlook, OutlookConfig};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;

pub(crate) const CASEY: &str = "casey.customer@outlook.example";
pub(crate) const SAM: &str = "sam.staff@contoso.example";
pub(crate) const KIM: &str = "kim@school.example";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8000/api/calendar/outlook/callback/";
pub(crate) const SCOPES: &str = "offline_access User.Read Calendars.ReadWrite";
pub(crate) const PROPERTY: &str = "String {66F5A359-4659-4830-9070-00040EC6AC6E} Name calport";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Client {
    pub(crate) outlook: Outlook,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
    pub(crate) refresh: String,
    /// Sent as `Prefer` with every request.
    pub(crate) prefer: String,
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub(crate) fn config() -> OutlookConfig {
    OutlookConfig::default().redirect_uri(REDIRECT)
}

pub(crate) fn start() -> Outlook {
    Outlook::start(config()).unwrap()
}

pub(crate) fn setting(outlook: &Outlook, name: &str) -> String {
    outlook
        .environment()
        .into_iter()
        .find(|(key, _)| key == name)
        .unwrap()
        .1
}

/// The parameters of a correct authorization request.
pub(crate) fn parameters(outlook: &Outlook) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", setting(outlook, "OUTLOOK_CLIENT_ID")),
        ("redirect_uri", REDIRECT.into()),
        ("response_type", "code".into()),
        ("scope", SCOPES.into()),
        ("prompt", "select_account".into()),
        ("state", "st-1".into()),
        ("code_challenge", CHALLENGE.into()),
        ("code_challenge_method", "S256".into()),
    ]
}

pub(crate) fn authorize_url(outlook: &Outlook, parameters: &[(&str, String)]) -> String {
    let base = setting(outlook, "OUTLOOK_AUTH_URL");
    Url::parse_with_params(&base, parameters).unwrap().into()
}

pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

pub(crate) fn code(outlook: &Outlook, account: &str) -> String {
    let url = authorize_url(outlook, &parameters(outlook));
    let back = outlook
        .consent(&url, account, &ConsentChoice::Allow)
        .unwrap();
    parameter(&back, "code").unwrap()
}

/// The form that redeems a code.
pub(crate) fn redemption(outlook: &Outlook, code: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "authorization_code".into()),
        ("code", code.into()),
        ("client_id", setting(outlook, "OUTLOOK_CLIENT_ID")),
        ("client_secret", setting(outlook, "OUTLOOK_CLIENT_SECRET")),
        ("redirect_uri", REDIRECT.into()),
        ("code_verifier", VERIFIER.into()),
    ]
}

/// The form that refreshes.
pub(crate) fn refreshing(outlook: &Outlook, token: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "refresh_token".into()),
        ("refresh_token", token.into()),
        ("client_id", setting(outlook, "OUTLOOK_CLIENT_ID")),
        ("client_secret", setting(outlook, "OUTLOOK_CLIENT_SECRET")),
    ]
}

pub(crate) async fn token(outlook: &Outlook, form: &[(&str, String)]) -> (u16, Value) {
    let url = setting(outlook, "OUTLOOK_TOKEN_URL");
    read(http().post(url).form(form).send().await.unwrap()).await
}

pub(crate) async fn read(reply: Response) -> (u16, Value) {
    let status = reply.status().as_u16();
    (
        status,
        serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or_default(),
    )
}

/// The code in an error of Graph.
pub(crate) fn error(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

impl Client {
    pub(crate) async fn connect(outlook: Outlook, account: &str) -> Self {
        let code = code(&outlook, account);
        let (status, reply) = token(&outlook, &redemption(&outlook, &code)).await;
        assert_eq!(status, 200, "{reply}");
        let text = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
        let (token, refresh) = (text("access_token"), text("refresh_token"));
        let prefer = "IdType=\"ImmutableId\"".to_owned();
        Self {
            http: http(),
            outlook,
            token,
            refresh,
            prefer,
        }
    }

    pub(crate) async fn casey() -> Self {
        Self::of(start()).await
    }

    /// Casey, at a stand-in of its own kind.
    pub(crate) async fn of(standin: Outlook) -> Self {
        Self::connect(standin, CASEY).await
    }

    pub(crate) async fn sam() -> Self {
        Self::connect(start(), SAM).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/{path}", setting(&self.outlook, "OUTLOOK_GRAPH_URL"));
        self.http
            .request(method, url)
            .bearer_auth(&self.token)
            .header("Prefer", &self.prefer)
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

    pub(crate) async fn post(&self, body: &Value) -> (u16, Value) {
        self.send(Method::POST, "me/events", Some(body)).await
    }

    /// The path of the event in a reply.
    pub(crate) fn path(event: &Value) -> String {
        format!("me/events/{}", encoded(event["id"].as_str().unwrap()))
    }

    /// The id of a calendar by its name.
    pub(crate) async fn calendar(&self, name: &str) -> String {
        let (_, list) = self.get("me/calendars").await;
        let all = list["value"].as_array().unwrap();
        let found = all
            .iter()
            .find(|calendar| calendar["name"] == name)
            .unwrap();
        encoded(found["id"].as_str().unwrap())
    }
}

/// Percent-encoded, as part of a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

pub(crate) fn at(time: &str, zone: &str) -> Value {
    json!({ "dateTime": time, "timeZone": zone })
}

/// A timed event of an hour.
pub(crate) fn hour() -> Value {
    json!({
        "subject": "Deep clean",
        "start": at("2026-12-01T10:00:00", "UTC"),
        "end": at("2026-12-01T11:00:00", "UTC"),
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
