//! `calport inspect`: what a component is and what it wants, for whoever decides. It grants
//! nothing, and runs nothing but `describe`, in a closed world.

use super::{CliError, component, log_to_stderr};
use crate::{
    config::{Environment, LogFormat},
    plain,
    plugin::{
        Artefact, Examination, Plugin, Runtime,
        calendar::{EndpointUse, PluginInfo, ProviderInfo, ProviderKind, Revocation},
    },
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

/// One line of a terminal, whatever a component says.
const SHOWN: usize = 200;

/// What is wanted.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The component
    file: PathBuf,
    /// An older one, to show what has changed since
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("warn", LogFormat::Text);
    let runtime = Runtime::new().map_err(CliError::failed)?;
    let new = examine(&runtime, &options.file).await?;
    let old = match &options.against {
        Some(path) => Some(loaded(examine(&runtime, path).await?)?),
        None => None,
    };
    if options.json {
        println!("{}", as_json(&new, old.as_ref()));
    } else {
        print!("{}", as_text(&new, old.as_ref()));
    }
    match new.plugin {
        Ok(_) => Ok(()),
        Err(error) => Err(CliError::usage(error)),
    }
}

/// A component that can be loaded.
pub(super) async fn load(file: &Path) -> Result<Plugin, CliError> {
    let runtime = Runtime::new().map_err(CliError::failed)?;
    loaded(examine(&runtime, file).await?)
}

fn loaded(examination: Examination) -> Result<Plugin, CliError> {
    examination.plugin.map_err(CliError::usage)
}

async fn examine(runtime: &Runtime, file: &Path) -> Result<Examination, CliError> {
    let bytes = component::read(file).await?;
    // Of the process alone: what a component is depends on no settings.
    let options = component::options(&Environment::of_process())?;
    Examination::of(runtime, &bytes, &options)
        .await
        .map_err(CliError::usage)
}

fn shown(text: &str) -> String {
    plain::line(text, SHOWN).into_owned()
}

fn as_text(new: &Examination, old: Option<&Plugin>) -> String {
    let mut text = String::new();
    let title = match &new.plugin {
        Ok(plugin) => format!(
            "{} {}",
            shown(&plugin.info().name),
            shown(&plugin.info().version)
        ),
        Err(_) => "A component that cannot serve as a plugin".to_owned(),
    };
    let _ = writeln!(text, "{title}\n");
    let built_in = match new.plugin.as_ref().is_ok_and(|p| p.artefact().is_built_in) {
        true => "  (the built-in one)",
        false => "",
    };
    row(&mut text, "SHA-256", &format!("{}{built_in}", new.sha256));
    row(
        &mut text,
        "size",
        &format!("{} KiB", new.size.div_ceil(1_024)),
    );
    if let Ok(plugin) = &new.plugin {
        describe(&mut text, plugin.info());
    }
    list(&mut text, "imports", &new.imports);
    list(&mut text, "exports", &new.exports);
    if let (Ok(plugin), Some(old)) = (&new.plugin, old) {
        compare(&mut text, plugin.artefact(), old.artefact());
    }
    text
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<18} {value}");
}

fn list(text: &mut String, name: &str, values: &[String]) {
    let _ = writeln!(text, "\n{name}");
    for value in values {
        let _ = writeln!(text, "  {}", shown(value));
    }
}

fn describe(text: &mut String, info: &PluginInfo) {
    for provider in &info.providers {
        let kind = match provider.kind {
            ProviderKind::Oauth => "users connect an account",
            ProviderKind::File => "files and feeds",
        };
        let _ = writeln!(
            text,
            "\n{} ({}, {kind})",
            shown(&provider.label),
            provider.id
        );
        describe_one(text, provider);
    }
}

fn describe_one(text: &mut String, provider: &ProviderInfo) {
    for endpoint in &provider.endpoints {
        let words = [
            (EndpointUse::AUTHORIZE, "browsers"),
            (EndpointUse::TOKEN, "token"),
            (EndpointUse::REVOKE, "revoke"),
            (EndpointUse::API, "api"),
        ];
        let uses = words
            .iter()
            .filter(|(wanted, _)| endpoint.uses.contains(*wanted));
        let uses: Vec<_> = uses.map(|(_, word)| *word).collect();
        let name = match endpoint.uses == EndpointUse::AUTHORIZE {
            true => "sends browsers to",
            false => "reaches",
        };
        let url = shown(&endpoint.default_url);
        row(
            text,
            name,
            &format!("{url}  ({}; {})", uses.join(", "), endpoint.setting),
        );
    }
    for credential in &provider.credentials {
        let name = match credential.secret {
            true => "uses the secret",
            false => "reads the setting",
        };
        row(text, name, &credential.name);
    }
    if let Some(setting) = &provider.redirect_setting {
        row(text, "reads the setting", setting);
    }
    for scope in &provider.scopes {
        row(text, "asks users for", &shown(&scope.name));
        row(text, "", &format!("  {}", shown(&scope.reason)));
    }
    match &provider.revocation {
        Some(Revocation::ByCall) => row(text, "takes back", "grants at the provider, by a call"),
        Some(Revocation::ByUser(pages)) => {
            for page in pages {
                row(text, "users take back at", &shown(page));
            }
        }
        None => {}
    }
}

fn compare(text: &mut String, new: &Artefact, old: &Artefact) {
    let _ = writeln!(
        text,
        "\nchanged since {} {}",
        shown(&old.name),
        shown(&old.version)
    );
    row(text, "SHA-256 then", &old.sha256);
    if new.sha256 == old.sha256 {
        let _ = writeln!(text, "  nothing: it is the same file");
        return;
    }
    let changes = new.wishes.changes(&old.wishes);
    if changes.is_empty() {
        let _ = writeln!(text, "  it wants the same as before");
    }
    for (sign, kind, wish) in changes {
        let _ = writeln!(text, "  {sign} {kind} {}", shown(&wish));
    }
}

fn as_json(new: &Examination, old: Option<&Plugin>) -> Value {
    let artefact = new.plugin.as_ref().ok().map(Plugin::artefact);
    let changes = artefact.zip(old).map(|(new, old)| {
        let changes = new.wishes.changes(&old.artefact().wishes).into_iter();
        changes
            .map(|(sign, kind, wish)| json!({"change": sign.to_string(), "kind": kind, "wish": wish}))
            .collect::<Vec<_>>()
    });
    json!({
        "name": artefact.map(|artefact| &artefact.name),
        "version": artefact.map(|artefact| &artefact.version),
        "sha256": new.sha256,
        "size": new.size,
        "built_in": artefact.is_some_and(|artefact| artefact.is_built_in),
        "wishes": artefact.map(|artefact| &artefact.wishes),
        "imports": new.imports,
        "exports": new.exports,
        "refused": new.plugin.as_ref().err().map(ToString::to_string),
        "changes": changes,
    })
}
