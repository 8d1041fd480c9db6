//! `calport sync`: what was set aside, for people and for scripts. It works on the database
//! beside a running `calport serve`, and calls no provider itself.

use super::{CliError, beside, log_to_stderr, table::table};
use crate::{
    config::LogFormat,
    db::Database,
    plain,
    sync::{Deliveries, Delivery, SetAside},
    webhooks::{SetAsideWebhook, Webhooks},
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{fmt::Write, path::PathBuf};

/// As many as one looks through.
const MOST: u32 = 1_000;

/// How much of a reason a line of the table shows.
const REASON: usize = 100;

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
    /// Lists what was set aside, with the reasons
    List {
        #[command(flatten)]
        which: Which,
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Tries again what was set aside; a running `calport serve` begins within a second
    Retry {
        #[command(flatten)]
        which: Which,
        /// Everything, webhooks too
        #[arg(long, conflicts_with_all = ["tenant", "user", "provider", "booking"])]
        all: bool,
        /// The webhooks and nothing else, as when the platform's receiver was away
        #[arg(long, conflicts_with_all = ["all", "tenant", "user", "provider", "booking"])]
        webhooks: bool,
        /// The number of tries that begin, as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Only what fits all of these.
#[derive(Debug, Args)]
struct Which {
    /// Of this tenant
    #[arg(long)]
    tenant: Option<String>,
    /// Of this user
    #[arg(long)]
    user: Option<String>,
    /// At this provider: google, outlook
    #[arg(long)]
    provider: Option<String>,
    /// Of the booking with this id
    #[arg(long, value_name = "ID")]
    booking: Option<String>,
}

impl Which {
    fn is_all(&self) -> bool {
        let Self {
            tenant,
            user,
            provider,
            booking,
        } = self;
        [tenant, user, provider, booking]
            .into_iter()
            .all(Option::is_none)
    }
}

impl From<&Which> for SetAside {
    fn from(which: &Which) -> Self {
        Self {
            tenant: which.tenant.clone(),
            user: which.user.clone(),
            provider: which.provider.clone(),
            booking: which.booking.clone(),
        }
    }
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    log_to_stderr("warn", LogFormat::Text);
    let database = beside(&options.env_file).await?;
    let done = perform(&database, &options.command).await;
    database.close().await;
    print!("{}", done?);
    Ok(())
}

/// What is to be printed.
async fn perform(database: &Database, command: &Command) -> Result<String, CliError> {
    let deliveries = Deliveries::new(database.clone());
    let webhooks = Webhooks::new(database.clone(), None);
    match command {
        Command::List { which, json } => {
            let held = deliveries.set_aside(&which.into(), MOST).await;
            let held = held.map_err(CliError::failed)?;
            // They are of no user in particular.
            let untold = match which.is_all() {
                true => webhooks.set_aside(MOST).await.map_err(CliError::failed)?,
                false => Vec::new(),
            };
            Ok(if *json {
                lines_of_json(&held, &untold)
            } else {
                tables(&held, &untold)
            })
        }
        Command::Retry {
            which,
            all,
            webhooks: only_webhooks,
            json,
        } => {
            if which.is_all() && !all && !only_webhooks {
                return Err(CliError::Usage(
                    "which ones? Name them by --tenant, --user, --provider or --booking, or say \
                     --webhooks or --all; `calport sync list` shows them"
                        .to_owned(),
                ));
            }
            let bookings = match only_webhooks {
                true => Ok(0),
                false => deliveries.retry_set_aside(&which.into()).await,
            };
            let bookings = bookings.map_err(CliError::failed)?;
            let untold = match *all || *only_webhooks {
                true => webhooks.retry_set_aside().await.map_err(CliError::failed)?,
                false => 0,
            };
            Ok(if *json {
                format!("{}\n", json!({"bookings": bookings, "webhooks": untold}))
            } else {
                retried(bookings, untold)
            })
        }
    }
}

fn retried(bookings: u64, webhooks: u64) -> String {
    match (bookings, webhooks) {
        (0, 0) => "Nothing that fits was set aside.\n".to_owned(),
        (bookings, 0) => format!("{bookings} will be tried again.\n"),
        (0, webhooks) => format!("{webhooks} webhooks will be tried again.\n"),
        (bookings, webhooks) => {
            format!("{bookings} will be tried again, and {webhooks} webhooks.\n")
        }
    }
}

/// One object a line, so that a script can read them one by one.
fn lines_of_json(held: &[Delivery], untold: &[SetAsideWebhook]) -> String {
    let deliveries = held.iter().map(|delivery| {
        json!({
            "tenant": delivery.booking.tenant, "kind": delivery.booking.kind.as_str(),
            "booking": delivery.booking.id, "user": delivery.user,
            "provider": delivery.provider, "tries": delivery.attempts,
            "reason": delivery.reason,
        })
    });
    let webhooks = untold.iter().map(|webhook| {
        json!({
            "kind": "webhook", "id": webhook.id, "type": webhook.kind,
            "tries": webhook.attempts, "reason": webhook.reason, "created": webhook.created_at,
        })
    });
    let line = |value: Value| format!("{value}\n");
    deliveries.chain(webhooks).map(line).collect()
}

fn tables(held: &[Delivery], untold: &[SetAsideWebhook]) -> String {
    if held.is_empty() && untold.is_empty() {
        return "Nothing is set aside.\n".to_owned();
    }
    let mut text = String::new();
    if !held.is_empty() {
        let rows = held.iter().map(|delivery| {
            let booking = &delivery.booking;
            [
                booking.tenant.clone(),
                format!("{}/{}", booking.kind.as_str(), booking.id),
                delivery.user.clone(),
                delivery.provider.clone(),
                delivery.attempts.to_string(),
                shown(delivery.reason.as_deref()),
            ]
        });
        let head = ["TENANT", "BOOKING", "USER", "PROVIDER", "TRIES", "REASON"];
        text += &table(head.map(str::to_owned), rows.collect());
    }
    if !untold.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        let rows = untold.iter().map(|webhook| {
            [
                webhook.id.clone(),
                webhook.kind.clone(),
                webhook.attempts.to_string(),
                shown(webhook.reason.as_deref()),
            ]
        });
        let head = ["WEBHOOK", "TYPE", "TRIES", "REASON"];
        text += &table(head.map(str::to_owned), rows.collect());
    }
    if held.len() >= MOST as usize {
        let _ = writeln!(
            text,
            "\nThese are the first {MOST}; name a --user to see others."
        );
    }
    text + "\nTry them again with `calport sync retry`.\n"
}

/// A provider's words for a terminal: nothing in them steers it (case 28).
fn shown(reason: Option<&str>) -> String {
    plain::line(reason.unwrap_or("unknown"), REASON).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        options: Options,
    }

    fn command(words: &str) -> Command {
        let words = words.split_whitespace();
        Whole::try_parse_from(words).unwrap().options.command
    }

    /// Two users' deliveries and one webhook, all set aside.
    async fn held() -> (Database, tempfile::TempDir) {
        let (database, folder) = Database::temporary().await;
        for (id, user, reason) in [
            ("17", "ann", "the provider refused: \u{1b}[31mno"),
            ("18", "bob", "the chosen calendar no longer exists"),
        ] {
            sqlx::query(
                "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, \
                 generation, state, reason, attempts) \
                 VALUES ('default', 'jobs', $1, $2, 'google', 1, 'failed', $3, 20)",
            )
            .bind(id)
            .bind(user)
            .bind(reason)
            .execute(database.pool())
            .await
            .unwrap();
        }
        sqlx::query(
            "INSERT INTO webhooks (id, subject, position, type, body, state, attempts, next_try, \
             last_error, created_at) VALUES ('wh_1', 's', 1, 'connection.connected', '{}', \
             'set_aside', 12, 0, 'it answered 500', 1800000000)",
        )
        .execute(database.pool())
        .await
        .unwrap();
        (database, folder)
    }

    #[calport_databases::each_database]
    async fn what_was_set_aside_is_listed_for_people_and_scripts_with_its_reason() {
        let (database, _folder) = held().await;
        let listed = perform(&database, &command("x list")).await.unwrap();
        let lines: Vec<_> = listed.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "TENANT   BOOKING  USER  PROVIDER  TRIES  REASON",
                "default  jobs/17  ann   google    20     the provider refused:  [31mno",
                "default  jobs/18  bob   google    20     the chosen calendar no longer exists",
            ],
            "{listed}"
        );
        assert!(listed.contains("wh_1     connection.connected  12     it answered 500"));
        let listed = perform(&database, &command("x list --json --user bob")).await;
        let listed: Value = serde_json::from_str(&listed.unwrap()).unwrap();
        assert_eq!(
            (&listed["booking"], &listed["reason"]),
            (&json!("18"), &json!("the chosen calendar no longer exists"))
        );
    }

    #[calport_databases::each_database]
    async fn retrying_needs_a_choice_and_leaves_the_rest_alone() {
        let (database, _folder) = held().await;
        let error = perform(&database, &command("x retry")).await.unwrap_err();
        assert!(matches!(&error, CliError::Usage(text) if text.contains("--all")));
        let some = perform(&database, &command("x retry --user ann")).await;
        assert_eq!(some.unwrap(), "1 will be tried again.\n");
        let none = perform(&database, &command("x retry --user ann")).await;
        assert_eq!(none.unwrap(), "Nothing that fits was set aside.\n");
        let told = perform(&database, &command("x retry --webhooks")).await;
        assert_eq!(told.unwrap(), "1 webhooks will be tried again.\n");
        let left = perform(&database, &command("x list --json")).await.unwrap();
        assert!(
            left.contains(r#""user":"bob""#) && !left.contains("wh_1"),
            "{left}"
        );
        sqlx::query("UPDATE webhooks SET state = 'set_aside'")
            .execute(database.pool())
            .await
            .unwrap();
        let all = perform(&database, &command("x retry --all --json")).await;
        assert_eq!(all.unwrap(), "{\"bookings\":1,\"webhooks\":1}\n");
        let listed = perform(&database, &command("x list")).await.unwrap();
        assert_eq!(listed, "Nothing is set aside.\n");
        let due: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lanes WHERE due_at IS NOT NULL")
            .fetch_one(database.pool())
            .await
            .unwrap();
        assert_eq!(due, 2, "workers see both calendars");
    }
}
