//! `calport serve`.

use super::{CliError, log_and_export, secrecy, signals::Signals};
use crate::{
    api,
    config::{Config, Environment, LogFormat},
    db::Database,
    plugin::{Runtime, calendar::ProviderKind},
    readiness::Readiness,
    service::{Service, ServiceOptions},
    serving::{self, raise_open_files},
    traces::{self, Export},
    vault::Vault,
};
use ::secrecy::ExposeSecret;
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::net::TcpListener;
use url::Url;

pub(super) async fn run(env_file: &Path) -> Result<(), CliError> {
    let environment = Environment::read(env_file).map_err(CliError::usage)?;
    // One that cannot be read is listed with the other mistakes.
    let format = LogFormat::parse(environment.get("CALPORT_LOG_FORMAT")).unwrap_or_default();
    let export = Export::from_environment().map_err(CliError::usage)?;
    log_and_export("info", format, export.as_ref());
    if let (None, Some((name, _))) = (&export, traces::endpoint()) {
        tracing::warn!("{name} is set, but this calport was built without its feature `otel`");
    }
    secrecy::leave_no_core();
    raise_open_files();
    let config = Config::from_environment(environment).map_err(CliError::usage)?;
    let runtime = Runtime::new().map_err(CliError::failed)?;
    secrecy::be_unreadable();
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| CliError::Usage(format!("CALPORT_LISTEN {}: {error}", config.listen)))?;
    let address = listener.local_addr().map_err(CliError::failed)?;
    let public_url = match config.public_url.clone() {
        Some(url) => url,
        None => own_url(address)?,
    };
    let database = Database::open(config.database_url.expose_secret())
        .await
        .map_err(CliError::failed)?;
    let vault = Vault::new(database.clone(), config.keys.clone());
    let options = ServiceOptions::from_config(&config, public_url);
    let service = Service::new(&runtime, vault, options)
        .await
        .map_err(CliError::unless_it_may_pass)?;
    // Whoever reads that it listens may ask it to end.
    let signals = Signals::listen().map_err(CliError::failed)?;
    announce(&service, address).await;
    let webhooks = service.start_webhooks().map_err(CliError::usage)?;
    let workers = service.start_workers();
    let drift = service.start_drift();
    let stop = drained(signals, service.readiness().clone(), config.drain);
    let served = serving::serve(
        listener,
        api::router(service),
        serving::Options::default(),
        stop,
    )
    .await;
    drift.stop().await;
    workers.stop().await;
    webhooks.stop().await;
    database.close().await;
    if let Some(export) = export {
        export.finish().await;
    }
    served.map_err(CliError::failed)
}

/// The URL of an address on loopback. It says `localhost`, which is what providers let an
/// app register over http.
pub(crate) fn own_url(address: SocketAddr) -> Result<Url, CliError> {
    Url::parse(&format!("http://localhost:{}/", address.port())).map_err(CliError::failed)
}

/// Says what an operator wants to know first: where it listens, what is available, and the
/// exact redirect URI to register where it is not.
async fn announce(service: &Service, address: SocketAddr) {
    println!("Calport listens on http://{address}");
    for provider in &service.plugin().info().providers {
        let available = service.plugin().availability(&provider.id).await;
        let state = match &available {
            Ok(()) => "available".to_owned(),
            Err(error) => format!("temporarily unavailable ({error})"),
        };
        println!("  {}: {state}", provider.label);
        match provider.kind {
            ProviderKind::Oauth => println!(
                "    redirect URI to register, exactly: {}",
                service.flows().redirect_uri(provider)
            ),
            ProviderKind::File => {}
        }
    }
}

/// Ends once this process has been asked to end and has had the time to say so to whoever
/// asks whether it is ready. A second signal cuts that short.
async fn drained(mut signals: Signals, readiness: Readiness, drain: Duration) {
    signals.next().await;
    readiness.leave();
    if drain.is_zero() {
        return;
    }
    tracing::info!(
        seconds = drain.as_secs(),
        "ending; requests are still served"
    );
    tokio::select! {
        () = tokio::time::sleep(drain) => {}
        () = signals.next() => {}
    }
}
