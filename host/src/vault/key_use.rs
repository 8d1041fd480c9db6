//! Which master keys stored rows need: looked up through indexes, so that a million connections
//! cost a start nothing. A key that rows need cannot be taken away unnoticed.

use super::{
    SealError, Vault, VaultError,
    sealed_rows::TABLES,
    tokens::{Owner, SealedTokens},
};
use crate::subject::Subject;
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};

/// What a row of `connections` is called.
const CONNECTION: &str = "connection";

/// Rows that are opened to see whether a key is the one that it says: more than one, so that
/// one damaged row does not speak for all.
const SAMPLES: i64 = 3;

/// How many rows need a key, by what they are.
pub type Needed = BTreeMap<&'static str, i64>;

/// Why the keys that are configured do not fit the database.
#[derive(Debug, thiserror::Error)]
pub enum KeyUseError {
    /// Rows need a key that is not there.
    #[error(
        "the master key {id} is not configured, and is needed by {}. Put it back behind the \
         first key, run `calport keys rotate`, and remove it when `calport keys status` says \
         that it may go",
        needed_by(.needed)
    )]
    Missing {
        /// The id of the key.
        id: String,
        /// What needs it.
        needed: Needed,
    },
    /// The key with this id is another one than rows were sealed with.
    #[error(
        "the master key {0} is not the one that this database was sealed with: another key has \
         the same id. Configure the right one, and give the new one an id of its own \
         (`calport keys new`)"
    )]
    Other(String),
    /// It could not be found out.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<sqlx::Error> for KeyUseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// For people: `3 connections and 1 kept reply`.
pub fn needed_by(needed: &Needed) -> String {
    let parts = needed.iter().map(|(what, rows)| match (*rows, *what) {
        (1, what) => format!("1 {what}"),
        (rows, "kept reply") => format!("{rows} kept replies"),
        (rows, "key of the host's own") => format!("{rows} keys of the host's own"),
        (rows, "grant to be revoked") => format!("{rows} grants to be revoked"),
        (rows, what) => format!("{rows} {what}s"),
    });
    let parts: Vec<_> = parts.collect();
    match parts.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

impl Vault {
    /// Refuses keys that do not fit what is stored, and tells others which ones this server
    /// has. To be called before anything is served.
    ///
    /// # Errors
    /// See [`KeyUseError`].
    pub async fn begin_serving(&self) -> Result<(), KeyUseError> {
        self.check_keys().await?;
        let (mut transaction, _) = self.database.write().await?;
        sqlx::query("DELETE FROM serving_keys")
            .execute(&mut *transaction)
            .await?;
        for (position, id) in (0_i64..).zip(self.keys.ids()) {
            sqlx::query(
                "INSERT INTO serving_keys (key_id, position) VALUES ($1, $2) \
                 ON CONFLICT (key_id) DO UPDATE SET position = excluded.position",
            )
            .bind(id)
            .bind(position)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The ids of the keys that the server has which started last, that of the key that it
    /// encrypts with first.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn serving_keys(&self) -> Result<Vec<String>, VaultError> {
        let ids = sqlx::query_scalar("SELECT key_id FROM serving_keys ORDER BY position");
        Ok(ids.fetch_all(self.database.pool()).await?)
    }

    /// Refuses keys that do not fit what is stored.
    ///
    /// # Errors
    /// See [`KeyUseError`].
    pub async fn check_keys(&self) -> Result<(), KeyUseError> {
        let mut ids = self.ids_of_connections().await?;
        for table in TABLES {
            ids.extend(self.ids_in(table.next_key).await?);
        }
        let now = self.database.now().await?;
        for id in ids {
            if self.keys.get(&id).is_some() {
                if !self.is_the_one(&id).await? {
                    return Err(KeyUseError::Other(id));
                }
                continue;
            }
            let needed = self.needed(&id, now).await?;
            if !needed.is_empty() {
                return Err(KeyUseError::Missing { id, needed });
            }
        }
        Ok(())
    }

    /// What needs each key, of all keys that are configured or needed.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn key_use(&self) -> Result<BTreeMap<String, Needed>, VaultError> {
        let now = self.database.now().await?;
        let mut ids = self.ids_of_connections().await?;
        for table in TABLES {
            ids.extend(self.ids_in(table.next_key).await?);
        }
        ids.extend(self.keys.ids().map(str::to_owned));
        let mut by_key = BTreeMap::new();
        for id in ids {
            let needed = self.needed(&id, now).await?;
            if !needed.is_empty() || self.keys.get(&id).is_some() {
                by_key.insert(id, needed);
            }
        }
        Ok(by_key)
    }

    async fn needed(&self, id: &str, now: i64) -> Result<Needed, VaultError> {
        let mut needed = Needed::new();
        for key_id in self.key_ids_of_connections().await? {
            if key_id.split(',').any(|one| one == id) {
                *needed.entry(CONNECTION).or_default() += self.connections_with(&key_id).await?;
            }
        }
        for table in TABLES {
            let rows: i64 = sqlx::query_scalar(table.count)
                .bind(id)
                .bind(now)
                .fetch_one(self.database.pool())
                .await?;
            needed.insert(table.what, rows);
        }
        needed.retain(|_, rows| *rows > 0);
        Ok(needed)
    }

    async fn connections_with(&self, key_id: &str) -> Result<i64, VaultError> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM connections WHERE key_id = $1")
            .bind(key_id)
            .fetch_one(self.database.pool());
        Ok(count.await?)
    }

    /// As they stand in the column: where both tokens were sealed by master keys themselves,
    /// that may be two in one.
    pub(super) async fn key_ids_of_connections(&self) -> Result<Vec<String>, VaultError> {
        self.ids_in("SELECT MIN(key_id) FROM connections WHERE key_id > $1")
            .await
    }

    async fn ids_of_connections(&self) -> Result<BTreeSet<String>, VaultError> {
        let key_ids = self.key_ids_of_connections().await?;
        let ids = key_ids.iter().flat_map(|key_id| key_id.split(','));
        Ok(ids.map(str::to_owned).collect())
    }

    /// From one id to the next in an index: neither database finds them so without being told,
    /// but both read every row for `DISTINCT`.
    pub(super) async fn ids_in(&self, next: &'static str) -> Result<Vec<String>, VaultError> {
        let mut ids: Vec<String> = Vec::new();
        loop {
            let after = ids.last().map(String::as_str).unwrap_or_default();
            let id: Option<String> = sqlx::query_scalar(next)
                .bind(after)
                .fetch_one(self.database.pool())
                .await?;
            match id {
                Some(id) => ids.push(id),
                None => return Ok(ids),
            }
        }
    }

    /// Whether the key with this id opens what is sealed with it.
    async fn is_the_one(&self, id: &str) -> Result<bool, VaultError> {
        let rows = sqlx::query(
            "SELECT tenant, user_id, provider, access_token, refresh_token, data_key \
             FROM connections WHERE key_id = $1 LIMIT $2",
        )
        .bind(id)
        .bind(SAMPLES)
        .fetch_all(self.database.pool())
        .await?;
        let mut opened = Vec::new();
        for row in &rows {
            let (tenant, user): (String, String) =
                (row.try_get("tenant")?, row.try_get("user_id")?);
            let owner = Owner {
                keys: &self.keys,
                subject: &Subject::new(tenant, user),
                provider: row.try_get("provider")?,
            };
            opened.push(SealedTokens::of(row)?.open(owner).is_ok());
        }
        if let Some(host_key) = self.host_key_with(id).await? {
            opened.push(host_key);
        }
        Ok(opened.is_empty() || opened.contains(&true))
    }

    /// Whether the host's own key opens, where this key seals it.
    async fn host_key_with(&self, id: &str) -> Result<Option<bool>, VaultError> {
        let is_sealed: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM host_keys WHERE key_id = $1 LIMIT 1")
                .bind(id)
                .fetch_optional(self.database.pool())
                .await?;
        if is_sealed.is_none() {
            return Ok(None);
        }
        match self.signer().await {
            Ok(_) => Ok(Some(true)),
            Err(VaultError::Sealed(SealError::Forged)) => Ok(Some(false)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
