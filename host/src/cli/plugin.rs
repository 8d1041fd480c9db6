//! `calport plugin`: what components in place of the built-in one have been granted. It works
//! on the database that `calport serve` uses, beside it or before its first start.

use super::{CliError, inspect, log_to_stderr, table::table};
use crate::{
    config::{Environment, LogFormat, database_url},
    db::{Database, DatabaseError},
    plain,
    plugin::Artefact,
    trust::{Granted, Grants},
};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::{fmt::Write, path::PathBuf};

/// A name that a component gives itself, in characters.
const NAME: usize = 60;

/// What is wanted.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
    /// A file of NAME=VALUE lines under the environment
    #[arg(long, default_value = ".env", value_name = "FILE", global = true)]
    env_file: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Grants a component all that it wants; `calport inspect` shows what that is
    Grant {
        /// The component
        file: PathBuf,
    },
    /// Lists what was granted
    List,
    /// Takes a grant back; a running `calport serve` goes on until it ends
    Revoke {
        /// The plugin's name, as `calport plugin list` shows it
        name: String,
    },
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("warn", LogFormat::Text);
    let environment = Environment::read(&options.env_file).map_err(CliError::usage)?;
    // Before the database: a component that cannot serve is granted nothing.
    let wanted = match &options.command {
        Command::Grant { file } => Some(inspect::load(file).await?),
        Command::List | Command::Revoke { .. } => None,
    };
    let url = database_url(&environment);
    let database = match Database::join(url).await {
        // Before the first start of `calport serve`.
        Err(DatabaseError::Missing(_)) => Database::open(url).await,
        joined => joined,
    };
    let database = database.map_err(CliError::unless_it_may_pass)?;
    let grants = Grants::new(database.clone());
    let done = match (&options.command, wanted) {
        (Command::Grant { .. }, Some(plugin)) => grant(&grants, plugin.artefact()).await,
        (Command::Grant { .. } | Command::List, _) => grants.list().await.map(|all| listed(&all)),
        (Command::Revoke { name }, _) => revoke(&grants, name).await,
    };
    database.close().await;
    print!("{}", done.map_err(CliError::failed)?);
    Ok(())
}

async fn grant(grants: &Grants, artefact: &Artefact) -> Result<String, sqlx::Error> {
    let name = plain::line(&artefact.name, NAME);
    if artefact.is_built_in {
        return Ok(format!(
            "{name} is the built-in component; it needs no grant.\n"
        ));
    }
    grants.grant(artefact, &whoever()).await?;
    let mut text = format!("{name} {} was granted\n", artefact.version);
    for (kind, wishes) in artefact.wishes.kinds() {
        for wish in wishes {
            let _ = writeln!(text, "  {kind} {}", plain::line(wish, 200));
        }
    }
    Ok(text)
}

async fn revoke(grants: &Grants, name: &str) -> Result<String, sqlx::Error> {
    Ok(match grants.revoke(name).await? {
        true => format!("{} was revoked.\n", plain::line(name, NAME)),
        false => "No plugin of that name was granted.\n".to_owned(),
    })
}

fn listed(granted: &[Granted]) -> String {
    if granted.is_empty() {
        return "Nothing was granted: only the built-in component may serve.\n".to_owned();
    }
    let rows = granted.iter().map(|granted| {
        let at = Timestamp::from_second(granted.granted_at).unwrap_or_default();
        [
            plain::line(&granted.name, NAME).into_owned(),
            plain::line(&granted.version, NAME).into_owned(),
            granted.sha256.clone(),
            at.to_string(),
            plain::line(&granted.granted_by, NAME).into_owned(),
        ]
    });
    let head = ["PLUGIN", "VERSION", "SHA-256", "GRANTED", "BY"];
    table(head.map(str::to_owned), rows.collect())
}

/// Who says so, as far as the system tells. For the record, not for proof.
fn whoever() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let name = names.iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| "somebody".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Wishes;

    #[calport_databases::each_database]
    async fn what_is_granted_is_said_listed_and_taken_back() {
        let (database, _folder) = Database::temporary().await;
        let grants = Grants::new(database);
        assert!(listed(&grants.list().await.unwrap()).contains("only the built-in"));
        let artefact = Artefact {
            name: "acme".into(),
            version: "1.0.0".into(),
            sha256: "ab".repeat(32),
            is_built_in: false,
            wishes: Wishes {
                hosts: ["https://api.acme.example".to_owned()].into(),
                ..Wishes::default()
            },
        };
        let said = grant(&grants, &artefact).await.unwrap();
        assert!(said.contains("reaches https://api.acme.example"), "{said}");
        let list = listed(&grants.list().await.unwrap());
        let row: Vec<_> = list.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row[..3], ["acme", "1.0.0", &artefact.sha256], "{list}");
        assert_eq!(
            revoke(&grants, "acme").await.unwrap(),
            "acme was revoked.\n"
        );
        assert!(
            revoke(&grants, "acme")
                .await
                .unwrap()
                .starts_with("No plugin")
        );
    }

    #[calport_databases::each_database]
    async fn the_built_in_component_needs_no_grant() {
        let (database, _folder) = Database::temporary().await;
        let grants = Grants::new(database);
        let built_in = Artefact {
            name: "calport".into(),
            version: "1.0.0".into(),
            sha256: String::new(),
            is_built_in: true,
            wishes: Wishes::default(),
        };
        grant(&grants, &built_in).await.unwrap();
        assert!(grants.list().await.unwrap().is_empty());
    }
}
