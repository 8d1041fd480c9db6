//! `calport doctor`: what was found, for people and for scripts. The exit code is 1 where
//! there is a problem.

use super::{
    CliError, log_to_stderr,
    page::{Colour, Page, is_coloured},
    serve::own_url,
};
use crate::{
    config::{Config, ConfigError, Environment, LogFormat},
    doctor::{Patient, Report, Verdict, examine},
};
use clap::Args;
use serde_json::json;
use std::{fmt::Write, path::PathBuf};
use url::Url;

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
    if options.json {
        println!("{}", as_json(&report));
    } else {
        print!("{}", as_text(&report, is_coloured()));
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
    let mut page = Page::new(is_coloured);
    for finding in report.findings() {
        page.heading(&finding.area);
        let colour = match finding.verdict {
            Verdict::Ok => Colour::Green,
            Verdict::Warning => Colour::Yellow,
            Verdict::Problem => Colour::Red,
        };
        let remedy = finding.remedy.as_deref();
        page.line(finding.verdict.as_str(), colour, &finding.says, remedy);
    }
    let mut text = page.text();
    let counted = |verdict, one: &str, many: &str| {
        let count = report.count(verdict);
        let word = if count == 1 { one } else { many };
        format!("{count} {word}")
    };
    let _ = writeln!(
        text,
        "\n{} findings: {} ok, {}, {}.",
        report.findings().len(),
        report.count(Verdict::Ok),
        counted(Verdict::Warning, "warning", "warnings"),
        counted(Verdict::Problem, "problem", "problems"),
    );
    text
}
