//! The credentials in the rows of connected accounts: opened, replaced by compare and
//! swap, refreshed by one caller at a time. They never leave their row's account.

use super::{Context, Credentials, RefreshTurn, Sealed, Stored, Vault, VaultError};
use crate::subject::Subject;
use secrecy::SecretString;
use sqlx::{Row, any::AnyRow};
use std::time::Duration;

/// How long one refresher may take: longer than the deadline of a plugin call, so that
/// nobody refreshes beside one that still runs. The contract names it.
const REFRESH_TURN_SECONDS: i64 = 30;

/// A turn that ends later than any can is from before the clock was set back.
const IMPOSSIBLE_SECONDS: i64 = 2 * REFRESH_TURN_SECONDS;

/// How often a waiter looks whether the refresher is done.
const REFRESH_POLL: Duration = Duration::from_millis(50);

/// Where the credentials of one user at one provider lie.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Whose they are.
    pub subject: Subject,
    /// Of which provider.
    pub provider: String,
    /// The account that they must be of. What was begun for one account finds nothing once
    /// another has taken its place (case 10). `None`: whichever is connected.
    pub account: Option<String>,
}

impl Vault {
    /// The stored credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn load(&self, slot: &Slot) -> Result<Option<Stored>, VaultError> {
        let row = sqlx::query(
            "SELECT access_token, refresh_token, expires_at, scopes, client_id, revision \
             FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = COALESCE($4, account_id)",
        )
        .bind(&slot.subject.tenant)
        .bind(&slot.subject.user)
        .bind(&slot.provider)
        .bind(&slot.account)
        .fetch_optional(self.database.pool())
        .await?;
        row.map(|row| self.opened(&slot.subject, &slot.provider, &row))
            .transpose()
    }

    /// What [`Vault::load`] reads.
    pub(super) fn opened(
        &self,
        subject: &Subject,
        provider: &str,
        row: &AnyRow,
    ) -> Result<Stored, VaultError> {
        let open = |column: &'static str, text: String| {
            let context = Context {
                subject,
                provider,
                field: column,
            };
            self.keys.open(&Sealed::from_column(text), context)
        };
        let refresh: Option<String> = row.try_get("refresh_token")?;
        let scopes: String = row.try_get("scopes")?;
        Ok(Stored {
            credentials: Credentials {
                access_token: open("access_token", row.try_get("access_token")?)?,
                refresh_token: refresh
                    .map(|text| open("refresh_token", text))
                    .transpose()?,
                expires_at: row.try_get("expires_at")?,
                scopes: scopes.split_whitespace().map(str::to_owned).collect(),
                client_id: row.try_get("client_id")?,
            },
            revision: row.try_get::<i64, _>("revision")?.cast_unsigned(),
        })
    }

    /// Replaces the credentials of an existing connection if nobody else did since
    /// `expected`. A refresh token that the provider left out stays as it was.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn save(
        &self,
        slot: &Slot,
        credentials: &Credentials,
        expected: u64,
    ) -> Result<u64, VaultError> {
        let [access, refresh] = self.seal_tokens(&slot.subject, &slot.provider, credentials)?;
        let saved: Option<i64> = sqlx::query_scalar(
            "UPDATE connections SET access_token = $5, \
             refresh_token = COALESCE($6, refresh_token), expires_at = $7, scopes = $8, \
             client_id = $9, revision = revision + 1, reconnect_reason = NULL, dead_at = NULL, \
             refresh_until = NULL \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND revision = $4 \
             AND account_id = COALESCE($10, account_id) RETURNING revision",
        )
        .bind(&slot.subject.tenant)
        .bind(&slot.subject.user)
        .bind(&slot.provider)
        .bind(expected.cast_signed())
        .bind(access.as_ref().map(|s| s.as_column().to_owned()))
        .bind(refresh.as_ref().map(|s| s.as_column().to_owned()))
        .bind(credentials.expires_at)
        .bind(credentials.scopes.join(" "))
        .bind(&credentials.client_id)
        .bind(&slot.account)
        .fetch_optional(self.database.pool())
        .await?;
        match saved {
            Some(revision) => Ok(revision.cast_unsigned()),
            None => Err(VaultError::Conflict(self.revision(slot).await?)),
        }
    }

    /// Waits for the turn to refresh the credentials of revision `seen`. The turn is a lease
    /// on the database's time, so that one process of all has it; of those that wait in this
    /// process, one at a time asks.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn begin_refresh(&self, slot: &Slot, seen: u64) -> Result<RefreshTurn, VaultError> {
        let turn = self.turns.of(slot);
        let _asks = turn.lock().await;
        loop {
            let now = self.database.now().await?;
            let taken = sqlx::query(
                "UPDATE connections SET refresh_until = $5 \
                 WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND revision = $4 \
                 AND (refresh_until IS NULL OR refresh_until <= $6 OR refresh_until > $8) \
                 AND account_id = COALESCE($7, account_id)",
            )
            .bind(&slot.subject.tenant)
            .bind(&slot.subject.user)
            .bind(&slot.provider)
            .bind(seen.cast_signed())
            .bind(now + REFRESH_TURN_SECONDS)
            .bind(now)
            .bind(&slot.account)
            .bind(now + IMPOSSIBLE_SECONDS)
            .execute(self.database.pool())
            .await?;
            if taken.rows_affected() > 0 {
                return Ok(RefreshTurn::Mine);
            }
            match self.load(slot).await? {
                None => return Ok(RefreshTurn::Erased),
                Some(stored) if stored.revision != seen => {
                    return Ok(RefreshTurn::Changed(stored));
                }
                Some(_) => tokio::time::sleep(REFRESH_POLL).await,
            }
        }
    }

    async fn revision(&self, slot: &Slot) -> Result<Option<u64>, VaultError> {
        let revision: Option<i64> = sqlx::query_scalar(
            "SELECT revision FROM connections WHERE tenant = $1 AND user_id = $2 \
             AND provider = $3 AND account_id = COALESCE($4, account_id)",
        )
        .bind(&slot.subject.tenant)
        .bind(&slot.subject.user)
        .bind(&slot.provider)
        .bind(&slot.account)
        .fetch_optional(self.database.pool())
        .await?;
        Ok(revision.map(i64::cast_unsigned))
    }

    pub(super) fn seal_tokens(
        &self,
        subject: &Subject,
        provider: &str,
        credentials: &Credentials,
    ) -> Result<[Option<Sealed>; 2], VaultError> {
        let seal = |field, token: Option<&SecretString>| {
            let context = Context {
                subject,
                provider,
                field,
            };
            token
                .map(|token| self.keys.seal(token, context))
                .transpose()
        };
        Ok([
            seal("access_token", Some(&credentials.access_token))?,
            seal("refresh_token", credentials.refresh_token.as_ref())?,
        ])
    }
}
