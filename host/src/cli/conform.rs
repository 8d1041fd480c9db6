//! `calport conform`: a component against the contract, check by check, for whoever develops
//! it. No account is needed, and no provider is contacted. The exit code is 1 where a check
//! failed.

use super::{
    CliError, component, log_to_stderr,
    page::{Colour, Page, is_coloured},
};
use crate::{
    config::{Environment, LogFormat},
    conform::{Check, Checklist, ConformError, conform},
    plain,
    plugin::Runtime,
};
use clap::Args;
use serde_json::json;
use std::{fmt::Write, path::PathBuf};

/// A name that a component gives itself, in characters.
const NAME: usize = 60;

/// What is wanted.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The component
    file: PathBuf,
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
    /// A file of NAME=VALUE lines under the environment: the limits of a call
    #[arg(long, default_value = ".env", value_name = "FILE")]
    env_file: PathBuf,
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    // What plugins want to do, and may not, is what is looked for.
    log_to_stderr("off", LogFormat::Text);
    let environment = Environment::read(&options.env_file).map_err(CliError::usage)?;
    let bytes = component::read(&options.file).await?;
    let runtime = Runtime::new().map_err(CliError::failed)?;
    let plugin_options = component::options(&environment)?;
    let list = conform(&runtime, &bytes, &plugin_options).await;
    let list = list.map_err(|error| match error {
        ConformError::Load(error) => CliError::usage(error),
        ConformError::Folder(_) | ConformError::Database(_) | ConformError::Random(_) => {
            CliError::failed(error)
        }
    })?;
    if options.json {
        println!("{:#}", as_json(&list));
    } else {
        print!("{}", as_text(&list, is_coloured()));
    }
    match list.failed() {
        0 => Ok(()),
        _ => Err(CliError::Failed(
            "the component does not conform; each failed check names its remedy".to_owned(),
        )),
    }
}

fn as_json(list: &Checklist) -> serde_json::Value {
    let name = list.name.as_ref();
    json!({
        "name": name.map(|(name, _)| name),
        "version": name.map(|(_, version)| version),
        "sha256": list.sha256,
        "conforms": list.failed() == 0,
        "failed": list.failed(),
        "complete": !list.is_broken_off,
        "checks": list.checks(),
    })
}

fn as_text(list: &Checklist, is_coloured: bool) -> String {
    let mut text = match &list.name {
        Some((name, version)) => format!(
            "{} {}\n",
            plain::line(name, NAME),
            plain::line(version, NAME)
        ),
        None => String::new(),
    };
    let _ = writeln!(text, "SHA-256 {}\n", list.sha256);
    let mut page = Page::new(is_coloured);
    for Check {
        area,
        what,
        failure,
    } in list.checks()
    {
        page.heading(area);
        match failure {
            None => page.line("ok", Colour::Green, what, None),
            Some(failure) => {
                let says = format!("{what}: {}", failure.reason);
                page.line("FAILED", Colour::Red, &says, Some(&failure.remedy));
            }
        }
    }
    text += &page.text();
    let (all, failed) = (list.checks().len(), list.failed());
    let _ = match failed {
        0 => writeln!(text, "\n{all} checks, all ok."),
        failed => writeln!(
            text,
            "\n{all} checks: {} ok, {failed} failed.",
            all - failed
        ),
    };
    if list.is_broken_off {
        text += "The rest was not tried: the component cannot be loaded as it is.\n";
    }
    text
}
