//! The demo's parts, put together and taken apart again.

use super::{
    NAME, Options,
    folder::Folder,
    pages,
    people::PEOPLE,
    records::Records,
    replies::Overview,
    rest::{Caller, Rest},
    seed,
    standins::StandIns,
};
use crate::{
    api,
    cli::{CliError, serve::own_url},
    config::{Brand, Environment, UserTokenKeys, UserTokens, default_cache_dir},
    connect::CONNECTS_PER_MINUTE,
    db::Database,
    drift,
    plugin::{self, Runtime},
    retention,
    service::{Service, ServiceOptions},
    serving,
    sync::Workers,
    vault::Vault,
};
use calport_standins::{Google, Outlook};
use jiff::Timestamp;
use std::{
    fmt::Write,
    io,
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use url::Url;

/// What is tried first when no port was asked for.
const USUAL_PORT: u16 = 8000;

/// A running demo.
pub struct Running {
    url: Url,
    standins: Arc<StandIns>,
    stop: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
    workers: Workers,
    drift: drift::Workers,
    database: Database,
    folder: Folder,
}

/// Starts a demo. It runs until [`Running::stop`].
///
/// # Errors
/// The port or the folder cannot be used, or the parts do not start.
pub async fn start(options: Options) -> Result<Running, CliError> {
    let folder = Folder::open(options.data.as_deref())?;
    let secrets = folder.secrets()?;
    let listener = listen(options.port).await?;
    let url = own_url(listener.local_addr().map_err(CliError::failed)?)?;
    let standins = Arc::new(StandIns::start(NAME).map_err(CliError::failed)?);
    standins.register(&url);

    let database = Database::open(&folder.database_url())
        .await
        .map_err(CliError::failed)?;
    let vault = Vault::new(database.clone(), secrets.keys);
    let runtime = Runtime::new().map_err(CliError::failed)?;
    let service_options = ServiceOptions {
        public_url: url.clone(),
        return_url: Some(url.join(pages::RETURN_PATH).map_err(CliError::failed)?),
        user_tokens: UserTokens {
            keys: UserTokenKeys::Shared(secrets.jwt_secret.clone()),
            audience: None,
        },
        platform_token: secrets.platform_token.clone(),
        brand: Brand {
            name: Some(NAME.to_owned()),
            ..Brand::default()
        },
        metrics_token: None,
        webhooks: None,
        drift: drift::Options {
            // Somebody is looking.
            interval: Some(std::time::Duration::from_secs(3)),
            ..drift::Options::default()
        },
        retention: retention::Options::default(),
        connects_per_minute: CONNECTS_PER_MINUTE,
        plugin: None,
        plugin_options: plugin::Options {
            settings: Environment::from_pairs(standins.environment()),
            allow_loopback: true,
            cache_dir: default_cache_dir(),
            ..plugin::Options::default()
        },
    };
    let service = Service::new(&runtime, vault, service_options)
        .await
        .map_err(CliError::failed)?;
    let workers = service.start_workers();
    let drift = service.start_drift();

    let calport = api::router(service);
    let rest = Arc::new(Rest::new(
        calport.clone(),
        secrets.platform_token,
        &secrets.jwt_secret,
    ));
    let first = seed::bookings(Timestamp::now());
    let records = Records::open(rest.clone(), folder.records(), first)
        .await
        .map_err(CliError::Failed)?;
    if folder.is_used {
        look_for_dead_grants(&rest).await;
    }
    let app = pages::App::new(rest, records, standins.clone(), &url);
    let router = pages::router(Arc::new(app)).fallback_service(calport);
    let (stop, mut stopped) = watch::channel(false);
    let server = tokio::spawn(async move {
        let stopped = async move {
            // A sender that is gone means the same.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        serving::serve(listener, router, serving::Options::default(), stopped).await
    });
    Ok(Running {
        url,
        standins,
        stop,
        server,
        workers,
        drift,
        database,
        folder,
    })
}

impl Running {
    /// Where the demo is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The stand-in that plays Google.
    pub fn google(&self) -> &Google {
        self.standins.google()
    }

    /// The stand-in that plays Microsoft.
    pub fn outlook(&self) -> &Outlook {
        self.standins.outlook()
    }

    /// Where the demo keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets everything under way finish, and ends.
    ///
    /// # Errors
    /// The server failed.
    pub async fn stop(self) -> Result<(), CliError> {
        self.stop.send_replace(true);
        let served = self.server.await;
        self.drift.stop().await;
        self.workers.stop().await;
        self.database.close().await;
        served.map_err(CliError::failed)?.map_err(CliError::failed)
    }

    /// What to say on the terminal.
    pub(super) fn welcome(&self) -> String {
        let mut text = format!("The demo is at  {}\n\n", self.url);
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{words}");
        };
        for standin in self.standins.all() {
            let (company, url) = (standin.company, standin.base_url());
            line(format_args!(
                "  {company} is played by a stand-in at {url}/"
            ));
        }
        line(format_args!(
            "  No real account is involved, and nothing leaves this computer."
        ));
        if self.folder.is_temporary() {
            line(format_args!(
                "  Its files go with it; --data DIR keeps them."
            ));
        } else {
            line(format_args!(
                "  Its files stay in {}",
                self.folder.path().display()
            ));
        }
        line(format_args!("\nWhat to try:"));
        for (number, step) in pages::STEPS.iter().enumerate() {
            line(format_args!("  {}. {}", number + 1, step.short));
        }
        text.push_str("\nCtrl-C ends it.");
        text
    }
}

/// The port that was asked for, or the usual one, or any.
async fn listen(port: Option<u16>) -> Result<TcpListener, CliError> {
    if let Some(port) = port {
        return bind(port).await.map_err(|error| {
            CliError::Usage(format!(
                "--port {port}: {error}. Take another one, or 0 for any"
            ))
        });
    }
    match bind(USUAL_PORT).await {
        Ok(listener) => Ok(listener),
        Err(_) => bind(0).await.map_err(CliError::failed),
    }
}

/// On 127.0.0.1. Browsers look for `localhost` at ::1 first, so that nothing else may be
/// there.
async fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Ok(_) | Err(_) => Ok(listener),
    }
}

/// The stand-ins of an earlier run are gone, and all grants with them. A platform finds
/// out by using one; asking for the list of calendars is use enough.
async fn look_for_dead_grants(rest: &Rest) {
    for person in &PEOPLE {
        let caller = Caller::User(person);
        let overview = rest.get(caller, "/api/calendar/").await;
        let Ok(overview) = overview.and_then(|reply| reply.json::<Overview>()) else {
            continue;
        };
        for provider in overview
            .providers
            .iter()
            .filter(|provider| provider.connected)
        {
            let path = format!("/api/calendar/{}/calendars/", provider.id);
            // The answer is no, and Calport notes why.
            let _ = rest.get(caller, &path).await;
        }
    }
}
