//! Traces across processes: which trace a caller's request belongs to (W3C Trace Context), and
//! where finished spans go (OpenTelemetry). Without the feature `otel` nothing happens here. No
//! request to a provider ever says to which trace it belongs.

#[cfg(not(feature = "otel"))]
mod absent;
#[cfg(feature = "otel")]
mod context;
#[cfg(feature = "otel")]
mod export;

#[cfg(not(feature = "otel"))]
pub(crate) use absent::{Export, follow, lead};
#[cfg(feature = "otel")]
pub(crate) use context::{follow, lead};
#[cfg(feature = "otel")]
pub(crate) use export::Export;

/// Where spans go: the URL of a collector that takes OTLP over http, and the same with the
/// whole path. Names of the OpenTelemetry specification.
pub(crate) const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// The setting that names a collector, and what it says. Like all settings of OpenTelemetry's
/// own it comes from the process environment alone.
pub(crate) fn endpoint() -> Option<(&'static str, String)> {
    ENDPOINTS.into_iter().find_map(|name| {
        let url = std::env::var(name).ok()?.trim().to_owned();
        (!url.is_empty()).then_some((name, url))
    })
}
