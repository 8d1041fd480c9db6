//! Starts everything, and speaks to it as a platform does.

use crate::{Browser, Landing, WEBHOOK_SECRETS};
use axum::Router;
use calport_host::{
    api,
    config::{Brand, Environment, UserTokenKeys, UserTokens},
    db::Database,
    plugin::{Options, Runtime},
    service::{Service, ServiceOptions},
    sync::Workers,
    vault::{KeyRing, Vault},
    webhooks,
};
use calport_standins::{ConsentChoice, Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use std::{
    error::Error,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

/// The bearer of the platform's own server.
pub const PLATFORM_TOKEN: &str = "platform-token-for-tests-0123456789abcdef";
/// The bearer of whoever watches the host.
pub const METRICS_TOKEN: &str = "metrics-token-for-tests-0123456789abcdef";
const JWT_SECRET: &str = "user-token-secret-for-tests-0123456789abcdef";
const KEYS: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// How long a test waits for something that must happen. Generous: it only passes when
/// something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

type Failure = Box<dyn Error + Send + Sync>;

/// The engine that the tests of one process share.
///
/// # Panics
/// When wasmtime does not run on this machine.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("wasmtime runs here"))
}

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

/// What may differ from test to test.
#[derive(Debug, Default)]
pub struct WorldOptions {
    /// The Google stand-in.
    pub google: GoogleConfig,
    /// The Microsoft stand-in.
    pub outlook: OutlookConfig,
    /// Settings that replace or, when empty, remove those of the stand-ins.
    pub settings: Vec<(String, String)>,
    /// Where the platform takes webhooks, if it does.
    pub webhooks: Option<Url>,
    /// Leaves bookings undelivered.
    pub without_workers: bool,
    /// The platform's own pages, on the same origin as a proxy in front of both would have
    /// it; browsers come back to `/settings` of it.
    pub platform: Option<Router>,
}

/// A running Calport and its providers.
pub struct World {
    /// The Google stand-in.
    pub google: Google,
    /// The Microsoft stand-in.
    pub outlook: Outlook,
    /// The host's own URL, without a slash at the end.
    pub url: String,
    /// The host, for looking inside.
    pub service: Service,
    /// Where its database lies.
    pub folder: TempDir,
    client: Client,
    _workers: Option<Workers>,
    webhooks: Option<webhooks::Workers>,
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

impl World {
    /// Everything as it usually is.
    ///
    /// # Errors
    /// Whatever kept it from starting.
    pub async fn start() -> Result<Self, Failure> {
        Self::start_with(WorldOptions::default()).await
    }

    /// With differences.
    ///
    /// # Errors
    /// Whatever kept it from starting.
    pub async fn start_with(options: WorldOptions) -> Result<Self, Failure> {
        let google = Google::start(options.google)?;
        let outlook = Outlook::start(options.outlook)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        google.register_redirect_uri(format!("{url}/api/calendar/google/callback/"));
        outlook.register_redirect_uri(format!("{url}/api/calendar/outlook/callback/"));
        let mut settings = google.environment();
        settings.extend(outlook.environment());
        settings.extend(options.settings);
        let folder = tempfile::tempdir()?;
        let database = format!("sqlite:{}", folder.path().join("calport.db").display());
        let vault = Vault::new(Database::open(&database).await?, KeyRing::parse(KEYS)?);
        let service_options = ServiceOptions {
            public_url: Url::parse(&url)?,
            return_url: Some(match options.platform {
                Some(_) => Url::parse(&format!("{url}/settings"))?,
                None => Url::parse("https://platform.example/calendars?tab=sync")?,
            }),
            user_tokens: UserTokens {
                keys: UserTokenKeys::Shared(JWT_SECRET.into()),
                audience: None,
            },
            platform_token: PLATFORM_TOKEN.into(),
            metrics_token: Some(METRICS_TOKEN.into()),
            brand: Brand::default(),
            webhooks: options.webhooks.map(|url| webhooks::Receiver {
                url,
                secrets: WEBHOOK_SECRETS.map(Into::into).to_vec(),
            }),
            plugin: None,
            plugin_options: plugin_options(settings),
        };
        let service = Service::new(runtime(), vault, service_options).await?;
        let workers = (!options.without_workers).then(|| service.start_workers());
        let webhooks = Some(service.start_webhooks()?);
        let calport = api::router(service.clone());
        let router = match options.platform {
            Some(platform) => platform.fallback_service(calport),
            None => calport,
        };
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder().no_proxy().build()?;
        Ok(Self {
            google,
            outlook,
            url,
            service,
            folder,
            client,
            _workers: workers,
            webhooks,
        })
    }

    /// Ends the sending of webhooks in the middle of whatever it is at, as a crash does.
    pub fn crash_webhooks(&mut self) {
        self.webhooks = None;
    }

    /// Starts it again, when what the crash has held has come free.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_webhooks(&mut self) -> Result<(), Failure> {
        sqlx::query("UPDATE webhooks SET claimed_until = 0")
            .execute(self.service.vault().database().pool())
            .await?;
        self.webhooks = Some(self.service.start_webhooks()?);
        Ok(())
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

    /// Goes through a whole flow with Google: the user decides, the browser comes back.
    ///
    /// # Errors
    /// When the flow does not begin or the stand-in shows an error page.
    pub async fn connect(
        &self,
        user: &str,
        account: &str,
        choice: &ConsentChoice,
    ) -> Result<Landing, Failure> {
        let browser = Browser::new();
        let url = self.begin(user, &browser).await?;
        let callback = self.google.consent(&url, account, choice)?;
        Ok(browser.open(&callback).await?)
    }

    /// The same with Microsoft.
    ///
    /// # Errors
    /// When the flow does not begin or the stand-in shows an error page.
    pub async fn connect_outlook(
        &self,
        user: &str,
        account: &str,
        choice: &ConsentChoice,
    ) -> Result<Landing, Failure> {
        let browser = Browser::new();
        let url = self.begin_with("outlook", user, &browser).await?;
        let callback = self.outlook.consent(&url, account, choice)?;
        Ok(browser.open(&callback).await?)
    }

    /// The state of one participant's only calendar once it no longer waits.
    ///
    /// # Errors
    /// When it waits for too long.
    pub async fn settled(&self, path: &str, user: &str) -> Result<Value, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reading = self.platform(Method::GET, path, None).await?.json();
            let participants = reading["participants"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let found = participants
                .into_iter()
                .find(|participant| participant["user"] == user);
            match found {
                Some(found) if found["state"] != "waiting" => return Ok(found),
                Some(_) | None if Instant::now() > deadline => {
                    return Err(reading.to_string().into());
                }
                Some(_) | None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Waits until Google's calendar is as it should be.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn google_events(
        &self,
        account: &str,
        calendar: &str,
        until: impl Fn(&[Value]) -> bool,
    ) -> Result<Vec<Value>, Failure> {
        eventually(|| self.google.events(account, calendar), until).await
    }

    /// Waits until Microsoft's calendar is as it should be.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn outlook_events(
        &self,
        account: &str,
        calendar: &str,
        until: impl Fn(&[Value]) -> bool,
    ) -> Result<Vec<Value>, Failure> {
        eventually(|| self.outlook.events(account, calendar), until).await
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn eventually(&self, is_so: impl Fn() -> bool) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            if Instant::now() > deadline {
                return Err("it did not become so".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

async fn eventually(
    look: impl Fn() -> Vec<Value>,
    until: impl Fn(&[Value]) -> bool,
) -> Result<Vec<Value>, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let events = look();
        if until(&events) {
            return Ok(events);
        }
        if Instant::now() > deadline {
            return Err(format!("the calendar holds {events:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How tests run the plugin: loopback is allowed, compiled code is shared by all of them.
pub fn plugin_options(settings: Vec<(String, String)>) -> Options {
    Options {
        settings: Environment::from_pairs(settings),
        allow_loopback: true,
        cache_dir: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/compiled")),
        ..Options::default()
    }
}
