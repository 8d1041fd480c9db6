//! The secret part of a feed's address: 256 bits, shown once, stored as a hash.

use crate::{connect::random, db::Database, subject::Subject};
use sqlx::Row;
use url::Url;

/// Addresses that a user may have at once: one for each of their devices. The one that was
/// made first makes room.
const MAX_PER_USER: i64 = 5;

/// Feeds in a database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feeds {
    database: Database,
    public_url: Url,
}

/// Why there is no new feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The system has no randomness to give.
    #[error("the system's random source failed")]
    Random(#[from] getrandom::Error),
}

/// The address of a feed, known only now. No `Debug`: it is a secret.
pub struct FeedUrls {
    /// For every calendar app.
    pub feed_url: String,
    /// The same for Apple's, which opens it by its scheme.
    pub webcal_url: String,
}

/// What is known of a user's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedStatus {
    /// When an app last fetched it, in seconds since 1970.
    pub last_fetched: Option<i64>,
    /// When its newest address was made.
    pub created_at: i64,
}

impl Feeds {
    /// Feeds under this origin.
    pub fn new(database: Database, public_url: Url) -> Self {
        Self {
            database,
            public_url,
        }
    }

    /// A further address for a user; those in use stay.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn issue(&self, subject: &Subject) -> Result<FeedUrls, FeedError> {
        self.make(subject, MAX_PER_USER - 1).await
    }

    /// A new address for a user; every older one dies.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn renew(&self, subject: &Subject) -> Result<FeedUrls, FeedError> {
        self.make(subject, 0).await
    }

    /// Ends all of a user's addresses. Whether there were any.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke(&self, subject: &Subject) -> Result<bool, sqlx::Error> {
        let done = sqlx::query("DELETE FROM feed_tokens WHERE tenant = $1 AND user_id = $2")
            .bind(&subject.tenant)
            .bind(&subject.user)
            .execute(self.database.pool())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Whose feed this is; notes that it was fetched.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fetched(&self, token: &str) -> Result<Option<Subject>, sqlx::Error> {
        let now = self.database.now().await?;
        let row = sqlx::query(
            "UPDATE feed_tokens SET last_fetched = $2 WHERE token_hash = $1 \
             RETURNING tenant, user_id",
        )
        .bind(random::digest(token))
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        row.map(|row| {
            Ok(Subject::new(
                row.try_get::<String, _>("tenant")?,
                row.try_get::<String, _>("user_id")?,
            ))
        })
        .transpose()
    }

    /// What is known of a user's feed; `None` where they have none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn status(&self, subject: &Subject) -> Result<Option<FeedStatus>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT MAX(created_at) AS created_at, MAX(last_fetched) AS last_fetched \
             FROM feed_tokens WHERE tenant = $1 AND user_id = $2",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .fetch_one(self.database.pool())
        .await?;
        let created_at: Option<i64> = row.try_get("created_at")?;
        let last_fetched = row.try_get("last_fetched")?;
        Ok(created_at.map(|created_at| FeedStatus {
            last_fetched,
            created_at,
        }))
    }

    async fn make(&self, subject: &Subject, keep: i64) -> Result<FeedUrls, FeedError> {
        let token = random::token()?;
        let (mut transaction, now) = self.database.write().await?;
        transaction.hold_user(subject).await?;
        sqlx::query(
            "DELETE FROM feed_tokens WHERE tenant = $1 AND user_id = $2 AND token_hash NOT IN ( \
               SELECT token_hash FROM feed_tokens WHERE tenant = $1 AND user_id = $2 \
               ORDER BY created_at DESC, token_hash LIMIT $3)",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(keep)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO feed_tokens (token_hash, tenant, user_id, created_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(random::digest(&token))
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let feed_url = format!("{}feeds/{token}.ics", self.public_url);
        let (_, rest) = feed_url.split_once(':').unwrap_or_default();
        let webcal_url = format!("webcal:{rest}");
        Ok(FeedUrls {
            feed_url,
            webcal_url,
        })
    }
}
