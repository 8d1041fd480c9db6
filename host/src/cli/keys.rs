//! `calport keys`: makes master keys, brings rows from older keys to the newest, and tells which
//! ones may go; beside a running `calport serve`. A key is printed once, when it is made.

use super::{CliError, join, log_to_stderr, secrecy};
use crate::{
    config::{self, Environment, LogFormat},
    feeds::LINK_SECONDS,
    vault::{KeyRing, Needed, Rotated, RotationError, Vault, VaultError, needed_by},
};
use ::secrecy::{ExposeSecret, SecretString};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How often a rotation says how far it is.
const REPORT: Duration = Duration::from_secs(1);

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
    /// Prints a new key, as CALPORT_KEYS and its like take it
    New,
    /// Seals what older keys seal anew with the first one; it may be ended and begun again
    Rotate,
    /// Shows which keys there are, what needs each, and which ones may be removed
    Status {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("warn", LogFormat::Text);
    secrecy::leave_no_core();
    secrecy::be_unreadable();
    let environment = Environment::read(&options.env_file).map_err(CliError::usage)?;
    let keys = config::keys(&environment);
    if let Command::New = options.command {
        // Whoever makes the first one has none yet.
        let known = keys.as_ref().map(|keys| keys.ids().collect());
        let key = new_key(Timestamp::now(), &known.unwrap_or_default())?;
        println!("{}", key.expose_secret());
        return Ok(());
    }
    let keys = keys.map_err(CliError::usage)?;
    let database = join(&environment).await?;
    let vault = Vault::new(database.clone(), keys);
    let done = match options.command {
        Command::New => Ok(String::new()),
        Command::Rotate => rotate(&vault).await,
        Command::Status { json } => status(&vault, json).await.map_err(CliError::failed),
    };
    database.close().await;
    print!("{}", done?);
    Ok(())
}

/// A key that is called after the day on which it was made.
fn new_key(now: Timestamp, known: &Vec<&str>) -> Result<SecretString, CliError> {
    let day = now.strftime("k%Y%m%d").to_string();
    let further = (2..).map(|number| format!("{day}-{number}"));
    let id = std::iter::once(day.clone())
        .chain(further)
        .find(|id| !known.contains(&id.as_str()));
    KeyRing::draw(&id.unwrap_or(day)).map_err(CliError::failed)
}

async fn rotate(vault: &Vault) -> Result<String, CliError> {
    let total = vault.to_rotate().await.map_err(CliError::failed)?;
    eprintln!(
        "{total} rows to seal anew with {}",
        vault.keys().primary_id()
    );
    let mut said = Instant::now();
    let rotated = vault
        .rotate(|Rotated { rows, .. }| {
            if said.elapsed() >= REPORT {
                said = Instant::now();
                eprintln!("{rows} of {total}");
            }
        })
        .await
        .map_err(|error| match error {
            RotationError::NotServed(_) | RotationError::Keys(_) => CliError::usage(error),
            RotationError::Vault(_) => CliError::failed(error),
        })?;
    let Rotated { rows, unreadable } = rotated;
    if unreadable > 0 {
        return Err(CliError::Failed(format!(
            "{rows} rows are sealed anew, {unreadable} cannot be read and stay as they are: \
             keep the older keys, and see above"
        )));
    }
    Ok(format!(
        "{rows} rows are sealed anew with {}. `calport keys status` says which keys may go.\n",
        vault.keys().primary_id()
    ))
}

/// What a key is to whoever reads of it.
struct KeyState {
    id: String,
    /// What it does: encrypts, decrypts, or is missing.
    role: &'static str,
    needed: Needed,
    /// Whether the server that started last encrypts with it.
    serves: bool,
    may_go: bool,
}

async fn states(vault: &Vault) -> Result<Vec<KeyState>, VaultError> {
    let mut by_key: BTreeMap<String, Needed> = vault.key_use().await?;
    let serving = vault.serving_keys().await?;
    let serving = serving.first().map(String::as_str);
    let state = |id: String, role: &'static str, needed: Needed| {
        let serves = serving == Some(id.as_str());
        KeyState {
            may_go: role == "decrypts" && needed.is_empty() && !serves,
            id,
            role,
            needed,
            serves,
        }
    };
    let roles = std::iter::once("encrypts").chain(std::iter::repeat("decrypts"));
    let configured = vault.keys().ids().zip(roles);
    let mut states: Vec<_> = configured
        .map(|(id, role)| state(id.to_owned(), role, by_key.remove(id).unwrap_or_default()))
        .collect();
    states.extend(
        by_key
            .into_iter()
            .map(|(id, needed)| state(id, "missing", needed)),
    );
    Ok(states)
}

async fn status(vault: &Vault, as_json: bool) -> Result<String, VaultError> {
    let states = states(vault).await?;
    let links = vault.master_keys_signed_until().await?;
    let now = vault.database().now().await?;
    let links = links.map(|at| at + LINK_SECONDS).filter(|end| *end > now);
    Ok(if as_json {
        let keys: Vec<Value> = states.iter().map(as_value).collect();
        format!("{}\n", json!({"keys": keys, "older_links_until": links}))
    } else {
        as_text(&states, links)
    })
}

fn as_value(state: &KeyState) -> Value {
    let KeyState {
        id,
        role,
        needed,
        serves,
        may_go,
    } = state;
    let rows: i64 = needed.values().sum();
    json!({
        "id": id, "role": role, "rows": rows, "needed_by": needed,
        "last_started_server_encrypts_with_it": serves, "may_be_removed": may_go,
    })
}

fn as_text(states: &[KeyState], links: Option<i64>) -> String {
    let rows = states.iter().map(|state| {
        let advice = match (state.role, state.may_go) {
            (_, true) => "may be removed".to_owned(),
            ("missing", false) => "put it back, and run `calport keys rotate`".to_owned(),
            ("decrypts", false) if state.serves => {
                "the server that started last encrypts with it: restart it".to_owned()
            }
            ("decrypts", false) => "run `calport keys rotate`".to_owned(),
            (_, false) => "keep it".to_owned(),
        };
        [
            state.id.clone(),
            state.role.to_owned(),
            needed_by(&state.needed),
            advice,
        ]
    });
    let head = ["KEY", "ROLE", "NEEDED BY", "WHAT TO DO"].map(str::to_owned);
    let mut text = super::table::table(head, rows.collect());
    if let Some(end) = links.and_then(|end| Timestamp::from_second(end).ok()) {
        let _ = writeln!(
            text,
            "\nLinks to files that were given out before this version are signed with older \
             keys. They end with their key, and by themselves on {}.",
            end.strftime("%Y-%m-%d")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_called_after_its_day_and_never_as_another() {
        let now: Timestamp = "2026-11-25T23:00:00Z".parse().unwrap();
        for (known, id) in [
            (&[][..], "k20261125"),
            (&["k20261124"], "k20261125"),
            (&["k20261125"], "k20261125-2"),
            (&["k20261125", "k20261125-2"], "k20261125-3"),
        ] {
            let key = new_key(now, &known.to_vec()).unwrap();
            let keys = KeyRing::parse(key.expose_secret()).unwrap();
            assert_eq!(keys.primary_id(), id);
        }
    }

    #[test]
    fn the_table_says_of_each_key_what_to_do() {
        let state = |id: &str, role, rows, serves, may_go| KeyState {
            id: id.to_owned(),
            role,
            needed: match rows {
                0 => Needed::new(),
                rows => Needed::from([("connection", rows), ("kept reply", 2)]),
            },
            serves,
            may_go,
        };
        let states = [
            state("k4", "encrypts", 1, false, false),
            state("k3", "decrypts", 0, true, false),
            state("k2", "decrypts", 0, false, true),
            state("k1", "missing", 3, false, false),
        ];
        let text = as_text(&states, Some(1_800_000_000));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..5],
            [
                "KEY  ROLE      NEEDED BY                         WHAT TO DO",
                "k4   encrypts  1 connection and 2 kept replies   keep it",
                "k3   decrypts  nothing                           the server that started last \
                 encrypts with it: restart it",
                "k2   decrypts  nothing                           may be removed",
                "k1   missing   3 connections and 2 kept replies  put it back, and run `calport \
                 keys rotate`",
            ],
            "{text}"
        );
        assert!(text.contains("by themselves on 2027-01-15"), "{text}");
    }
}
