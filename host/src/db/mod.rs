//! The database: one schema for every kind of it, spoken to through portable SQL.
//! It knows nothing of what the tables mean.

use sqlx::{
    Any, AnyPool, Connection, Executor, Row, Transaction,
    any::{AnyPoolOptions, install_default_drivers},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections kept open. SQLite has one writer at a time, so more of them only wait.
const POOL_SIZE: u32 = 8;

/// Seconds since 1970.
const NOW: &str = "SELECT CAST(strftime('%s', 'now') AS BIGINT)";

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
    #[error("the database URL is not understood: use sqlite:PATH")]
    UnknownKind,
    /// The lock file beside the database cannot be made.
    #[error("the lock file {} cannot be opened: {source}", path.display())]
    Lock {
        /// The lock file.
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
    pool: AnyPool,
    /// `None`: joined, beside the process that holds it.
    lock: Option<Arc<File>>,
}

impl Database {
    /// Opens the database of a `sqlite:PATH` URL, makes it when it is missing, and
    /// brings its schema up to date.
    ///
    /// # Errors
    /// See [`DatabaseError`]. A second process on the same file is refused.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        let path = path(url)?;
        let lock = lock(PathBuf::from(format!("{path}.lock")))?;
        let pool = connect(&path, "rwc").await?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self {
            pool,
            lock: Some(Arc::new(lock)),
        })
    }

    /// Opens an existing database beside the process that it serves, for a short while: the
    /// write-ahead log lets several processes read and take turns in writing. It changes no
    /// schema.
    ///
    /// # Errors
    /// See [`DatabaseError`]. A database of another version is refused.
    pub async fn join(url: &str) -> Result<Self, DatabaseError> {
        let path = path(url)?;
        if !Path::new(&path).is_file() {
            return Err(DatabaseError::Missing(PathBuf::from(path)));
        }
        let pool = connect(&path, "rw").await?;
        let there: Result<Vec<i64>, sqlx::Error> =
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&pool)
                .await;
        let there = match there {
            Ok(there) => there,
            // No such table: it is not ours.
            Err(sqlx::Error::Database(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let ours = MIGRATIONS.iter().map(|migration| migration.version);
        if !ours.eq(there) {
            return Err(DatabaseError::OtherVersion);
        }
        Ok(Self { pool, lock: None })
    }

    /// For reads and single writes.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A transaction that may write, and the time on the database's clock. It takes SQLite's
    /// write lock at once, so that it cannot fail half-way because another writer came first.
    /// Inside it, use the transaction alone: whoever waits for another connection of the pool
    /// may wait for those that wait for this lock.
    ///
    /// # Errors
    /// The database cannot be reached or stays locked.
    pub async fn write(&self) -> Result<(Transaction<'static, Any>, i64), sqlx::Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let now = sqlx::query_scalar(NOW).fetch_one(&mut *transaction).await?;
        Ok((transaction, now))
    }

    /// Seconds since 1970 on the database's clock, the one that every replica shares.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn now(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(NOW).fetch_one(&self.pool).await
    }

    /// Whether this process is the only one that the database serves.
    pub fn is_exclusive(&self) -> bool {
        self.lock.is_some()
    }

    /// Writes the file anew and empties the write-ahead log, so that what was deleted is in
    /// neither: `secure_delete` alone leaves copies in pages whose rows SQLite has moved to
    /// others (seen in one of four erasures among 150 bookings). Writers wait meanwhile. `false`:
    /// somebody is reading an older state; the next writes will empty the log.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn scrub(&self) -> Result<bool, sqlx::Error> {
        sqlx::query("VACUUM").execute(&self.pool).await?;
        let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
        let busy: i64 = folded.fetch_one(&self.pool).await?.try_get(0)?;
        Ok(busy == 0)
    }

    /// Closes all connections, so that the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The file that a `sqlite:PATH` URL names.
fn path(url: &str) -> Result<String, DatabaseError> {
    let path = url
        .strip_prefix("sqlite:")
        .ok_or(DatabaseError::UnknownKind)?;
    let path = path.split('?').next().unwrap_or(path);
    Ok(path.trim_start_matches("//").to_owned())
}

async fn connect(path: &str, mode: &str) -> Result<AnyPool, DatabaseError> {
    install_default_drivers();
    let options = sqlx::any::AnyConnectOptions::from_str(&format!("sqlite:{path}?mode={mode}"))?;
    let pool = AnyPoolOptions::new()
        .max_connections(POOL_SIZE)
        // After an I/O error SQLite rolls back by itself. The connection's own ROLLBACK then
        // fails, and it would count a transaction that does not exist for ever (case 45):
        // such a connection is closed, and another one opened.
        .before_acquire(|connection, _| {
            let is_usable = !connection.is_in_transaction();
            Box::pin(std::future::ready(Ok(is_usable)))
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                // FULL: what was acknowledged survives a power cut (case 45).
                connection
                    .execute(
                        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
                         PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                         PRAGMA secure_delete = ON",
                    )
                    .await
                    .map(drop)
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// Held as long as the process lives; the system frees it even after kill -9.
fn lock(path: PathBuf) -> Result<File, DatabaseError> {
    let file = match File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
    {
        Ok(file) => file,
        Err(source) => return Err(DatabaseError::Lock { path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(DatabaseError::InUse(path.with_extension("")))
        }
        Err(std::fs::TryLockError::Error(source)) => Err(DatabaseError::Lock { path, source }),
    }
}

#[cfg(test)]
impl Database {
    /// An empty one that goes with its folder.
    pub(crate) async fn temporary() -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("calport.db").display());
        (Self::open(&url).await.unwrap(), folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn case_47_a_second_opener_of_the_same_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("calport.db").display());
        let first = Database::open(&url).await.unwrap();
        assert!(matches!(
            Database::open(&url).await,
            Err(DatabaseError::InUse(_))
        ));
        first.close().await;
        drop(first);
        assert!(Database::open(&url).await.unwrap().now().await.unwrap() > 1_700_000_000);
    }

    #[tokio::test]
    async fn a_joined_database_is_shared_with_the_process_that_it_serves() {
        let (served, folder) = Database::temporary().await;
        let url = format!("sqlite:{}", folder.path().join("calport.db").display());
        let joined = Database::join(&url).await.unwrap();
        assert!(served.is_exclusive() && !joined.is_exclusive());
        let (mut writing, now) = served.write().await.unwrap();
        sqlx::query("INSERT INTO lanes (tenant, user_id, provider) VALUES ('t', 'ann', 'google')")
            .execute(&mut *writing)
            .await
            .unwrap();
        assert!(
            joined.now().await.unwrap() >= now,
            "reading waits for nobody"
        );
        writing.commit().await.unwrap();
        let (mut writing, _) = joined.write().await.unwrap();
        let changed = sqlx::query("UPDATE lanes SET strikes = 1")
            .execute(&mut *writing)
            .await
            .unwrap();
        writing.commit().await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
    }

    #[tokio::test]
    async fn only_an_existing_database_of_this_version_can_be_joined() {
        let (served, folder) = Database::temporary().await;
        let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let error = Database::join(&at("other.db")).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Missing(_)), "{error}");
        assert!(!folder.path().join("other.db").exists(), "nothing was made");
        std::fs::write(folder.path().join("foreign.db"), "").unwrap();
        let error = Database::join(&at("foreign.db")).await.unwrap_err();
        assert!(matches!(error, DatabaseError::OtherVersion), "{error}");
        sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 10")
            .execute(served.pool())
            .await
            .unwrap();
        let error = Database::join(&at("calport.db")).await.unwrap_err();
        assert!(matches!(error, DatabaseError::OtherVersion), "{error}");
    }
}
