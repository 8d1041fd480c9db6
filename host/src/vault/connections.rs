//! The rows of connected accounts.

use super::{Context, Credentials, RefreshTurn, Sealed, Stored, Vault, VaultError};
use crate::subject::Subject;
use secrecy::SecretString;
use sqlx::{Any, Row, Transaction, any::AnyRow};
use std::time::Duration;

/// How long one refresher may take: longer than the deadline of a plugin call, so that
/// nobody refreshes beside one that still runs. The contract names it.
const REFRESH_TURN_SECONDS: i64 = 30;

/// How often a waiter looks whether the refresher is done.
const REFRESH_POLL: Duration = Duration::from_millis(50);

/// The account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The provider's id of it.
    pub id: String,
    /// What its owner calls it, usually an e-mail address.
    pub label: String,
}

/// The calendar that bookings go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The provider's id of it.
    pub id: String,
    /// Its name, for people.
    pub name: String,
}

/// What a user has just consented to.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The account.
    pub account: Account,
    /// Where its bookings go unless the user has chosen.
    pub destination: Destination,
    /// Its credentials.
    pub credentials: Credentials,
}

/// A connected account, without its credentials.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Whose it is.
    pub subject: Subject,
    /// Of which provider.
    pub provider: String,
    /// The account that is connected.
    pub account: Account,
    /// Where its bookings go.
    pub destination: Destination,
    /// Why the user has to connect again, if so.
    pub reconnect_reason: Option<String>,
    /// When the provider was first seen to refuse the grant, in seconds since 1970.
    pub dead_at: Option<i64>,
    /// When it was connected last.
    pub connected_at: i64,
}

impl Vault {
    /// The user's connections, by provider.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn connections(&self, subject: &Subject) -> Result<Vec<Connection>, VaultError> {
        let rows = sqlx::query(
            "SELECT provider, account_id, account_label, calendar_id, calendar_name, \
             reconnect_reason, dead_at, connected_at FROM connections \
             WHERE tenant = $1 AND user_id = $2 ORDER BY provider",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(|row| connection(subject, row)).collect()
    }

    /// The user's connection to one provider.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn connection(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Option<Connection>, VaultError> {
        let connections = self.connections(subject).await?;
        Ok(connections
            .into_iter()
            .find(|connection| connection.provider == provider))
    }

    /// Whether somebody else is connected to the same account at the provider, so that
    /// revoking one grant would end the other (Google revokes per account and app).
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn is_shared(&self, connection: &Connection) -> Result<bool, VaultError> {
        let others: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM connections WHERE provider = $1 AND account_id = $2 \
             AND NOT (tenant = $3 AND user_id = $4)",
        )
        .bind(&connection.provider)
        .bind(&connection.account.id)
        .bind(&connection.subject.tenant)
        .bind(&connection.subject.user)
        .fetch_one(self.database.pool())
        .await?;
        Ok(others > 0)
    }

    /// Stores a grant that was just made, together with its account. A calendar that the
    /// user chose stays chosen where the account is the same.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn connect(
        &self,
        transaction: &mut Transaction<'static, Any>,
        now: i64,
        subject: &Subject,
        provider: &str,
        grant: &Grant,
    ) -> Result<(), VaultError> {
        let Grant {
            account,
            destination,
            credentials,
        } = grant;
        let [access, refresh] = self.seal_tokens(subject, provider, credentials)?;
        sqlx::query(
            "INSERT INTO connections (tenant, user_id, provider, account_id, account_label, \
             calendar_id, calendar_name, access_token, refresh_token, expires_at, scopes, \
             client_id, revision, connected_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13) \
             ON CONFLICT (tenant, user_id, provider) DO UPDATE SET \
             calendar_id = CASE WHEN connections.account_id = excluded.account_id \
               THEN connections.calendar_id ELSE excluded.calendar_id END, \
             calendar_name = CASE WHEN connections.account_id = excluded.account_id \
               THEN connections.calendar_name ELSE excluded.calendar_name END, \
             account_id = excluded.account_id, account_label = excluded.account_label, \
             access_token = excluded.access_token, \
             refresh_token = COALESCE(excluded.refresh_token, connections.refresh_token), \
             expires_at = excluded.expires_at, scopes = excluded.scopes, \
             client_id = excluded.client_id, revision = connections.revision + 1, \
             reconnect_reason = NULL, dead_at = NULL, refresh_until = NULL, \
             connected_at = excluded.connected_at",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(&account.id)
        .bind(&account.label)
        .bind(&destination.id)
        .bind(&destination.name)
        .bind(access.as_ref().map(|s| s.as_column().to_owned()))
        .bind(refresh.as_ref().map(|s| s.as_column().to_owned()))
        .bind(credentials.expires_at)
        .bind(credentials.scopes.join(" "))
        .bind(&credentials.client_id)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    /// Chooses where bookings go. `false`: the user has no such connection.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn choose_destination(
        &self,
        subject: &Subject,
        provider: &str,
        destination: &Destination,
    ) -> Result<bool, VaultError> {
        let done = sqlx::query(
            "UPDATE connections SET calendar_id = $4, calendar_name = $5 \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(&destination.id)
        .bind(&destination.name)
        .execute(self.database.pool())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes that the provider no longer accepts the grant.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn mark_dead(
        &self,
        subject: &Subject,
        provider: &str,
        reason: &str,
    ) -> Result<(), VaultError> {
        let now = self.database.now().await?;
        sqlx::query(
            "UPDATE connections SET reconnect_reason = $4, refresh_until = NULL, \
             dead_at = COALESCE(dead_at, $5) WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(reason)
        .bind(now)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// Forgets a connection and its credentials.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn erase(&self, subject: &Subject, provider: &str) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3")
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// The stored credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn load(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Option<Stored>, VaultError> {
        let row = sqlx::query(
            "SELECT access_token, refresh_token, expires_at, scopes, client_id, revision \
             FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_optional(self.database.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
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
        Ok(Some(Stored {
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
        }))
    }

    /// Replaces the credentials of an existing connection if nobody else did since
    /// `expected`. A refresh token that the provider left out stays as it was.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn save(
        &self,
        subject: &Subject,
        provider: &str,
        credentials: &Credentials,
        expected: u64,
    ) -> Result<u64, VaultError> {
        let [access, refresh] = self.seal_tokens(subject, provider, credentials)?;
        let saved: Option<i64> = sqlx::query_scalar(
            "UPDATE connections SET access_token = $5, \
             refresh_token = COALESCE($6, refresh_token), expires_at = $7, scopes = $8, \
             client_id = $9, revision = revision + 1, reconnect_reason = NULL, dead_at = NULL, \
             refresh_until = NULL \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND revision = $4 \
             RETURNING revision",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(expected.cast_signed())
        .bind(access.as_ref().map(|s| s.as_column().to_owned()))
        .bind(refresh.as_ref().map(|s| s.as_column().to_owned()))
        .bind(credentials.expires_at)
        .bind(credentials.scopes.join(" "))
        .bind(&credentials.client_id)
        .fetch_optional(self.database.pool())
        .await?;
        match saved {
            Some(revision) => Ok(revision.cast_unsigned()),
            None => Err(VaultError::Conflict(
                self.revision(subject, provider).await?,
            )),
        }
    }

    /// Waits for the turn to refresh the credentials of revision `seen`.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn begin_refresh(
        &self,
        subject: &Subject,
        provider: &str,
        seen: u64,
    ) -> Result<RefreshTurn, VaultError> {
        loop {
            let now = self.database.now().await?;
            let taken = sqlx::query(
                "UPDATE connections SET refresh_until = $5 \
                 WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND revision = $4 \
                 AND (refresh_until IS NULL OR refresh_until <= $6)",
            )
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .bind(seen.cast_signed())
            .bind(now + REFRESH_TURN_SECONDS)
            .bind(now)
            .execute(self.database.pool())
            .await?;
            if taken.rows_affected() > 0 {
                return Ok(RefreshTurn::Mine);
            }
            match self.load(subject, provider).await? {
                None => return Ok(RefreshTurn::Erased),
                Some(stored) if stored.revision != seen => {
                    return Ok(RefreshTurn::Changed(stored));
                }
                Some(_) => tokio::time::sleep(REFRESH_POLL).await,
            }
        }
    }

    async fn revision(&self, subject: &Subject, provider: &str) -> Result<Option<u64>, VaultError> {
        let revision: Option<i64> = sqlx::query_scalar(
            "SELECT revision FROM connections \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_optional(self.database.pool())
        .await?;
        Ok(revision.map(i64::cast_unsigned))
    }

    fn seal_tokens(
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

fn connection(subject: &Subject, row: &AnyRow) -> Result<Connection, VaultError> {
    Ok(Connection {
        subject: subject.clone(),
        provider: row.try_get("provider")?,
        account: Account {
            id: row.try_get("account_id")?,
            label: row.try_get("account_label")?,
        },
        destination: Destination {
            id: row.try_get("calendar_id")?,
            name: row.try_get("calendar_name")?,
        },
        reconnect_reason: row.try_get("reconnect_reason")?,
        dead_at: row.try_get("dead_at")?,
        connected_at: row.try_get("connected_at")?,
    })
}
