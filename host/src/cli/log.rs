//! Where log lines go: to stderr, so that stdout is for what a command says. `RUST_LOG`
//! chooses which.

use tracing_subscriber::EnvFilter;

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl LogFormat {
    /// The value of `CALPORT_LOG_FORMAT`.
    pub(crate) fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("text") => Some(Self::Text),
            Some("json") => Some(Self::Json),
            Some(_) => None,
        }
    }
}

/// Begins to log. A second call, as in tests, changes nothing.
pub(crate) fn log_to_stderr(default: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
