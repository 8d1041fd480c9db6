//! Starts everything, and speaks to it as a platform does.

use crate::{
    Browser, JWT_SECRET, KEYS, Landing, METRICS_TOKEN, PLATFORM_TOKEN, Rest, WEBHOOK_SECRETS,
    rest::Failure,
};
use axum::Router;
use calport_host::{
    api,
    config::{Brand, Environment, UserTokenKeys, UserTokens},
    connect::CONNECTS_PER_MINUTE,
    db::Database,
    drift::{self, Looked},
    plugin::{Budget, Options, Runtime},
    retention,
    service::{Service, ServiceOptions},
    serving,
    subject::Subject,
    sync::{Policy, Workers},
    vault::{KeyRing, Vault},
    webhooks,
};
use calport_standins::{ConsentChoice, Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::Method;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    ops::Deref,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

/// How long a test waits for something that must happen. Generous: it only passes when
/// something is broken.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The engine that the tests of one process share.
///
/// # Panics
/// When wasmtime does not run on this machine.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("wasmtime runs here"))
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
    /// What providers allow, by their ids, in place of what they publish.
    pub budgets: BTreeMap<String, Budget>,
    /// Where the platform takes webhooks, if it does.
    pub webhooks: Option<Url>,
    /// The URL of its database; a fresh one where it is missing.
    pub database: Option<String>,
    /// Leaves bookings undelivered.
    pub without_workers: bool,
    /// Whether and how calendars are looked through by themselves; otherwise only
    /// [`World::look`] does.
    pub drift: Option<drift::Options>,
    /// What is done about what users change in their calendars.
    pub policy: Policy,
    /// The platform's own pages, on the same origin as a proxy in front of both would have
    /// it; browsers come back to `/settings` of it.
    pub platform: Option<Router>,
    /// How often one user may begin to connect, in place of what the host lets be.
    pub connects_per_minute: Option<NonZeroU32>,
    /// How users prove who they are, in place of [`JWT_SECRET`].
    pub user_tokens: Option<UserTokens>,
    /// What clients may take of the host.
    pub serving: serving::Options,
}

/// A running Calport and its providers.
pub struct World {
    /// The Google stand-in.
    pub google: Google,
    /// The Microsoft stand-in.
    pub outlook: Outlook,
    /// Its REST interface.
    pub rest: Rest,
    /// The host, for looking inside.
    pub service: Service,
    /// Where its database lies, on SQLite.
    pub folder: TempDir,
    /// Where its database is.
    pub database: String,
    workers: Option<Workers>,
    _drift: drift::Workers,
    webhooks: Option<webhooks::Workers>,
}

impl Deref for World {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        &self.rest
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
        let database = match options.database {
            Some(database) => database,
            None => calport_databases::fresh(folder.path()).await,
        };
        let vault = Vault::new(Database::open(&database).await?, KeyRing::parse(KEYS)?);
        let service_options = ServiceOptions {
            public_url: Url::parse(&url)?,
            return_url: Some(match options.platform {
                Some(_) => Url::parse(&format!("{url}/settings"))?,
                None => Url::parse("https://platform.example/calendars?tab=sync")?,
            }),
            user_tokens: options.user_tokens.unwrap_or(UserTokens {
                keys: UserTokenKeys::Shared(JWT_SECRET.into()),
                audience: None,
            }),
            platform_token: PLATFORM_TOKEN.into(),
            metrics_token: Some(METRICS_TOKEN.into()),
            brand: Brand::default(),
            webhooks: options.webhooks.map(|url| webhooks::Receiver {
                url,
                secrets: WEBHOOK_SECRETS.map(Into::into).to_vec(),
            }),
            drift: options.drift.unwrap_or(drift::Options {
                interval: None,
                policy: options.policy,
            }),
            retention: retention::Options::default(),
            connects_per_minute: options.connects_per_minute.unwrap_or(CONNECTS_PER_MINUTE),
            plugin: None,
            plugin_options: Options {
                budgets: options.budgets,
                ..plugin_options(settings)
            },
        };
        let service = Service::new(runtime(), vault, service_options).await?;
        let workers = (!options.without_workers).then(|| service.start_workers());
        let drift = service.start_drift();
        let webhooks = Some(service.start_webhooks()?);
        let calport = api::router(service.clone());
        let router = match options.platform {
            Some(platform) => platform.fallback_service(calport),
            None => calport,
        };
        let never = std::future::pending();
        tokio::spawn(serving::serve(listener, router, options.serving, never));
        Ok(Self {
            google,
            outlook,
            rest: Rest::new(url)?,
            service,
            folder,
            database,
            workers,
            _drift: drift,
            webhooks,
        })
    }

    /// Looks into a user's calendar until nobody else is at it.
    ///
    /// # Errors
    /// When it cannot be looked into, or somebody stays at it.
    pub async fn look(&self, user: &str, provider: &str) -> Result<Looked, Failure> {
        let subject = Subject::new("default", user);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let looked = self.service.poller().poll_now(&subject, provider).await?;
            if looked != Looked::Busy || Instant::now() > deadline {
                return Ok(looked);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// All that is stored: what an operator's backup holds.
    pub async fn stored(&self) -> Vec<u8> {
        calport_databases::stored(self.folder.path(), &self.database).await
    }

    /// Lets the time pass for which what crashed holds calendars and webhooks. What it had under
    /// way in the database may come after this: it extends no lease, for each goes to another
    /// word, and takes nothing, for all is due only after the time that it can have read.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outlive_claims(&self) -> Result<(), Failure> {
        let (mut transaction, now) = self.service.vault().database().write().await?;
        for pass in [
            "UPDATE lanes SET claim = 'of the dead', claimed_until = $1, \
             due_at = CASE WHEN due_at IS NULL THEN NULL ELSE $1 END \
             WHERE claim IS NOT NULL OR due_at IS NOT NULL",
            "UPDATE webhooks SET claimed_until = $1, next_try = $1 WHERE state = 'waiting'",
        ] {
            let pass = sqlx::query(pass).bind(now + 1);
            pass.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Ends the workers in the middle of whatever they are at, as a crash does.
    pub async fn crash_workers(&mut self) {
        if let Some(workers) = self.workers.take() {
            workers.abort().await;
        }
    }

    /// Ends the sending of webhooks in the middle of whatever it is at, as a crash does.
    pub async fn crash_webhooks(&mut self) {
        if let Some(webhooks) = self.webhooks.take() {
            webhooks.abort().await;
        }
    }

    /// Starts it again, as a new process does.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_webhooks(&mut self) -> Result<(), Failure> {
        self.webhooks = Some(self.service.start_webhooks()?);
        Ok(())
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
