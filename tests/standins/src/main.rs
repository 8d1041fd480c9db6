//! Runs the stand-ins for processes that are not Rust tests.
//!
//! Prints one `NAME=value` line per setting, then an empty one, and serves until its input ends.

use std::io::{Read, Write};
use std::process::ExitCode;

use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};

const HELP: &str = "\
Stand-ins for Google's and Microsoft's servers, on 127.0.0.1.

calport-standins [--port PORT] [--outlook-port PORT] [--redirect-uri URI]...

  --port PORT           Google's port (default: any free one)
  --outlook-port PORT   Microsoft's port (default: any free one)
  --redirect-uri URI    registers a redirect URI with both; more at POST /_control/redirect-uris

Prints the settings that make a host use them, and runs until its input is closed.
";

fn main() -> ExitCode {
    let mut google = GoogleConfig::default();
    let mut outlook = OutlookConfig::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if matches!(argument.as_str(), "--help" | "-h") {
            return say(HELP, ExitCode::SUCCESS);
        }
        let value = arguments.next().unwrap_or_default();
        match (argument.as_str(), value.parse()) {
            ("--port", Ok(port)) => google = google.port(port),
            ("--outlook-port", Ok(port)) => outlook = outlook.port(port),
            ("--redirect-uri", _) if !value.is_empty() => {
                google = google.redirect_uri(&value);
                outlook = outlook.redirect_uri(&value);
            }
            _ => return say(HELP, ExitCode::from(2)),
        }
    }
    match Google::start(google).and_then(|google| Ok((google, Outlook::start(outlook)?))) {
        Ok((google, outlook)) => {
            let settings = google
                .environment()
                .into_iter()
                .chain(outlook.environment());
            let lines: String = settings
                .map(|(name, value)| format!("{name}={value}\n"))
                .collect();
            say(&format!("{lines}\n"), ExitCode::SUCCESS);
            // Whoever started this closes the pipe, or ends, and so do the stand-ins.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            ExitCode::SUCCESS
        }
        Err(error) => say(&format!("cannot start: {error}\n"), ExitCode::FAILURE),
    }
}

fn say(text: &str, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    code
}
