//! Another master key: what older ones seal is sealed anew, row by row, beside servers that go
//! on reading and saving. It can be ended anywhere and begun again; it never writes over what
//! somebody saved meanwhile.

use super::{
    Context, KeyUseError, Sealed, Vault, VaultError,
    key_use::Needed,
    sealed_rows::{SealedRows, TABLES},
    tokens::{Owner, SealedTokens},
};
use crate::{audit, db::Transaction, steps, subject::Subject};
use sqlx::{Row, any::AnyRow};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Rows of one transaction: the write lock is held for some milliseconds.
const BATCH: i64 = 200;

/// How often all tables are gone through. Servers that still encrypt with an older key make
/// work for ever.
const ROUNDS: usize = 10;

/// Why keys were not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Servers could not read what is sealed with the key.
    #[error(
        "the server that started last does not have the master key {0}, and could not read what \
         is sealed with it: start `calport serve`, every replica, with the same keys as this \
         command, then run it again"
    )]
    NotServed(String),
    /// The keys do not fit what is stored.
    #[error(transparent)]
    Keys(#[from] KeyUseError),
    /// The database failed. What was done is done; run it again.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<sqlx::Error> for RotationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Rows that were sealed anew.
    pub rows: u64,
    /// Rows that cannot be read, and stay as they are.
    pub unreadable: u64,
}

impl Vault {
    /// Seals anew, with the key that encrypts, all that needs another one. `progress` is told
    /// after every batch.
    ///
    /// # Errors
    /// See [`RotationError`].
    pub async fn rotate(
        &self,
        mut progress: impl FnMut(Rotated) + Send,
    ) -> Result<Rotated, RotationError> {
        let primary = self.keys.primary_id();
        if !self.serving_keys().await?.iter().any(|id| id == primary) {
            return Err(RotationError::NotServed(primary.to_owned()));
        }
        self.check_keys().await?;
        let mut rotation = Rotation {
            vault: self,
            done: Rotated::default(),
            progress: &mut progress,
        };
        for _ in 0..ROUNDS {
            let before = rotation.done.rows;
            rotation.done.unreadable = 0;
            rotation.connections().await?;
            for table in &TABLES {
                rotation.sealed_rows(table).await?;
            }
            if rotation.done.rows == before {
                break;
            }
        }
        let done = rotation.done;
        if done.rows > 0 {
            let (mut transaction, now) = self.database.write().await?;
            audit::record_rotation(&mut transaction, now, primary, done.rows).await?;
            transaction.commit().await?;
        }
        Ok(done)
    }

    /// How many rows need another key than the one that encrypts, or have no data key.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn to_rotate(&self) -> Result<i64, VaultError> {
        let mut needed: BTreeMap<String, Needed> = self.key_use().await?;
        needed.remove(self.keys.primary_id());
        let older: i64 = needed.values().flat_map(BTreeMap::values).sum();
        let without_data_key: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM connections WHERE data_key IS NULL AND key_id = $1",
        )
        .bind(self.keys.primary_id())
        .fetch_one(self.database.pool())
        .await?;
        Ok(older + without_data_key)
    }
}

struct Rotation<'a> {
    vault: &'a Vault,
    done: Rotated,
    progress: &'a mut (dyn FnMut(Rotated) + Send),
}

/// A row that is to be written.
enum Change {
    Wrap {
        subject: Subject,
        provider: String,
        before: SealedTokens,
        after: SealedTokens,
    },
    Seal {
        replace: &'static str,
        name: String,
        before: Sealed,
        after: Sealed,
    },
}

/// Where a batch of connections ended.
#[derive(Clone, Debug, Default)]
struct Place(String, String, String);

impl Rotation<'_> {
    async fn connections(&mut self) -> Result<(), VaultError> {
        for key_id in self.vault.key_ids_of_connections().await? {
            let is_old = key_id != self.vault.keys.primary_id();
            let mut after = Place::default();
            loop {
                let rows = self.some_connections(is_old, &key_id, &after).await?;
                let Some(last) = rows.last() else { break };
                after = place(last)?;
                self.rewrap(&rows).await?;
            }
        }
        Ok(())
    }

    /// Those with an older key, or with this one and no data key.
    async fn some_connections(
        &mut self,
        is_old: bool,
        key_id: &str,
        Place(tenant, user, provider): &Place,
    ) -> Result<Vec<AnyRow>, sqlx::Error> {
        let statement = if is_old {
            "SELECT tenant, user_id, provider, access_token, refresh_token, data_key \
             FROM connections WHERE key_id = $1 AND (tenant, user_id, provider) > ($2, $3, $4) \
             ORDER BY tenant, user_id, provider LIMIT $5"
        } else {
            "SELECT tenant, user_id, provider, access_token, refresh_token, data_key \
             FROM connections WHERE data_key IS NULL AND key_id = $1 \
             AND (tenant, user_id, provider) > ($2, $3, $4) \
             ORDER BY tenant, user_id, provider LIMIT $5"
        };
        sqlx::query(statement)
            .bind(key_id)
            .bind(tenant)
            .bind(user)
            .bind(provider)
            .bind(BATCH)
            .fetch_all(self.vault.database.pool())
            .await
    }

    async fn rewrap(&mut self, rows: &[AnyRow]) -> Result<(), VaultError> {
        let mut changes = Vec::new();
        for row in rows {
            let Place(tenant, user, provider) = place(row)?;
            let subject = Subject::new(tenant, user);
            let before = SealedTokens::of(row)?;
            let owner = Owner {
                keys: &self.vault.keys,
                subject: &subject,
                provider: &provider,
            };
            match before.rewrapped(owner) {
                Ok(after) => changes.push(Change::Wrap {
                    subject,
                    provider,
                    before,
                    after,
                }),
                Err(error) => {
                    self.done.unreadable += 1;
                    tracing::error!(
                        %subject,
                        provider,
                        %error,
                        "a connection cannot be read: disconnect it or erase its user"
                    );
                }
            }
        }
        self.write(changes).await
    }

    async fn sealed_rows(&mut self, table: &SealedRows) -> Result<(), VaultError> {
        for key_id in self.vault.ids_in(table.next_key).await? {
            if key_id == self.vault.keys.primary_id() {
                continue;
            }
            let mut after = String::new();
            loop {
                let rows = sqlx::query(table.select)
                    .bind(&key_id)
                    .bind(&after)
                    .bind(BATCH)
                    .fetch_all(self.vault.database.pool())
                    .await?;
                let Some(last) = rows.last() else { break };
                after = last.try_get("name")?;
                self.reseal(table, &rows).await?;
            }
        }
        Ok(())
    }

    async fn reseal(&mut self, table: &SealedRows, rows: &[AnyRow]) -> Result<(), VaultError> {
        let keys = &self.vault.keys;
        let mut changes = Vec::new();
        for row in rows {
            let name: String = row.try_get("name")?;
            let Place(tenant, user, provider) = place(row)?;
            let before = Sealed::from_column(row.try_get("sealed")?);
            let context = Context {
                subject: &Subject::new(tenant, user),
                provider: &provider,
                field: &(table.field)(&name),
            };
            let after = keys
                .open_bytes(&before, context)
                .and_then(|plain| keys.seal_bytes(&plain, context));
            match after {
                Ok(after) => changes.push(Change::Seal {
                    replace: table.replace,
                    name,
                    before,
                    after,
                }),
                Err(error) => {
                    self.done.unreadable += 1;
                    let what = table.what;
                    tracing::warn!(%error, "a {what} cannot be read; it goes by itself");
                }
            }
        }
        self.write(changes).await
    }

    async fn write(&mut self, changes: Vec<Change>) -> Result<(), VaultError> {
        if changes.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        let (mut transaction, _) = self.vault.database.write().await?;
        let mut rows = 0;
        for change in &changes {
            rows += apply(&mut transaction, change).await?;
        }
        steps::at(steps::ROTATING);
        transaction.commit().await?;
        steps::at(steps::ROTATED);
        self.done.rows += rows;
        (self.progress)(self.done);
        // Others have the database for as long: SQLite lets nobody queue for its lock.
        tokio::time::sleep(begun.elapsed().min(Duration::from_secs(1))).await;
        Ok(())
    }
}

/// Writes a row that is still as it was read; how many were.
async fn apply(transaction: &mut Transaction, change: &Change) -> Result<u64, sqlx::Error> {
    let done = match change {
        Change::Wrap {
            subject,
            provider,
            before,
            after,
        } if before.data_key.is_some() => {
            sqlx::query(
                "UPDATE connections SET data_key = $5, key_id = $6 \
                 WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND data_key = $4",
            )
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .bind(before.data_key.as_ref().map(Sealed::as_column))
            .bind(after.data_key.as_ref().map(Sealed::as_column))
            .bind(after.key_id())
            .execute(&mut **transaction)
            .await?
        }
        Change::Wrap {
            subject,
            provider,
            before,
            after,
        } => {
            sqlx::query(
                "UPDATE connections SET access_token = $5, refresh_token = $6, data_key = $7, \
                 key_id = $8 WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
                 AND access_token = $4 AND data_key IS NULL",
            )
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .bind(before.access.as_column())
            .bind(after.access.as_column())
            .bind(after.refresh.as_ref().map(Sealed::as_column))
            .bind(after.data_key.as_ref().map(Sealed::as_column))
            .bind(after.key_id())
            .execute(&mut **transaction)
            .await?
        }
        Change::Seal {
            replace,
            name,
            before,
            after,
        } => {
            sqlx::query(*replace)
                .bind(name)
                .bind(before.as_column())
                .bind(after.as_column())
                .bind(after.key_id())
                .execute(&mut **transaction)
                .await?
        }
    };
    Ok(done.rows_affected())
}

fn place(row: &AnyRow) -> Result<Place, sqlx::Error> {
    Ok(Place(
        row.try_get("tenant")?,
        row.try_get("user_id")?,
        row.try_get("provider")?,
    ))
}

#[cfg(test)]
mod tests;
