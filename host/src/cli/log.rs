//! Where log lines go: to stderr, so that stdout is for what a command says. `RUST_LOG`
//! chooses which, but for those that could hold what nobody is to read.

use crate::{config::LogFormat, traces::Export};
use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Crates that tell, in their details, what passes through them: wasmtime tells the paths of
/// requests, and Google's hold an account. Those details are not logged, whatever `RUST_LOG`
/// says.
const CARRIERS: [&str; 2] = ["wasmtime", "h2"];

/// Begins to log. A second call, as in tests, changes nothing.
pub(crate) fn log_to_stderr(default: &str, format: LogFormat) {
    log_and_export(default, format, None);
}

/// The same, with spans to a collector.
pub(crate) fn log_and_export(default: &str, format: LogFormat, export: Option<&Export>) {
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(chosen).with_filter(filter_fn(is_told)))
        .with(export.map(Export::layer))
        .try_init();
}

fn is_told(what: &Metadata<'_>) -> bool {
    let carrier = CARRIERS
        .iter()
        .any(|carrier| what.target().starts_with(carrier));
    !carrier || *what.level() <= Level::INFO
}
