//! Tells the platform what happened. What is to be told is a row, written in the
//! transaction of what happened, so that neither exists without the other; a worker sends
//! it until the platform has taken it. It never tells a title, a token or an account.

mod change;
mod outcome;
mod queue;
mod signature;
mod worker;

pub use change::Change;
pub use queue::SetAsideWebhook;
pub use signature::HEADER as SIGNATURE_HEADER;
pub use worker::{WebhookError, Workers};

use crate::{
    db::{Database, Transaction},
    metrics::Metrics,
};
use queue::{Queue, Queued};
use secrecy::SecretString;

use std::sync::Arc;
use tokio::sync::Notify;
use url::Url;

/// Where the platform wants to be told, and how it knows that it was us.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// The operator's `CALPORT_WEBHOOK_URL`.
    pub url: Url,
    /// Every one of them signs, so that a receiver may know the new or the old one while
    /// they are changed. Never empty.
    pub secrets: Vec<SecretString>,
}

/// The webhooks of one host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Webhooks {
    receiver: Option<Arc<Receiver>>,
    queue: Queue,
    news: Arc<Notify>,
}

impl Webhooks {
    /// For this receiver, or for nobody.
    pub fn new(database: Database, receiver: Option<Receiver>) -> Self {
        Self {
            receiver: receiver.map(Arc::new),
            queue: Queue::new(database),
            news: Arc::default(),
        }
    }

    /// Whether anybody is told. While nobody is, recording does nothing, and what a change
    /// would need need not be read.
    pub fn is_wanted(&self) -> bool {
        self.receiver.is_some()
    }

    /// Starts telling it. Without a receiver there is nothing to stop later.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn start(&self, metrics: &Metrics) -> Result<Workers, WebhookError> {
        Workers::start(&self.queue, self.receiver.clone(), metrics, &self.news)
    }

    /// Tells the workers that something was committed, so that they need not wait until
    /// they look by themselves.
    pub fn announce(&self) {
        self.news.notify_one();
    }

    /// What the platform was told too often in vain, oldest first; at most `limit` of it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_aside(&self, limit: u32) -> Result<Vec<SetAsideWebhook>, sqlx::Error> {
        self.queue.in_set_aside(limit).await
    }

    /// Makes what was set aside due again; how many there were. Running workers see it by
    /// themselves.
    ///
    /// # Errors
    /// The database failed.
    pub async fn retry_set_aside(&self) -> Result<u64, sqlx::Error> {
        self.queue.retry_set_aside().await
    }

    /// Notes what happened, in the transaction in which it happens; `now` is the time of
    /// that transaction. It is told after the commit, within a second, at least once.
    ///
    /// # Errors
    /// The database failed: the transaction is not to be committed.
    pub async fn record(
        &self,
        transaction: &mut Transaction,
        now: i64,
        change: &Change,
    ) -> Result<(), sqlx::Error> {
        if !self.is_wanted() {
            return Ok(());
        }
        let queued = Queued::new(change, now).map_err(|error| sqlx::Error::Encode(error.into()))?;
        queued.insert(transaction, now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Database, subject::Subject};
    use serde_json::Value;

    fn receiver() -> Receiver {
        Receiver {
            url: Url::parse("https://platform.example/hooks").unwrap(),
            secrets: vec![SecretString::from("0123456789abcdef0123456789abcdef")],
        }
    }

    fn connected(user: &str) -> Change {
        Change::ConnectionConnected {
            subject: Subject::new("default", user),
            provider: "google".to_owned(),
        }
    }

    async fn bodies(database: &Database) -> Vec<Value> {
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM webhooks ORDER BY subject, position")
                .fetch_all(database.pool())
                .await
                .unwrap();
        bodies
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }

    #[calport_databases::each_database]
    async fn a_change_is_recorded_with_its_transaction_or_not_at_all() {
        let (database, _folder) = Database::temporary().await;
        let webhooks = Webhooks::new(database.clone(), Some(receiver()));
        for commit in [false, true] {
            let (mut transaction, now) = database.write().await.unwrap();
            for user in ["ann", "ann", "bob"] {
                webhooks
                    .record(&mut transaction, now, &connected(user))
                    .await
                    .unwrap();
            }
            if commit {
                transaction.commit().await.unwrap();
            }
        }
        let bodies = bodies(&database).await;
        let users: Vec<_> = bodies.iter().map(|body| &body["data"]["user"]).collect();
        assert_eq!(users, ["ann", "ann", "bob"]);
        assert_eq!(bodies[0]["type"], "connection.connected");
        assert_eq!(bodies[0]["data"]["tenant"], "default");
        assert_ne!(bodies[0]["id"], bodies[1]["id"]);
    }

    #[calport_databases::each_database]
    async fn nothing_is_recorded_while_nobody_is_told() {
        let (database, _folder) = Database::temporary().await;
        let (mut transaction, now) = database.write().await.unwrap();
        let nobody = Webhooks::new(database.clone(), None);
        nobody
            .record(&mut transaction, now, &connected("ann"))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert!(bodies(&database).await.is_empty());
    }
}
