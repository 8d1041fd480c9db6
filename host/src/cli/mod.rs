//! The command line. Errors go to stderr with what to do next; exit code 2 means that the
//! call or the configuration must be changed, 3 that there is nothing of the kind that was
//! asked for, 4 that a plugin answered with an error of the contract, 1 that something failed.

mod audit;
mod call;
mod component;
mod conform;
mod doctor;
mod export;
mod inspect;
mod keys;
mod log;
mod page;
mod plugin;
mod printed;
mod secrecy;
pub(crate) mod serve;
pub(crate) mod signals;
mod sync;
mod table;

pub(crate) use log::{log_and_export, log_to_stderr};

use crate::{
    config::{Environment, database_url},
    db::Database,
};
use clap::{Parser, Subcommand};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Puts a booking platform's appointments and jobs into its users' calendars.
#[derive(Debug, Parser)]
#[command(name = "calport", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows everything with stand-in providers; nothing has to be configured
    #[cfg(feature = "demo")]
    Demo(crate::demo::Options),
    /// Runs the host beside a platform; the configuration comes from the environment and .env
    Serve {
        /// A file of NAME=VALUE lines under the environment
        #[arg(long, default_value = ".env", value_name = "FILE")]
        env_file: PathBuf,
    },
    /// Shows what a component is and what it wants, and grants it nothing
    Inspect(inspect::Options),
    /// Calls one export of a component with JSON, for whoever develops it
    Call(call::Options),
    /// Tries a component against the contract, without any account or provider
    Conform(conform::Options),
    /// Grants components in place of the built-in one what they want
    Plugin(plugin::Options),
    /// Shows what was set aside, and tries it again; beside a running `calport serve`
    Sync(sync::Options),
    /// Writes all that is stored of a user, as JSON and without secrets; beside a running
    /// `calport serve`
    Export(export::Options),
    /// Looks for what is wrong or will be: settings, keys, database, clock, providers; beside
    /// a running `calport serve`
    Doctor(doctor::Options),
    /// Makes master keys, changes over to a new one, and tells which older ones may go
    Keys(keys::Options),
    /// Shows who connected, disconnected and was erased
    Audit(audit::Options),
}

/// What went wrong, and whose turn it is.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The call or the configuration must be changed.
    #[error("{0}")]
    Usage(String),
    /// There is nothing of the kind that was asked for.
    #[error("{0}")]
    Unknown(String),
    /// A plugin answered with an error of the contract, as JSON.
    #[error("{0}")]
    Contract(String),
    /// Something failed.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// A failure with its own words.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// A mistake of the caller's with its own words.
    pub fn usage(error: impl std::fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// A failure where the database itself is the cause, which may pass: whoever supervises
    /// this process is to start it again. A mistake of the caller's otherwise.
    pub fn unless_it_may_pass(error: impl std::error::Error + 'static) -> Self {
        let whole = error.to_string();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<sqlx::Error>() {
                return Self::failed(whole);
            }
            cause = error.source();
        }
        Self::usage(whole)
    }
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(&CliError::failed(error)),
    };
    let result = runtime.block_on(async {
        match cli.command {
            #[cfg(feature = "demo")]
            Command::Demo(options) => crate::demo::run(options).await,
            Command::Serve { env_file } => serve::run(&env_file).await,
            Command::Inspect(options) => inspect::run(&options).await,
            Command::Call(options) => call::run(&options).await,
            Command::Conform(options) => conform::run(&options).await,
            Command::Plugin(options) => plugin::run(&options).await,
            Command::Sync(options) => sync::run(&options).await,
            Command::Export(options) => export::run(&options).await,
            Command::Doctor(options) => doctor::run(&options).await,
            Command::Keys(options) => keys::run(&options).await,
            Command::Audit(options) => audit::run(&options).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// The database of the host that a command works beside, by the same settings.
async fn beside(env_file: &Path) -> Result<Database, CliError> {
    join(&Environment::read(env_file).map_err(CliError::usage)?).await
}

/// The same, where the settings have been read.
async fn join(environment: &Environment) -> Result<Database, CliError> {
    let url = database_url(environment);
    Database::join(url)
        .await
        .map_err(CliError::unless_it_may_pass)
}

fn report(error: &CliError) -> ExitCode {
    match error {
        // For scripts, which read all of it.
        CliError::Contract(json) => eprintln!("{json}"),
        CliError::Usage(_) | CliError::Unknown(_) | CliError::Failed(_) => {
            eprintln!("calport: {error}");
        }
    }
    match error {
        CliError::Usage(_) => ExitCode::from(2),
        CliError::Unknown(_) => ExitCode::from(3),
        CliError::Contract(_) => ExitCode::from(4),
        CliError::Failed(_) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::DatabaseError,
        service::StartError,
        trust::TrustError,
        vault::{KeyUseError, VaultError},
    };

    #[test]
    fn a_database_that_is_away_while_starting_is_nobodys_mistake() {
        let away = || sqlx::Error::PoolTimedOut;
        for error in [
            StartError::Trust(TrustError::Database(away())),
            StartError::Database(DatabaseError::Failed(away())),
            StartError::Keys(KeyUseError::Vault(VaultError::Database(away()))),
            StartError::OwnKey(VaultError::Database(away())),
        ] {
            let words = error.to_string();
            let told = CliError::unless_it_may_pass(error);
            assert!(
                matches!(&told, CliError::Failed(told) if *told == words),
                "{told:?}"
            );
        }
        for error in [
            StartError::Keys(KeyUseError::Other("k1".to_owned())),
            StartError::Database(DatabaseError::Malformed),
        ] {
            let told = CliError::unless_it_may_pass(error);
            assert!(matches!(told, CliError::Usage(_)), "{told:?}");
        }
    }
}
