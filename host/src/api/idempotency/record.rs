//! The rows of requests that carried a key.

use super::{key::Key, reply::Reply};
use crate::{
    api::{Problem, auth::Caller},
    connect::random,
    subject::Subject,
    vault::{
        Context, SealError, Sealed, Vault, VaultError,
        sealed_rows::{self, nobody},
    },
};
use secrecy::ExposeSecret;
use sqlx::Row;

/// How long a reply is kept, in seconds: a day in which a platform's own queue may retry.
const KEEP_SECONDS: i64 = 86_400;

/// How long a request may be under way: longer than any takes, so that its key comes free
/// only after a crash.
const CLAIM_SECONDS: i64 = 60;

/// The one who asks where that is the platform's server: no user's id is empty.
const PLATFORM: &str = "";

/// How a request with a key begins.
pub(super) enum Begun {
    /// Nobody has sent it before: it is to be done.
    Ours,
    /// It was done, with this reply.
    Replied(Reply),
    /// It is being done.
    UnderWay,
    /// The key was used for another request.
    OfAnother,
}

/// The row of one caller's key.
pub(super) struct Records {
    vault: Vault,
    subject: Subject,
    hash: String,
}

impl Records {
    pub(super) fn new(vault: Vault, caller: &Caller, key: &Key) -> Self {
        let user = match caller {
            Caller::User(subject) => &subject.user,
            Caller::Platform { .. } => PLATFORM,
        };
        let subject = Subject::new(caller.tenant(), user);
        Self {
            hash: key.hash(&subject.tenant, &subject.user),
            vault,
            subject,
        }
    }

    /// Takes the key for a request, or says what became of the one that has it. The write
    /// lock decides between those that come at once.
    pub(super) async fn begin(&self, fingerprint: &str) -> Result<Begun, Problem> {
        let (mut transaction, now) = self.vault.database().write().await?;
        sqlx::query("DELETE FROM idempotency_keys WHERE expires_at <= $1")
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let taken = sqlx::query(
            "INSERT INTO idempotency_keys (key_hash, fingerprint, claimed_until, expires_at, \
             caller) VALUES ($1, $2, $3, $4, $6) ON CONFLICT (key_hash) DO UPDATE SET \
             claimed_until = excluded.claimed_until, expires_at = excluded.expires_at \
             WHERE idempotency_keys.reply IS NULL AND idempotency_keys.claimed_until <= $5 \
             AND idempotency_keys.fingerprint = excluded.fingerprint",
        )
        .bind(&self.hash)
        .bind(fingerprint)
        .bind(now + CLAIM_SECONDS)
        .bind(now + KEEP_SECONDS)
        .bind(now)
        .bind(random::digest_of_subject(&self.subject))
        .execute(&mut *transaction)
        .await?;
        if taken.rows_affected() > 0 {
            transaction.commit().await?;
            return Ok(Begun::Ours);
        }
        let row =
            sqlx::query("SELECT fingerprint, reply FROM idempotency_keys WHERE key_hash = $1")
                .bind(&self.hash)
                .fetch_one(&mut *transaction)
                .await?;
        transaction.commit().await?;
        if row.try_get::<String, _>("fingerprint")? != fingerprint {
            return Ok(Begun::OfAnother);
        }
        match row.try_get::<Option<String>, _>("reply")? {
            None => Ok(Begun::UnderWay),
            Some(sealed) => self.open(sealed).map(Begun::Replied),
        }
    }

    /// Keeps the reply for those who repeat the request.
    pub(super) async fn keep(&self, reply: &Reply) -> Result<(), Problem> {
        let json = serde_json::to_string(reply).map_err(|error| Problem::internal(&error))?;
        let field = sealed_rows::reply(&self.hash);
        let sealed = self
            .vault
            .keys()
            .seal(&json.into(), place(&nobody(), &field));
        let sealed = sealed.map_err(VaultError::from)?;
        sqlx::query("UPDATE idempotency_keys SET reply = $2, key_id = $3 WHERE key_hash = $1")
            .bind(&self.hash)
            .bind(sealed.as_column())
            .bind(sealed.key_id())
            .execute(self.vault.database().pool())
            .await?;
        Ok(())
    }

    /// Lets the request be sent again as if it had never come.
    pub(super) async fn release(&self) -> Result<(), Problem> {
        sqlx::query("DELETE FROM idempotency_keys WHERE key_hash = $1 AND reply IS NULL")
            .bind(&self.hash)
            .execute(self.vault.database().pool())
            .await?;
        Ok(())
    }

    fn open(&self, sealed: String) -> Result<Reply, Problem> {
        let field = sealed_rows::reply(&self.hash);
        let sealed = Sealed::from_column(sealed);
        let keys = self.vault.keys();
        let opened = match keys.open(&sealed, place(&nobody(), &field)) {
            // As replies were sealed before, which are kept for a day.
            Err(SealError::Forged) => keys.open(&sealed, place(&self.subject, &field)),
            opened => opened,
        };
        let opened = opened.map_err(VaultError::from)?;
        serde_json::from_str(opened.expose_secret()).map_err(|error| Problem::internal(&error))
    }
}

/// The hash in the field tells one caller's replies from another's.
fn place<'a>(subject: &'a Subject, field: &'a str) -> Context<'a> {
    Context {
        subject,
        provider: "",
        field,
    }
}
