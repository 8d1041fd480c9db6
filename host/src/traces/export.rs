//! Finished spans on their way to a collector: OTLP over http, through the one way out, to the
//! one origin that the operator has named. Only this host's own spans leave; a collector that
//! is away costs spans and nothing else.

use super::endpoint;
use crate::egress::{AllowList, BuildError, Egress, OriginError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::{Subscriber, instrument::WithSubscriber, subscriber::NoSubscriber};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    registry::LookupSpan,
};

/// The name of this process in traces, unless the operator gives another.
const SERVICE: &str = "calport";

/// How long the end may wait for a collector.
const FLUSH: Duration = Duration::from_secs(5);

/// Why spans cannot be exported at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The URL is none that this host may ask.
    #[error("{name} is refused: {why}")]
    Url {
        /// The setting.
        name: &'static str,
        /// Why.
        why: OriginError,
    },
    /// The one way out cannot be built.
    #[error("spans cannot be exported: {0}")]
    Egress(#[from] BuildError),
    /// Another of the settings is wrong.
    #[error("spans cannot be exported: {0}")]
    Settings(#[from] ExporterBuildError),
}

/// The way to the collector.
#[derive(Debug)]
pub(crate) struct Export(SdkTracerProvider);

impl Export {
    /// To where the environment says, if it says so. Must be called within the runtime.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub(crate) fn from_environment() -> Result<Option<Self>, ExportError> {
        let Some((name, url)) = endpoint() else {
            return Ok(None);
        };
        let allowed =
            AllowList::operators_own(&url).map_err(|why| ExportError::Url { name, why })?;
        let client = Client {
            egress: Egress::builder(allowed).build()?,
            runtime: Handle::current(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .build()?;
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(SERVICE);
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self(provider)))
    }

    /// Takes this host's own spans as they end, whatever is logged of them.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        let ours = Targets::new().with_target("calport_host", LevelFilter::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            // Paths of the machine that compiled it.
            .with_location(false)
            .with_threads(false)
            .with_filter(ours)
    }

    /// Sends what is left, within a few seconds.
    pub(crate) async fn finish(self) {
        // It waits on the thread that it is called on, and what it waits for needs others.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FLUSH)).await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans were not exported"),
            Err(error) => tracing::warn!(%error, "the last spans were not exported"),
        }
    }
}

/// The exporter's http. It is asked on a thread of its own, where no runtime is.
#[derive(Debug)]
struct Client {
    egress: Egress,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let egress = self.egress.clone();
        let sending = async move { egress.send_bytes(request).await };
        // A request that exports spans makes none: else there would be one more for ever.
        let sending = sending.with_subscriber(NoSubscriber::new());
        let sent = self.runtime.spawn(sending).await?;
        let problem = match &sent {
            Ok(reply) if reply.status().is_success() => None,
            Ok(reply) => Some(format!(
                "the collector answered {}",
                reply.status().as_u16()
            )),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = problem {
            tracing::warn!(why, "spans were not exported");
        }
        Ok(sent?)
    }
}
