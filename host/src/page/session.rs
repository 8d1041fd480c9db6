//! Who has the page open: one-time URLs for the platform to send its users to, and the
//! sessions of the browsers that came. Tokens are stored as hashes alone.

use super::words::Language;
use crate::{connect::random, cookie::Cookie, db::Database, subject::Subject};
use secrecy::{ExposeSecret, SecretString};
use sqlx::Row;

/// How long a one-time URL waits for its browser, in seconds.
pub const TICKET_SECONDS: i64 = 300;

/// How long a page stays open, in seconds.
pub const SESSION_SECONDS: i64 = 3_600;

/// What ties a browser to its session.
pub const COOKIE: Cookie = Cookie {
    secure_name: "__Host-calport-page",
    plain_name: "calport-page",
    seconds: SESSION_SECONDS,
};

/// What a form of the page holds besides the cookie; says what the hash is of.
const FORM_PURPOSE: &str = "calport page form v1";

/// For whom a page is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The user.
    pub subject: Subject,
    /// What the user is called on the page.
    pub name: Option<String>,
}

/// An open page.
pub struct Session {
    /// Whose it is.
    pub visitor: Visitor,
    /// The language that was chosen on the page.
    pub language: Option<Language>,
    token: SecretString,
}

impl Session {
    /// What forms of this page carry, so that no other page can send them.
    pub fn form_token(&self) -> String {
        random::digest(&format!("{FORM_PURPOSE}\n{}", self.token.expose_secret()))
    }
}

/// Why there is no ticket or session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The system has no randomness to give.
    #[error("the system's random source failed")]
    Random(#[from] getrandom::Error),
}

/// Tickets and sessions in a database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PageSessions {
    database: Database,
}

impl PageSessions {
    /// The sessions of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// A ticket that opens the page once.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn issue(&self, visitor: &Visitor) -> Result<SecretString, SessionError> {
        let ticket = random::token()?;
        let now = self.database.now().await?;
        sqlx::query("DELETE FROM page_tickets WHERE expires_at < $1")
            .bind(now)
            .execute(self.database.pool())
            .await?;
        sqlx::query(
            "INSERT INTO page_tickets (ticket_hash, tenant, user_id, display_name, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(random::digest(&ticket))
        .bind(&visitor.subject.tenant)
        .bind(&visitor.subject.user)
        .bind(&visitor.name)
        .bind(now + TICKET_SECONDS)
        .execute(self.database.pool())
        .await?;
        Ok(ticket.into())
    }

    /// Uses a ticket up: the cookie of the session that it opens, `None` where it is
    /// unknown, used or too old.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn open(&self, ticket: &str) -> Result<Option<SecretString>, SessionError> {
        let now = self.database.now().await?;
        // Deleting the row is what makes a ticket single-use.
        let row = sqlx::query(
            "DELETE FROM page_tickets WHERE ticket_hash = $1 \
             RETURNING tenant, user_id, display_name, expires_at",
        )
        .bind(random::digest(ticket))
        .fetch_optional(self.database.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.try_get::<i64, _>("expires_at")? < now {
            return Ok(None);
        }
        let token = random::token()?;
        sqlx::query("DELETE FROM page_sessions WHERE expires_at < $1")
            .bind(now)
            .execute(self.database.pool())
            .await?;
        sqlx::query(
            "INSERT INTO page_sessions (session_hash, tenant, user_id, display_name, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(random::digest(&token))
        .bind(row.try_get::<String, _>("tenant")?)
        .bind(row.try_get::<String, _>("user_id")?)
        .bind(row.try_get::<Option<String>, _>("display_name")?)
        .bind(now + SESSION_SECONDS)
        .execute(self.database.pool())
        .await?;
        Ok(Some(token.into()))
    }

    /// The session of a browser's cookie.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find(&self, token: &str) -> Result<Option<Session>, sqlx::Error> {
        let now = self.database.now().await?;
        let row = sqlx::query(
            "SELECT tenant, user_id, display_name, language FROM page_sessions \
             WHERE session_hash = $1 AND expires_at >= $2",
        )
        .bind(random::digest(token))
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let tenant: String = row.try_get("tenant")?;
        let user: String = row.try_get("user_id")?;
        let language: Option<String> = row.try_get("language")?;
        Ok(Some(Session {
            visitor: Visitor {
                subject: Subject::new(tenant, user),
                name: row.try_get("display_name")?,
            },
            language: language.as_deref().and_then(Language::parse),
            token: token.into(),
        }))
    }

    /// Keeps a language for the rest of a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn speak(&self, session: &Session, language: Language) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE page_sessions SET language = $2 WHERE session_hash = $1")
            .bind(random::digest(session.token.expose_secret()))
            .bind(language.code())
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn close(&self, session: &Session) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM page_sessions WHERE session_hash = $1")
            .bind(random::digest(session.token.expose_secret()))
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Ends all that a user has open, and every ticket not yet used.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget(&self, subject: &Subject) -> Result<(), sqlx::Error> {
        for statement in [
            "DELETE FROM page_tickets WHERE tenant = $1 AND user_id = $2",
            "DELETE FROM page_sessions WHERE tenant = $1 AND user_id = $2",
        ] {
            sqlx::query(statement)
                .bind(&subject.tenant)
                .bind(&subject.user)
                .execute(self.database.pool())
                .await?;
        }
        Ok(())
    }
}
