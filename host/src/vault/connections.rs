//! The rows of connected accounts.

use super::{
    Credentials, Sealed, Slot, Stored, Vault, VaultError, end,
    erasing::ended,
    tokens::{Owner, SealedTokens, Tokens},
};
use crate::{
    audit::{self, Action},
    db::Transaction,
    subject::Subject,
};
use sqlx::{Row, any::AnyRow};

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
    /// When the user has disconnected, while our events are still being taken out.
    pub leaving_at: Option<i64>,
}

impl Connection {
    /// Where its credentials lie, and those of no other account.
    pub fn slot(&self) -> Slot {
        Slot {
            subject: self.subject.clone(),
            provider: self.provider.clone(),
            account: Some(self.account.id.clone()),
        }
    }

    /// Whether its grant died at the age at which grants die of a consent screen in Testing.
    pub fn died_in_testing(&self) -> bool {
        self.dead_at
            .is_some_and(|dead_at| end::is_of_testing(self, dead_at))
    }
}

impl Vault {
    /// The user's connections, by provider; those that they have left not among them.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn connections(&self, subject: &Subject) -> Result<Vec<Connection>, VaultError> {
        let mut connections = self.connections_or_leaving(subject).await?;
        connections.retain(|connection| connection.leaving_at.is_none());
        Ok(connections)
    }

    /// The same with those that our events are still being taken out of.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn connections_or_leaving(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Connection>, VaultError> {
        let rows = sqlx::query(
            "SELECT provider, account_id, account_label, calendar_id, calendar_name, \
             reconnect_reason, dead_at, connected_at, leaving_at FROM connections \
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
        let connection = self.connection_or_leaving(subject, provider).await?;
        Ok(connection.filter(|connection| connection.leaving_at.is_none()))
    }

    /// The same, also where our events are still being taken out of it.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn connection_or_leaving(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Option<Connection>, VaultError> {
        let connections = self.connections_or_leaving(subject).await?;
        Ok(connections
            .into_iter()
            .find(|connection| connection.provider == provider))
    }

    /// The same inside a transaction, together with its credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn connected(
        &self,
        transaction: &mut Transaction,
        subject: &Subject,
        provider: &str,
    ) -> Result<Option<(Connection, Stored)>, VaultError> {
        let row = sqlx::query(
            "SELECT provider, account_id, account_label, calendar_id, calendar_name, \
             reconnect_reason, dead_at, connected_at, leaving_at, access_token, refresh_token, data_key, \
             expires_at, scopes, client_id, revision FROM connections \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_optional(&mut **transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let stored = self.opened(subject, provider, &row)?;
        Ok(Some((connection(subject, &row)?, stored)))
    }

    /// Who has a grant of this account, in use or waiting for their word: revoking one
    /// would end them all (Google revokes per account and app).
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn users_of_account(
        &self,
        provider: &str,
        account_id: &str,
    ) -> Result<Vec<Subject>, VaultError> {
        let rows = sqlx::query(
            "SELECT tenant, user_id FROM connections WHERE provider = $1 AND account_id = $2 \
             UNION \
             SELECT tenant, user_id FROM pending_accounts \
             WHERE provider = $1 AND account_id = $2",
        )
        .bind(provider)
        .bind(account_id)
        .fetch_all(self.database.pool())
        .await?;
        let subject = |row: &AnyRow| {
            let (tenant, user): (String, String) =
                (row.try_get("tenant")?, row.try_get("user_id")?);
            Ok(Subject::new(tenant, user))
        };
        rows.iter().map(subject).collect()
    }

    /// Stores a grant that was just made, together with its account. A calendar that the
    /// user chose stays chosen where the account is the same.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn connect(
        &self,
        transaction: &mut Transaction,
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
        let owner = self.owner(subject, provider);
        // Locks the row where there is one, so that no token which is saved at this moment is
        // written over.
        let replaced = sqlx::query(
            "UPDATE connections SET revision = revision \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             RETURNING account_id, access_token, refresh_token, data_key, refreshes, refreshed_at",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_optional(&mut **transaction)
        .await?;
        let mut tokens = Tokens {
            access: credentials.access_token.clone(),
            refresh: credentials.refresh_token.clone(),
        };
        if let Some(row) = replaced {
            if row.try_get::<String, _>("account_id")? == account.id {
                if tokens.refresh.is_none() {
                    tokens.refresh = SealedTokens::of(&row)?.open_refresh(owner)?;
                }
            } else {
                ended(transaction, now, subject, provider, &row).await?;
            }
        }
        // A new grant is sealed with a new key.
        let sealed = tokens.seal(owner)?;
        sqlx::query(
            "INSERT INTO connections (tenant, user_id, provider, account_id, account_label, \
             calendar_id, calendar_name, access_token, refresh_token, expires_at, scopes, \
             client_id, revision, connected_at, data_key, key_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15) \
             ON CONFLICT (tenant, user_id, provider) DO UPDATE SET \
             calendar_id = CASE WHEN connections.account_id = excluded.account_id \
               THEN connections.calendar_id ELSE excluded.calendar_id END, \
             calendar_name = CASE WHEN connections.account_id = excluded.account_id \
               THEN connections.calendar_name ELSE excluded.calendar_name END, \
             account_id = excluded.account_id, account_label = excluded.account_label, \
             access_token = excluded.access_token, refresh_token = excluded.refresh_token, \
             data_key = excluded.data_key, key_id = excluded.key_id, \
             refreshes = CASE WHEN connections.account_id = excluded.account_id \
               THEN connections.refreshes ELSE 0 END, \
             refreshed_at = CASE WHEN connections.account_id = excluded.account_id \
               THEN connections.refreshed_at ELSE NULL END, \
             expires_at = excluded.expires_at, scopes = excluded.scopes, \
             client_id = excluded.client_id, revision = connections.revision + 1, \
             reconnect_reason = NULL, dead_at = NULL, refresh_until = NULL, \
             connected_at = excluded.connected_at, leaving_at = NULL",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(&account.id)
        .bind(&account.label)
        .bind(&destination.id)
        .bind(&destination.name)
        .bind(sealed.access.as_column())
        .bind(sealed.refresh.as_ref().map(Sealed::as_column))
        .bind(credentials.expires_at)
        .bind(credentials.scopes.join(" "))
        .bind(&credentials.client_id)
        .bind(now)
        .bind(sealed.data_key.as_ref().map(Sealed::as_column))
        .bind(sealed.key_id())
        .execute(&mut **transaction)
        .await?;
        audit::record(transaction, now, subject, Some(provider), Action::Connected).await?;
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

    /// Notes that the provider no longer accepts the grant of this connection, and gives
    /// back what users and platforms are told, and whether it is news. Nothing is noted where another grant has
    /// come meanwhile: what the old one met says nothing about it.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn mark_dead(
        &self,
        transaction: &mut Transaction,
        now: i64,
        connection: &Connection,
        reason: &str,
    ) -> Result<(String, bool), VaultError> {
        let dead_at = connection.dead_at.unwrap_or(now);
        let reason = end::explained(connection, dead_at, reason);
        let is_alive: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = $4 AND connected_at = $5 AND dead_at IS NULL",
        )
        .bind(&connection.subject.tenant)
        .bind(&connection.subject.user)
        .bind(&connection.provider)
        .bind(&connection.account.id)
        .bind(connection.connected_at)
        .fetch_optional(&mut **transaction)
        .await?;
        sqlx::query(
            "UPDATE connections SET reconnect_reason = $6, refresh_until = NULL, \
             dead_at = COALESCE(dead_at, $7) WHERE tenant = $1 AND user_id = $2 \
             AND provider = $3 AND account_id = $4 AND connected_at = $5",
        )
        .bind(&connection.subject.tenant)
        .bind(&connection.subject.user)
        .bind(&connection.provider)
        .bind(&connection.account.id)
        .bind(connection.connected_at)
        .bind(&reason)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
        if is_alive.is_some() {
            let (subject, provider) = (&connection.subject, Some(&*connection.provider));
            audit::record(transaction, now, subject, provider, Action::NeedsReconnect).await?;
        }
        Ok((reason, is_alive.is_some()))
    }

    pub(super) fn owner<'a>(&'a self, subject: &'a Subject, provider: &'a str) -> Owner<'a> {
        Owner {
            keys: &self.keys,
            subject,
            provider,
        }
    }
}

pub(super) fn connection(subject: &Subject, row: &AnyRow) -> Result<Connection, VaultError> {
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
        leaving_at: row.try_get("leaving_at")?,
    })
}
