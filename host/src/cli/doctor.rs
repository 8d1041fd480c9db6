//! `calport doctor`: what was found, for people and for scripts. The exit code is 1 where
//! there is a problem.

use super::{CliError, log_to_stderr, serve::own_url};
use crate::{
    config::{Config, ConfigError, Environment, LogFormat},
    doctor::{Patient, Report, Verdict, examine},
};
use clap::Args;
use serde_json::json;
use std::{
    fmt::Write,
    io::{IsTerminal, stdout},
    path::PathBuf,
};
use url::Url;

/// Columns of a line, and of what stands before the text.
const WIDTH: usize = 96;
const MARGIN: usize = 11;

/// How it is wanted.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
    /// A file of NAME=VALUE lines under the environment
    #[arg(long, default_value = ".env", value_name = "FILE")]
    env_file: PathBuf,
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("error", LogFormat::Text);
    let environment = Environment::read(&options.env_file).map_err(CliError::usage)?;
    let config = Config::from_environment(environment.clone());
    let patient = Patient {
        public_url: public_url(&config),
        environment: &environment,
        env_file: &options.env_file,
        config,
    };
    let report = examine(&patient).await;
    let is_coloured = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if options.json {
        println!("{}", as_json(&report));
    } else {
        print!("{}", as_text(&report, is_coloured));
    }
    match report.verdict() {
        Verdict::Ok | Verdict::Warning => Ok(()),
        Verdict::Problem => Err(CliError::Failed(
            "there are problems; each names its remedy".to_owned(),
        )),
    }
}

/// As `calport serve` takes it, where the port is known before.
fn public_url(config: &Result<Config, ConfigError>) -> Option<Url> {
    let config = config.as_ref().ok()?;
    let own = || match config.listen.port() {
        0 => None,
        _ => own_url(config.listen).ok(),
    };
    config.public_url.clone().or_else(own)
}

fn as_json(report: &Report) -> serde_json::Value {
    json!({
        "verdict": report.verdict(),
        "problems": report.count(Verdict::Problem),
        "warnings": report.count(Verdict::Warning),
        "findings": report.findings(),
    })
}

fn as_text(report: &Report, is_coloured: bool) -> String {
    let paint = |text: &str, code: &str| match is_coloured {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let mut text = String::new();
    let mut area = "";
    for finding in report.findings() {
        if finding.area != area {
            let gap = if area.is_empty() { "" } else { "\n" };
            area = &finding.area;
            let _ = writeln!(text, "{gap}{}", paint(area, "1"));
        }
        let code = match finding.verdict {
            Verdict::Ok => "32",
            Verdict::Warning => "33",
            Verdict::Problem => "31",
        };
        let word = paint(&format!("{:<7}", finding.verdict.as_str()), code);
        let says = wrapped(&finding.says);
        let _ = writeln!(text, "  {word}  {says}");
        if let Some(remedy) = &finding.remedy {
            let remedy = wrapped(&format!("-> {remedy}"));
            let _ = writeln!(text, "{:MARGIN$}{}", "", paint(&remedy, "2"));
        }
    }
    let counted = |verdict, one: &str, many: &str| {
        let count = report.count(verdict);
        let word = if count == 1 { one } else { many };
        format!("{count} {word}")
    };
    let _ = writeln!(
        text,
        "\n{}, {}, {} as it must be.",
        counted(Verdict::Problem, "problem", "problems"),
        counted(Verdict::Warning, "warning", "warnings"),
        report.count(Verdict::Ok)
    );
    text
}

/// Broken at spaces, each further line under the first.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let length = lines.last().map_or(0, String::len);
        if length > 0 && MARGIN + length + 1 + word.len() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{:MARGIN$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_broken_at_spaces_and_stay_in_their_column() {
        let text = wrapped(&"word ".repeat(40));
        for line in text.lines().skip(1) {
            assert!(line.starts_with(&" ".repeat(MARGIN)), "{line}");
            assert!(line.len() <= WIDTH, "{line}");
        }
        assert_eq!(text.split_whitespace().count(), 40);
        let long = "x".repeat(200);
        assert_eq!(wrapped(&long), long, "an address is never broken");
    }
}
