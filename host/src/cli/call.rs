//! `calport call`: one export of a component, with JSON in and out, for whoever develops it.
//! It is granted nothing for that: calls for nobody have no network, no user's credentials,
//! and placeholders for the app's secrets.

use super::{CliError, component, log_to_stderr, printed::printed};
use crate::{
    config::{Environment, LogFormat},
    plain,
    plugin::{self, Answer, Export, ExportError, Plugin, Runtime},
};
use clap::Args;
use serde_json::Value;
use std::{io::Read, path::PathBuf};

/// The largest arguments in bytes: 10,000 events come to some 10 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A name that the caller has made up, in characters.
const NAME: usize = 60;

/// What is wanted.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Options {
    /// The component
    file: PathBuf,
    /// The export, as the contract calls it: describe, availability, begin-connect, export-ics
    export: String,
    /// Its parameters by their names, as JSON; @FILE reads them from a file, @- from stdin
    #[arg(long, value_name = "ARGS", default_value = "{}")]
    json: String,
    /// A file of NAME=VALUE lines under the environment: the app's settings
    #[arg(long, default_value = ".env", value_name = "FILE")]
    env_file: PathBuf,
}

const AFTER: &str = "\
Names are those of the WIT: {\"provider\": \"google\", \"request\": {\"redirect-uri\": ...}}.
A variant is \"case\" or {\"case\": payload}; an option is its value or null, and may be left out.

The answer is printed to stdout as JSON. An error of the contract is printed to stderr as JSON,
and the exit code is 4. The call is made for nobody, and reaches no network.";

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("error", LogFormat::Text);
    let environment = Environment::read(&options.env_file).map_err(CliError::usage)?;
    let arguments = arguments(&options.json)?;
    let bytes = component::read(&options.file).await?;
    let runtime = Runtime::new().map_err(CliError::failed)?;
    let plugin_options = plugin::Options {
        // Endpoints are moved by it; nothing is sent there.
        allow_loopback: environment.get("CALPORT_ALLOW_LOOPBACK") == Some("1"),
        settings: environment.clone(),
        ..component::options(&environment)?
    };
    let plugin = Plugin::load(&runtime, &bytes, &plugin_options)
        .await
        .map_err(CliError::usage)?;
    let export = find(&plugin, &options.export)?;
    let answer = plugin.call_by_name(&export, &arguments).await;
    match answer.map_err(|error| explained(error, &export))? {
        Answer::Ok(value) => {
            println!("{}", printed(&value));
            Ok(())
        }
        Answer::Error(error) => Err(CliError::Contract(printed(&error))),
    }
}

/// From the command line, a file, or stdin.
fn arguments(given: &str) -> Result<Value, CliError> {
    let text = match given.strip_prefix('@') {
        None => given.to_owned(),
        Some(from) => {
            let mut text = String::new();
            let read = match from {
                "-" => std::io::stdin().take(LARGEST).read_to_string(&mut text),
                path => std::fs::File::open(path)
                    .and_then(|file| file.take(LARGEST).read_to_string(&mut text)),
            };
            read.map_err(|error| CliError::Usage(format!("--json {given}: {error}")))?;
            text
        }
    };
    serde_json::from_str(&text).map_err(|error| {
        CliError::Usage(format!(
            "--json is no JSON: {error}. Give an object of the parameters, in single quotes, or \
             --json @FILE"
        ))
    })
}

fn find(plugin: &Plugin, name: &str) -> Result<Export, CliError> {
    let exports = plugin.exports();
    let found = exports.iter().find(|export| export.name() == name);
    found.cloned().ok_or_else(|| {
        let open = exports.iter().filter(|export| !export.needs_grant());
        let names: Vec<_> = open.map(Export::name).collect();
        CliError::Usage(format!(
            "the contract has no export {}; there are {}",
            plain::line(name, NAME),
            names.join(", ")
        ))
    })
}

/// With what to do about it.
fn explained(error: ExportError, export: &Export) -> CliError {
    match &error {
        ExportError::NeedsGrant(_) => CliError::Usage(format!(
            "{error}. `calport conform` tries it without a grant and with a made-up one; to try it \
             with a real one, connect an account to `calport serve` with CALPORT_PLUGIN set to the \
             component"
        )),
        ExportError::Argument(_) => {
            let parameters = export.parameters();
            let takes = match parameters.as_slice() {
                [] => format!("{} takes no parameters", export.name()),
                some => format!("{} takes {}", export.name(), some.join(", ")),
            };
            CliError::Usage(format!("{error}. {takes}; wit/ says of what types"))
        }
        ExportError::Call(_) => CliError::failed(error),
    }
}
