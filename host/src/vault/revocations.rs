//! Grants that are erased everywhere else and wait, sealed, for their revocation at the
//! provider. Nothing else is ever done with one but what the user asked to be done first:
//! removing events that Calport made. None says whose it was.

use super::{
    Account, Context, Credentials, Destination, Grant, Sealed, Vault, VaultError,
    held::{held, opened},
    sealed_rows::{nobody, revocation},
};
use crate::{
    db::{Dialects, Transaction},
    plugin::calendar::RemoteEvent,
};
use sqlx::Row;
use uuid::Uuid;

/// A literal: statements are never put together at run time.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE revocations SET claimed_until = $1, attempts = attempts + 1 WHERE id = ( \
               SELECT r.id FROM revocations r WHERE r.next_try <= $2 \
               AND (r.claimed_until IS NULL OR r.claimed_until <= $2) \
               ORDER BY r.next_try LIMIT 1",
            $lock,
            ") RETURNING id, provider, held, attempts, created_at"
        )
    };
}

/// Takes a grant; in PostgreSQL it passes over those that another replica is taking.
const CLAIM: Dialects = Dialects {
    sqlite: claim!(""),
    postgres: claim!(" FOR UPDATE SKIP LOCKED"),
};

/// How long one who revokes may hold a grant, in seconds: longer than a plugin call may
/// take, so that it comes free only after a crash.
const CLAIM_SECONDS: i64 = 60;

/// Names a grant that is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationId(String);

/// A grant that is to be revoked, held by whoever has this.
#[derive(Clone, Debug)]
pub struct EndedGrant {
    /// Its name.
    pub id: RevocationId,
    /// Of which provider.
    pub provider: String,
    /// The grant, without what its account and calendar are called.
    pub grant: Grant,
    /// Events that it is to remove first.
    pub to_remove: Vec<RemoteEvent>,
    /// How often its revocation was tried before.
    pub attempts: i64,
    /// When it was erased everywhere else, in seconds since 1970.
    pub ended_at: i64,
}

impl Vault {
    /// Keeps a grant until it is revoked, and has removed these events before, in the transaction
    /// that erases it elsewhere. It is the caller's to do so; if the caller dies, somebody
    /// else's a minute later.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn owe_revocation(
        &self,
        transaction: &mut Transaction,
        now: i64,
        provider: &str,
        grant: &Grant,
        to_remove: &[RemoteEvent],
    ) -> Result<RevocationId, VaultError> {
        let id = RevocationId(Uuid::new_v4().simple().to_string());
        let Grant {
            account,
            credentials,
            ..
        } = grant;
        let sealed = self.ended(&id, provider, &account.id, credentials, to_remove)?;
        sqlx::query(
            "INSERT INTO revocations (id, provider, held, attempts, next_try, claimed_until, \
             created_at, key_id) VALUES ($1, $2, $3, 0, $4, $5, $4, $6)",
        )
        .bind(&id.0)
        .bind(provider)
        .bind(sealed.as_column())
        .bind(now)
        .bind(now + CLAIM_SECONDS)
        .bind(sealed.key_id())
        .execute(&mut **transaction)
        .await?;
        Ok(id)
    }

    /// Keeps what a grant has become and is still to remove; its tries begin anew, and its
    /// holder holds it as long as if it had just been taken.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn keep_revocation(
        &self,
        id: &RevocationId,
        provider: &str,
        account_id: &str,
        credentials: &Credentials,
        to_remove: &[RemoteEvent],
    ) -> Result<(), VaultError> {
        let sealed = self.ended(id, provider, account_id, credentials, to_remove)?;
        let now = self.database.now().await?;
        sqlx::query(
            "UPDATE revocations SET held = $2, key_id = $3, attempts = 0, claimed_until = $4 \
             WHERE id = $1",
        )
        .bind(&id.0)
        .bind(sealed.as_column())
        .bind(sealed.key_id())
        .bind(now + CLAIM_SECONDS)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// What is kept of a grant, without what its account and calendar are called.
    fn ended(
        &self,
        id: &RevocationId,
        provider: &str,
        account_id: &str,
        credentials: &Credentials,
        to_remove: &[RemoteEvent],
    ) -> Result<Sealed, VaultError> {
        let nameless = Grant {
            account: Account {
                id: account_id.to_owned(),
                label: String::new(),
            },
            destination: Destination {
                id: String::new(),
                name: String::new(),
            },
            credentials: credentials.clone(),
        };
        let to_remove = to_remove.iter().cloned().map(Into::into).collect();
        let field = revocation(&id.0);
        let context = Context {
            subject: &nobody(),
            provider,
            field: &field,
        };
        Ok(self.keys.seal(&held(&nameless, to_remove)?, context)?)
    }

    /// Takes the grant whose revocation is due longest, if any.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn claim_revocation(&self) -> Result<Option<EndedGrant>, VaultError> {
        let now = self.database.now().await?;
        // Looking costs no lock; claiming does, even where there is nothing to claim.
        let is_due: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM revocations WHERE next_try <= $1 \
             AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY next_try LIMIT 1",
        )
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        if is_due.is_none() {
            return Ok(None);
        }
        let row = sqlx::query(self.database.dialect(CLAIM))
            .bind(now + CLAIM_SECONDS)
            .bind(now)
            .fetch_optional(self.database.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id: String = row.try_get("id")?;
        let provider: String = row.try_get("provider")?;
        let field = revocation(&id);
        let nobody = nobody();
        let context = Context {
            subject: &nobody,
            provider: &provider,
            field: &field,
        };
        let sealed = Sealed::from_column(row.try_get("held")?);
        let unsealed = self.keys.open(&sealed, context);
        if unsealed.is_err() {
            // Nobody can ever revoke it; it would come due for ever.
            self.forget_revocation(&RevocationId(id.clone())).await?;
        }
        let (grant, to_remove) = opened(&unsealed?)?;
        Ok(Some(EndedGrant {
            id: RevocationId(id),
            provider,
            grant,
            to_remove: to_remove.into_iter().map(Into::into).collect(),
            attempts: row.try_get("attempts")?,
            ended_at: row.try_get("created_at")?,
        }))
    }

    /// Forgets a grant for good.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn forget_revocation(&self, id: &RevocationId) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM revocations WHERE id = $1")
            .bind(&id.0)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Lets a grant wait so many seconds for the next try.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn put_off_revocation(
        &self,
        id: &RevocationId,
        seconds: i64,
    ) -> Result<(), VaultError> {
        let now = self.database.now().await?;
        sqlx::query("UPDATE revocations SET claimed_until = NULL, next_try = $2 WHERE id = $1")
            .bind(&id.0)
            .bind(now.saturating_add(seconds))
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Gives back what a process held that is no more. Only for a database that serves one
    /// process: elsewhere claims run out by themselves.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn free_revocations(&self) -> Result<(), VaultError> {
        sqlx::query("UPDATE revocations SET claimed_until = NULL WHERE claimed_until IS NOT NULL")
            .execute(self.database.pool())
            .await?;
        Ok(())
    }
}
