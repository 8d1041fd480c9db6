//! `CALPORT_LOG_FORMAT`: how log lines are written.

use super::Reader;

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl LogFormat {
    /// The value of `CALPORT_LOG_FORMAT`; `None`: it is neither.
    pub fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("text") => Some(Self::Text),
            Some("json") => Some(Self::Json),
            Some(_) => None,
        }
    }
}

impl Reader<'_> {
    /// Notes whether it can be read; whoever logs reads it first, before there are mistakes
    /// to be listed.
    pub(super) fn log_format(&mut self) {
        const NAME: &str = "CALPORT_LOG_FORMAT";
        if LogFormat::parse(self.environment.get(NAME)).is_none() {
            let problem = "is neither text nor json";
            self.mistake(NAME, problem, "one of them, or leave it out for text");
        }
    }
}
