//! `calport audit`: what the audit log says, for people and for scripts.

use super::{CliError, join, log_to_stderr, secrecy, table::table};
use crate::{
    audit::{self, Entry},
    config::{self, Environment, LogFormat},
    subject::Subject,
    vault::Vault,
};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use std::path::PathBuf;

/// What is wanted.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Of this user alone; also whether somebody with this id was erased
    #[arg(long)]
    user: Option<String>,
    /// The tenant of the user
    #[arg(long, default_value = Subject::DEFAULT_TENANT, requires = "user")]
    tenant: String,
    /// As many of the newest
    #[arg(long, default_value_t = 1_000)]
    most: u32,
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
    /// A file of NAME=VALUE lines under the environment
    #[arg(long, default_value = ".env", value_name = "FILE")]
    env_file: PathBuf,
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("warn", LogFormat::Text);
    secrecy::leave_no_core();
    secrecy::be_unreadable();
    let environment = Environment::read(&options.env_file).map_err(CliError::usage)?;
    let keys = config::keys(&environment).map_err(CliError::usage)?;
    let database = join(&environment).await?;
    let entries = read(options, &Vault::new(database.clone(), keys)).await;
    database.close().await;
    let entries = entries?;
    let text = match options.json {
        true => lines_of_json(&entries),
        false => text(&entries),
    };
    print!("{text}");
    Ok(())
}

async fn read(options: &Options, vault: &Vault) -> Result<Vec<Entry>, CliError> {
    let database = vault.database();
    let entries = match &options.user {
        None => audit::newest(database, options.most).await,
        Some(user) => {
            let subject = Subject::new(&options.tenant, user);
            let signer = vault.signer().await.map_err(CliError::failed)?;
            let person = signer.pseudonym(&subject);
            audit::of_user(database, &subject, &person, options.most).await
        }
    };
    entries.map_err(CliError::failed)
}

/// One object a line, so that a script can read them one by one.
fn lines_of_json(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let value = json!({
            "at": entry.at, "tenant": entry.tenant, "user": entry.user, "person": entry.person,
            "provider": entry.provider, "action": entry.action, "key": entry.key_id,
            "times": entry.times,
        });
        format!("{value}\n")
    };
    entries.iter().map(line).collect()
}

fn text(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "Nothing is noted.\n".to_owned();
    }
    let rows = entries.iter().map(|entry| {
        let at = Timestamp::from_second(entry.at).map(|at| at.to_string());
        let person = entry
            .person
            .as_ref()
            .map(|person| format!("erased:{person}"));
        [
            at.unwrap_or_default(),
            entry.tenant.clone(),
            entry.user.clone().or(person).unwrap_or_default(),
            entry.provider.clone().unwrap_or_default(),
            entry.action.clone(),
            match (&entry.key_id, entry.times) {
                (Some(key_id), times) => format!("{times} rows to {key_id}"),
                (None, 1) => String::new(),
                (None, times) => format!("{times} times"),
            },
        ]
    });
    let head = ["AT", "TENANT", "USER", "PROVIDER", "ACTION", ""];
    table(head.map(str::to_owned), rows.collect())
}
