//! The database: one schema for every kind of it, spoken to through portable SQL. It knows
//! nothing of what the tables mean.

mod collision;
mod hold;
mod passing;
mod postgres;
mod session;
mod silence;
mod sqlite;
#[cfg(test)]
mod tests;

pub use collision::Collisions;
pub(crate) use passing::may_pass;
pub use session::{Pool, Session, Transaction};

use postgres::Place;
use session::Connections;
use silence::Silence;
use sqlx::any::install_default_drivers;
use std::{fs::File, path::PathBuf, sync::Arc};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Another process has it open.
    #[error(
        "{} is in use by another process: stop that one first (SQLite serves one process; \
         several replicas need PostgreSQL)",
        .0.display()
    )]
    InUse(PathBuf),
    /// The URL is of no kind that is known.
    #[error(
        "the database URL is not understood: use sqlite:PATH or \
         postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    UnknownKind,
    /// The URL is of a known kind, but wrong. It may hold a password, and is not repeated.
    #[error(
        "the database URL is malformed: use postgres://USER:PASSWORD@HOST/DATABASE, with what \
         is special in a password percent-encoded; pgbouncer=true behind a pooler"
    )]
    Malformed,
    /// The URL has a parameter that nothing is known of. Its value is not repeated.
    #[error(
        "the database URL has the unknown parameter {0:?}: sslmode, sslrootcert, sslcert, sslkey, \
         host, port, user, password, dbname, application_name and pgbouncer are known"
    )]
    UnknownParameter(String),
    /// The database's file, or the lock file beside it, cannot be opened or made.
    #[error("the database's file {} cannot be opened: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// There is none to join.
    #[error(
        "there is no database at {}: set CALPORT_DATABASE_URL to the one that `calport serve` \
         uses (a relative path counts from the folder in which it runs)",
        .0.display()
    )]
    Missing(PathBuf),
    /// Its schema is not this version's.
    #[error(
        "the database is of another version of Calport: use the `calport` that serves it, or \
         start `calport serve` of this version once, which brings it up to date"
    )]
    OtherVersion,
    /// Anything that the database itself answered.
    #[error("the database failed: {0}")]
    Failed(#[from] sqlx::Error),
}

/// An open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// `None`: joined, beside the process that holds it.
    Sqlite(Option<Arc<File>>),
    Postgres,
}

/// One statement in the words of each kind of database, where their words differ.
#[derive(Clone, Copy, Debug)]
pub struct Dialects {
    /// For a database with one writer at a time.
    pub sqlite: &'static str,
    /// For one with many: what others hold is passed over (`SKIP LOCKED`), or locked.
    pub postgres: &'static str,
}

impl Database {
    /// Whether a URL can be understood; asks no database.
    ///
    /// # Errors
    /// [`DatabaseError::UnknownKind`], [`DatabaseError::Malformed`] or
    /// [`DatabaseError::UnknownParameter`].
    pub fn check(url: &str) -> Result<(), DatabaseError> {
        match sqlite::path(url) {
            Some(_) => Ok(()),
            None => postgres::place(url)
                .ok_or(DatabaseError::UnknownKind)?
                .map(drop),
        }
    }

    /// Opens the database of a `sqlite:PATH` URL, which is made when it is missing, or of a
    /// `postgres:` one, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`DatabaseError`]. A second process on the same SQLite file is refused.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        install_default_drivers();
        if let Some(path) = sqlite::path(url) {
            let (pool, lock) = sqlite::open(&path).await?;
            return Ok(Self::sqlite(pool, Some(lock)));
        }
        let place = postgres::place(url).ok_or(DatabaseError::UnknownKind)??;
        let opened = Self::postgres(&place).await?;
        postgres::migrate(opened.pool.any()).await?;
        Ok(opened)
    }

    /// Opens an existing database beside the processes that it serves, for a short while:
    /// SQLite's write-ahead log lets several processes read and take turns in writing. It
    /// changes no schema.
    ///
    /// # Errors
    /// See [`DatabaseError`]. A database of another version is refused.
    pub async fn join(url: &str) -> Result<Self, DatabaseError> {
        install_default_drivers();
        let joined = match sqlite::path(url) {
            Some(path) => Self::sqlite(sqlite::join(&path).await?, None),
            None => {
                let place = postgres::place(url).ok_or(DatabaseError::UnknownKind)??;
                Self::postgres(&place).await?
            }
        };
        match joined.is_of_this_version().await? {
            true => Ok(joined),
            false => Err(DatabaseError::OtherVersion),
        }
    }

    fn sqlite(pool: sqlx::AnyPool, lock: Option<Arc<File>>) -> Self {
        Self {
            pool: Pool::new(pool, Connections::Own, None),
            kind: Kind::Sqlite(lock),
        }
    }

    async fn postgres(place: &Place) -> Result<Self, DatabaseError> {
        let silence = Silence::default();
        let pool = postgres::connect(place, &silence).await?;
        Ok(Self {
            pool: Pool::new(pool, place.connections, Some(silence)),
            kind: Kind::Postgres,
        })
    }

    async fn is_of_this_version(&self) -> Result<bool, sqlx::Error> {
        let there: Result<Vec<i64>, sqlx::Error> =
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&self.pool)
                .await;
        let there = match there {
            Ok(there) => there,
            // No such table: it is not ours.
            Err(sqlx::Error::Database(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let ours = MIGRATIONS.iter().map(|migration| migration.version);
        Ok(ours.eq(there))
    }

    /// For reads and single writes.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A transaction that may write, and the time on the database's clock. In SQLite it takes
    /// the write lock at once, so that it cannot fail half-way because another writer came
    /// first; in PostgreSQL others write meanwhile, and what it reads before it writes is to
    /// be held ([`Transaction::hold_user`] and the like). Inside it, use the transaction
    /// alone: whoever waits for another connection of the pool may wait for those that wait
    /// for this one's locks.
    ///
    /// # Errors
    /// The database cannot be reached or stays locked.
    pub async fn write(&self) -> Result<(Transaction, i64), sqlx::Error> {
        let mut transaction = match self.kind {
            Kind::Sqlite(_) => self.pool.begin(sqlite::BEGIN, false).await?,
            Kind::Postgres => self.pool.begin(postgres::BEGIN, true).await?,
        };
        let now = sqlx::query_scalar(self.clock())
            .fetch_one(&mut *transaction)
            .await?;
        Ok((transaction, now))
    }

    /// A transaction that reads one state of the database, however long it takes.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn read(&self) -> Result<Transaction, sqlx::Error> {
        match self.kind {
            Kind::Sqlite(_) => self.pool.begin(sqlite::READ, false).await,
            Kind::Postgres => self.pool.begin(postgres::READ, true).await,
        }
    }

    /// Seconds since 1970 on the database's clock, the one that every replica shares.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn now(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(self.clock()).fetch_one(&self.pool).await
    }

    fn clock(&self) -> &'static str {
        self.dialect(Dialects {
            sqlite: sqlite::NOW,
            postgres: postgres::NOW,
        })
    }

    /// The statement in this database's words.
    pub fn dialect(&self, statement: Dialects) -> &'static str {
        match self.kind {
            Kind::Sqlite(_) => statement.sqlite,
            Kind::Postgres => statement.postgres,
        }
    }

    /// Whether this process is the only one that the database serves.
    pub fn is_exclusive(&self) -> bool {
        match &self.kind {
            Kind::Sqlite(lock) => lock.is_some(),
            Kind::Postgres => false,
        }
    }

    /// Sees to it that what was deleted is not left lying about. SQLite's file is written
    /// anew and its write-ahead log emptied: `secure_delete` alone leaves copies in pages
    /// whose rows SQLite has moved to others (seen in one of four erasures among 150
    /// bookings). Writers wait meanwhile. `false`: somebody is reading an older state; the
    /// next writes will empty the log. PostgreSQL's own vacuum overwrites what was deleted in
    /// its time, and its log and replicas are the operator's to keep or not.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn scrub(&self) -> Result<bool, sqlx::Error> {
        match self.kind {
            Kind::Sqlite(_) => sqlite::scrub(self.pool.any()).await,
            Kind::Postgres => Ok(true),
        }
    }

    /// Closes all connections; SQLite's write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
