//! Grants of another account than the one that is connected. They wait here, sealed, for
//! the user's word; nothing uses them before it.

use super::{
    Context, Grant, Sealed, Vault, VaultError,
    held::{held, opened},
    sealed_rows::PENDING,
};
use crate::{db::Transaction, subject::Subject};
use sqlx::{Row, any::AnyRow};

/// A grant that waits.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Who has consented.
    pub subject: Subject,
    /// At which provider.
    pub provider: String,
    /// To what.
    pub grant: Grant,
}

impl Vault {
    /// Holds a grant until `expires_at`. A user has one question open per provider: the
    /// grant that waited there before is given back, for its end.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn hold(
        &self,
        transaction: &mut Transaction,
        handle_hash: &str,
        pending: &Pending,
        expires_at: i64,
    ) -> Result<Option<Pending>, VaultError> {
        let Pending {
            subject,
            provider,
            grant,
        } = pending;
        let replaced = sqlx::query(
            "DELETE FROM pending_accounts WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             RETURNING tenant, user_id, provider, held",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_optional(&mut **transaction)
        .await?;
        let context = Context {
            subject,
            provider,
            field: PENDING,
        };
        let sealed = self.keys.seal(&held(grant, Vec::new())?, context)?;
        sqlx::query(
            "INSERT INTO pending_accounts (tenant, user_id, provider, handle_hash, account_id, \
             held, expires_at, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(handle_hash)
        .bind(&grant.account.id)
        .bind(sealed.as_column())
        .bind(expires_at)
        .bind(sealed.key_id())
        .execute(&mut **transaction)
        .await?;
        replaced.map(|row| self.pending_row(&row)).transpose()
    }

    /// The grant behind a handle, for asking. It goes on waiting.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn pending(
        &self,
        subject: &Subject,
        provider: &str,
        handle_hash: &str,
    ) -> Result<Option<Pending>, VaultError> {
        let now = self.database.now().await?;
        let row = sqlx::query(
            "SELECT tenant, user_id, provider, held FROM pending_accounts \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND handle_hash = $4 \
             AND expires_at >= $5",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(handle_hash)
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        row.map(|row| self.pending_row(&row)).transpose()
    }

    /// Takes the grant behind a handle: an answer counts once.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn take_pending(
        &self,
        transaction: &mut Transaction,
        now: i64,
        subject: &Subject,
        provider: &str,
        handle_hash: &str,
    ) -> Result<Option<Pending>, VaultError> {
        let row = sqlx::query(
            "DELETE FROM pending_accounts \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND handle_hash = $4 \
             AND expires_at >= $5 RETURNING tenant, user_id, provider, held",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(handle_hash)
        .bind(now)
        .fetch_optional(&mut **transaction)
        .await?;
        row.map(|row| self.pending_row(&row)).transpose()
    }

    /// Takes all grants whose question nobody has answered in time.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn take_unanswered(
        &self,
        transaction: &mut Transaction,
        now: i64,
    ) -> Result<Vec<Pending>, VaultError> {
        let rows = sqlx::query(
            "DELETE FROM pending_accounts WHERE expires_at < $1 \
             RETURNING tenant, user_id, provider, held",
        )
        .bind(now)
        .fetch_all(&mut **transaction)
        .await?;
        Ok(self.readable(&rows))
    }

    /// Takes all that waits for this user.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn take_all_pending(
        &self,
        transaction: &mut Transaction,
        subject: &Subject,
    ) -> Result<Vec<Pending>, VaultError> {
        let rows = sqlx::query(
            "DELETE FROM pending_accounts WHERE tenant = $1 AND user_id = $2 \
             RETURNING tenant, user_id, provider, held",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .fetch_all(&mut **transaction)
        .await?;
        Ok(self.readable(&rows))
    }

    /// What cannot be read any more cannot be revoked either, and is not worth keeping.
    fn readable(&self, rows: &[AnyRow]) -> Vec<Pending> {
        let opened = rows.iter().filter_map(|row| {
            let opened = self.pending_row(row);
            opened
                .inspect_err(|error| tracing::error!(%error, "a waiting grant cannot be read"))
                .ok()
        });
        opened.collect()
    }

    fn pending_row(&self, row: &AnyRow) -> Result<Pending, VaultError> {
        let tenant: String = row.try_get("tenant")?;
        let user: String = row.try_get("user_id")?;
        let subject = Subject::new(tenant, user);
        let provider: String = row.try_get("provider")?;
        let context = Context {
            subject: &subject,
            provider: &provider,
            field: PENDING,
        };
        let sealed = Sealed::from_column(row.try_get("held")?);
        let (grant, _) = opened(&self.keys.open(&sealed, context)?)?;
        Ok(Pending {
            subject,
            provider,
            grant,
        })
    }
}
