//! The audit log: who connected, refreshed, disconnected, was exported or erased, and when keys
//! were changed. Rows are written with what they tell of, and never changed. It never holds
//! what an account, a calendar or a booking is called.

use crate::{
    db::{Database, Transaction},
    subject::Subject,
};
use sqlx::{Row, any::AnyRow};
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// How many days rows are kept unless an operator says otherwise: a year, and time to audit it.
pub const DAYS: u32 = 400;

/// How often old rows are looked for.
const LOOK: Duration = Duration::from_secs(3_600);

/// Old rows that go in one statement, so that nobody waits long for the write lock.
const AT_ONCE: i64 = 1_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A user has connected an account, for the first time or again.
    Connected,
    /// Access tokens were renewed: as often as `times` says, the last time when `at` says. One
    /// row, written when the connection ends.
    Refreshed,
    /// A user's account is connected no longer.
    Disconnected,
    /// The provider refuses a user's grant.
    NeedsReconnect,
    /// What is stored of a user was given out.
    Exported,
    /// A user was erased.
    Erased,
    /// As many rows as `times` says were brought to another master key.
    KeysRotated,
}

impl Action {
    /// Its name. Stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Refreshed => "refreshed",
            Self::Disconnected => "disconnected",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Exported => "exported",
            Self::Erased => "erased",
            Self::KeysRotated => "keys_rotated",
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in seconds since 1970 on the database's clock.
    pub at: i64,
    /// Of which tenant; empty where it concerns all.
    pub tenant: String,
    /// Of which user; `None` where it concerns nobody in particular, and where the user is erased.
    pub user: Option<String>,
    /// Who was erased: [`crate::vault::Signer::pseudonym`].
    pub person: Option<String>,
    /// At which provider, if at one.
    pub provider: Option<String>,
    /// What happened: [`Action::as_str`].
    pub action: String,
    /// The master key that rows were brought to.
    pub key_id: Option<String>,
    /// How often.
    pub times: i64,
}

/// Notes what concerns a user, in the transaction that does it.
///
/// # Errors
/// The database failed.
pub async fn record(
    transaction: &mut Transaction,
    now: i64,
    subject: &Subject,
    provider: Option<&str>,
    action: Action,
) -> Result<(), sqlx::Error> {
    let entry = Entry {
        provider: provider.map(str::to_owned),
        ..about(now, subject, action)
    };
    insert(transaction, &entry).await
}

/// Notes how often a connection that ends was refreshed, and when the last time was.
pub(crate) async fn record_refreshes(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    (times, last): (i64, Option<i64>),
) -> Result<(), sqlx::Error> {
    let (1.., Some(last)) = (times, last) else {
        return Ok(());
    };
    let entry = Entry {
        provider: Some(provider.to_owned()),
        times,
        ..about(last, subject, Action::Refreshed)
    };
    insert(transaction, &entry).await
}

/// Notes that somebody was erased, by a name that leads to them only who knows them already.
pub(crate) async fn record_erasure(
    transaction: &mut Transaction,
    now: i64,
    tenant: &str,
    person: String,
) -> Result<(), sqlx::Error> {
    let entry = Entry {
        user: None,
        person: Some(person),
        ..about(now, &Subject::new(tenant, ""), Action::Erased)
    };
    insert(transaction, &entry).await
}

/// Notes that rows were brought to another master key.
pub(crate) async fn record_rotation(
    transaction: &mut Transaction,
    now: i64,
    key_id: &str,
    rows: u64,
) -> Result<(), sqlx::Error> {
    let entry = Entry {
        user: None,
        key_id: Some(key_id.to_owned()),
        times: i64::try_from(rows).unwrap_or(i64::MAX),
        ..about(now, &Subject::new("", ""), Action::KeysRotated)
    };
    insert(transaction, &entry).await
}

fn about(at: i64, subject: &Subject, action: Action) -> Entry {
    Entry {
        at,
        tenant: subject.tenant.clone(),
        user: Some(subject.user.clone()),
        person: None,
        provider: None,
        action: action.as_str().to_owned(),
        key_id: None,
        times: 1,
    }
}

async fn insert(transaction: &mut Transaction, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO audit (id, at, tenant, user_id, person, provider, action, key_id, times) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    // Those of one second stand in their order.
    .bind(Uuid::now_v7().simple().to_string())
    .bind(entry.at)
    .bind(&entry.tenant)
    .bind(entry.user.as_deref().unwrap_or_default())
    .bind(&entry.person)
    .bind(entry.provider.as_deref().unwrap_or_default())
    .bind(&entry.action)
    .bind(&entry.key_id)
    .bind(entry.times)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The newest rows, newest first.
///
/// # Errors
/// The database failed.
pub async fn newest(database: &Database, most: u32) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT at, tenant, user_id, person, provider, action, key_id, times FROM audit \
         ORDER BY at DESC, id DESC LIMIT $1",
    )
    .bind(i64::from(most))
    .fetch_all(database.pool())
    .await?;
    rows.iter().map(entry).collect()
}

/// The newest rows about a user, newest first, with the refreshes of connections that have not
/// ended. `person` is their [`crate::vault::Signer::pseudonym`], under which an erasure stands.
///
/// # Errors
/// The database failed.
pub async fn of_user(
    database: &Database,
    subject: &Subject,
    person: &str,
    most: u32,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, at, tenant, user_id, person, provider, action, key_id, times FROM audit \
         WHERE tenant = $1 AND user_id = $2 \
         UNION ALL \
         SELECT id, at, tenant, user_id, person, provider, action, key_id, times FROM audit \
         WHERE person = $3 \
         UNION ALL \
         SELECT '' AS id, refreshed_at AS at, tenant, user_id, NULL AS person, provider, \
         'refreshed' AS action, NULL AS key_id, refreshes AS times FROM connections \
         WHERE tenant = $1 AND user_id = $2 AND refreshed_at IS NOT NULL \
         ORDER BY at DESC, id DESC LIMIT $4",
    )
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(person)
    .bind(i64::from(most))
    .fetch_all(database.pool())
    .await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &AnyRow) -> Result<Entry, sqlx::Error> {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(Entry {
        at: row.try_get("at")?,
        tenant: row.try_get("tenant")?,
        user: some(row.try_get("user_id")?),
        person: row.try_get("person")?,
        provider: some(row.try_get("provider")?),
        action: row.try_get("action")?,
        key_id: row.try_get("key_id")?,
        times: row.try_get("times")?,
    })
}

/// Takes away the rows from before a moment, in seconds since 1970; how many there were.
///
/// # Errors
/// The database failed. What is gone by then is gone.
pub async fn forget_before(database: &Database, time: i64) -> Result<u64, sqlx::Error> {
    let mut gone = 0;
    loop {
        let (mut transaction, _) = database.write().await?;
        let deleted = sqlx::query(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT $2)",
        )
        .bind(time)
        .bind(AT_ONCE)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        gone += deleted;
        if deleted == 0 {
            return Ok(gone);
        }
    }
}

/// Takes away what is older than so many days, every hour until it is told to stop.
pub(crate) async fn keep(database: Database, days: u32, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = forget_older(&database, days).await {
            tracing::error!(%error, "old rows of the audit log could not be taken away");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn forget_older(database: &Database, days: u32) -> Result<(), sqlx::Error> {
    let before = database.now().await? - i64::from(days) * 86_400;
    match forget_before(database, before).await? {
        0 => {}
        rows => tracing::info!(rows, "old rows of the audit log are taken away"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn write(database: &Database, at: i64, action: Action) {
        let (mut transaction, _) = database.write().await.unwrap();
        let ann = Subject::new("default", "ann");
        record(&mut transaction, at, &ann, Some("google"), action)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    fn actions(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.action.as_str()).collect()
    }

    #[tokio::test]
    async fn rows_are_read_newest_first_and_go_when_they_are_too_old() {
        let (database, _folder) = Database::temporary().await;
        for (at, action) in [
            (1_000, Action::Connected),
            (2_000, Action::NeedsReconnect),
            (2_000, Action::Connected),
            (2_000, Action::Disconnected),
        ] {
            write(&database, at, action).await;
        }
        let ann = Subject::new("default", "ann");
        let all = of_user(&database, &ann, "", 10).await.unwrap();
        assert_eq!(
            actions(&all),
            ["disconnected", "connected", "needs_reconnect", "connected"]
        );
        assert_eq!(all, newest(&database, 10).await.unwrap());
        let bob = Subject::new("default", "bob");
        assert_eq!(of_user(&database, &bob, "", 10).await.unwrap(), []);
        assert_eq!(newest(&database, 1).await.unwrap().len(), 1);
        assert_eq!(forget_before(&database, 2_000).await.unwrap(), 1);
        assert_eq!(newest(&database, 10).await.unwrap().len(), 3);
        forget_older(&database, DAYS).await.unwrap();
        assert_eq!(newest(&database, 10).await.unwrap(), []);
    }

    #[tokio::test]
    async fn more_old_rows_than_go_at_once_all_go() {
        let (database, _folder) = Database::temporary().await;
        let (mut transaction, now) = database.write().await.unwrap();
        for number in 0..AT_ONCE + 1 {
            let subject = Subject::new("default", format!("user-{number}"));
            record(&mut transaction, 1, &subject, None, Action::Exported)
                .await
                .unwrap();
        }
        record_rotation(&mut transaction, now, "k2", 7)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        let gone = forget_before(&database, now).await.unwrap();
        assert_eq!(gone, u64::try_from(AT_ONCE).unwrap() + 1);
        let left = newest(&database, 10).await.unwrap();
        let [left] = left.as_slice() else {
            panic!("{left:?}");
        };
        assert_eq!(
            (&*left.action, left.key_id.as_deref(), left.times),
            ("keys_rotated", Some("k2"), 7)
        );
    }
}
