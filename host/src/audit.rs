//! The audit log: who connected, refreshed, disconnected, was exported or erased, and when keys
//! were changed. Rows are written with what they tell of, and never changed. It never holds
//! what an account, a calendar or a booking is called.

use crate::{
    db::{Database, Transaction},
    subject::Subject,
};
use sqlx::{Row, any::AnyRow};
use uuid::Uuid;

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

/// How often somebody was erased, by the name under which that stands.
pub(crate) async fn erasures(
    transaction: &mut Transaction,
    person: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT COUNT(*) FROM audit WHERE person = $1 AND action = $2")
        .bind(person)
        .bind(Action::Erased.as_str())
        .fetch_one(&mut **transaction)
        .await
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
    async fn rows_are_read_newest_first() {
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
    }

    #[tokio::test]
    async fn a_rotation_names_its_key_and_nobody() {
        let (database, _folder) = Database::temporary().await;
        let (mut transaction, now) = database.write().await.unwrap();
        record_rotation(&mut transaction, now, "k2", 7)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        let noted = newest(&database, 10).await.unwrap();
        let [noted] = noted.as_slice() else {
            panic!("{noted:?}");
        };
        assert_eq!(
            (&*noted.action, noted.key_id.as_deref(), noted.times),
            ("keys_rotated", Some("k2"), 7)
        );
        assert_eq!((&noted.user, &noted.person), (&None, &None));
    }
}
