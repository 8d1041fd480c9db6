//! The credentials in the rows of connected accounts: opened, replaced by compare and
//! swap, refreshed by one caller at a time. They never leave their row's account.

use super::{
    Credentials, RefreshTurn, Sealed, Stored, TurnLease, Vault, VaultError, tokens::SealedTokens,
};
use crate::subject::Subject;
use sqlx::{Row, any::AnyRow};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// How long one refresher may take: longer than the deadline of a plugin call, so that
/// nobody refreshes beside one that still runs. The contract names it.
const REFRESH_TURN_SECONDS: i64 = 30;

/// A turn that ends later than any can is from before the clock was set back.
const IMPOSSIBLE_SECONDS: i64 = 2 * REFRESH_TURN_SECONDS;

/// How often a waiter looks whether the refresher is done.
const REFRESH_POLL: Duration = Duration::from_millis(50);

/// How long a caller waits for the turn. It must have time left to ask the provider: a call
/// that is cut off in the middle loses a token that the provider has rotated.
const REFRESH_PATIENCE: Duration = Duration::from_secs(12);

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
        let row = self.row(
            slot,
            "SELECT access_token, refresh_token, data_key, expires_at, scopes, client_id, \
             revision FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = COALESCE($4, account_id)",
        );
        let row = row.await?;
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
        let tokens = SealedTokens::of(row)?.open(self.owner(subject, provider))?;
        let scopes: String = row.try_get("scopes")?;
        Ok(Stored {
            credentials: Credentials {
                access_token: tokens.access,
                refresh_token: tokens.refresh,
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
        let owner = self.owner(&slot.subject, &slot.provider);
        let now = self.database.now().await?;
        loop {
            let Some((held, revision)) = self.held(slot).await? else {
                return Err(VaultError::Conflict(None));
            };
            if revision != expected {
                return Err(VaultError::Conflict(Some(revision)));
            }
            let sealed = held.renewed(owner, credentials)?;
            // The data key is compared, too: where it was sealed anew meanwhile, or is another
            // one, the row must not come to hold tokens that its key does not open.
            let saved: Option<i64> = sqlx::query_scalar(
                "UPDATE connections SET access_token = $5, refresh_token = $6, data_key = $7, \
                 key_id = $8, expires_at = $9, scopes = $10, client_id = $11, \
                 revision = revision + 1, reconnect_reason = NULL, dead_at = NULL, \
                 refresh_until = NULL, refreshes = refreshes + 1, refreshed_at = $12 \
                 WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND revision = $4 \
                 AND account_id = COALESCE($13, account_id) AND COALESCE(data_key, '') = $14 \
                 RETURNING revision",
            )
            .bind(&slot.subject.tenant)
            .bind(&slot.subject.user)
            .bind(&slot.provider)
            .bind(expected.cast_signed())
            .bind(sealed.access.as_column())
            .bind(sealed.refresh.as_ref().map(Sealed::as_column))
            .bind(sealed.data_key.as_ref().map(Sealed::as_column))
            .bind(sealed.key_id())
            .bind(credentials.expires_at)
            .bind(credentials.scopes.join(" "))
            .bind(&credentials.client_id)
            .bind(now)
            .bind(&slot.account)
            .bind(held.data_key.as_ref().map_or("", Sealed::as_column))
            .fetch_optional(self.database.pool())
            .await?;
            if let Some(revision) = saved {
                return Ok(revision.cast_unsigned());
            }
        }
    }

    /// Waits for the turn to refresh the credentials of revision `seen`. The turn is a lease
    /// on the database's time, so that one process of all has it; of those that wait in this
    /// process, one at a time asks.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn begin_refresh(&self, slot: &Slot, seen: u64) -> Result<RefreshTurn, VaultError> {
        let begun = Instant::now();
        let turn = self.turns.of(slot);
        let mut may_take = true;
        let _asks = match turn.try_lock() {
            Ok(asks) => asks,
            Err(_) => {
                may_take = false;
                turn.lock().await
            }
        };
        loop {
            let now = self.database.now().await?;
            if may_take && let Some(until) = self.take_turn(slot, seen, now).await? {
                return Ok(RefreshTurn::Mine(TurnLease { seen, until }));
            }
            match self.turn(slot).await? {
                None => return Ok(RefreshTurn::Erased),
                Some((revision, _)) if revision != seen => {
                    let stored = self.load(slot).await?;
                    return Ok(stored.map_or(RefreshTurn::Erased, RefreshTurn::Changed));
                }
                // Whoever had it came to no token, and gave it back. To ask the provider
                // again at once, once for each that waited, would change nothing.
                Some((_, None)) => return Ok(RefreshTurn::Failed),
                Some((_, Some(until))) if until <= now || until > now + IMPOSSIBLE_SECONDS => {
                    may_take = true;
                }
                Some(_) if begun.elapsed() > REFRESH_PATIENCE => return Ok(RefreshTurn::Failed),
                Some(_) => {
                    may_take = false;
                    tokio::time::sleep(REFRESH_POLL).await;
                }
            }
        }
    }

    /// Takes the turn where it is free: until when.
    async fn take_turn(
        &self,
        slot: &Slot,
        seen: u64,
        now: i64,
    ) -> Result<Option<i64>, sqlx::Error> {
        let until = now + REFRESH_TURN_SECONDS;
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
        .bind(until)
        .bind(now)
        .bind(&slot.account)
        .bind(now + IMPOSSIBLE_SECONDS)
        .execute(self.database.pool())
        .await?;
        Ok((taken.rows_affected() > 0).then_some(until))
    }

    /// The revision of the credentials, and until when somebody has the turn.
    async fn turn(&self, slot: &Slot) -> Result<Option<(u64, Option<i64>)>, sqlx::Error> {
        let row = self.row(
            slot,
            "SELECT revision, refresh_until FROM connections \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = COALESCE($4, account_id)",
        );
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let revision: i64 = row.try_get("revision")?;
        Ok(Some((
            revision.cast_unsigned(),
            row.try_get("refresh_until")?,
        )))
    }

    /// Gives a turn back that came to no token, so that the next caller need not wait for its
    /// end. Nothing, where somebody else has it by now.
    ///
    /// # Errors
    /// The database failed; then it ends by itself.
    pub async fn end_refresh(&self, slot: &Slot, lease: TurnLease) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE connections SET refresh_until = NULL \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND revision = $4 \
             AND refresh_until = $5 AND account_id = COALESCE($6, account_id)",
        )
        .bind(&slot.subject.tenant)
        .bind(&slot.subject.user)
        .bind(&slot.provider)
        .bind(lease.seen.cast_signed())
        .bind(lease.until)
        .bind(&slot.account)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// The tokens of a row as they are sealed, with their revision.
    async fn held(&self, slot: &Slot) -> Result<Option<(SealedTokens, u64)>, VaultError> {
        let row = self.row(
            slot,
            "SELECT access_token, refresh_token, data_key, revision FROM connections \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = COALESCE($4, account_id)",
        );
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let revision: i64 = row.try_get("revision")?;
        Ok(Some((SealedTokens::of(&row)?, revision.cast_unsigned())))
    }

    /// What a statement finds that takes a slot.
    async fn row(
        &self,
        slot: &Slot,
        statement: &'static str,
    ) -> Result<Option<AnyRow>, sqlx::Error> {
        sqlx::query(statement)
            .bind(&slot.subject.tenant)
            .bind(&slot.subject.user)
            .bind(&slot.provider)
            .bind(&slot.account)
            .fetch_optional(self.database.pool())
            .await
    }
}
