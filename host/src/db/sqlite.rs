//! A file that serves one process: write-ahead log, every commit flushed to the disk.

use super::{DatabaseError, MIGRATIONS};
use sqlx::{
    AnyPool, Connection, Executor, Row,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

/// Connections kept open. SQLite has one writer at a time, so more of them only wait.
const POOL_SIZE: u32 = 8;

/// Seconds since 1970.
pub(super) const NOW: &str = "SELECT CAST(strftime('%s', 'now') AS BIGINT)";

/// Takes the write lock at once.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Reads what was there when it first reads.
pub(super) const READ: &str = "BEGIN";

/// The file that a URL names, if it is of this kind.
pub(super) fn path(url: &str) -> Option<String> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.split('?').next().unwrap_or(path);
    Some(path.trim_start_matches("//").to_owned())
}

/// Opens the file, makes it when it is missing, and brings its schema up to date.
pub(super) async fn open(path: &str) -> Result<(AnyPool, Arc<File>), DatabaseError> {
    let lock = opened(PathBuf::from(format!("{path}.lock"))).and_then(locked)?;
    // SQLite itself would make it, and the files beside it, readable by everybody.
    opened(PathBuf::from(path))?;
    let pool = connect(path, "rwc").await?;
    MIGRATIONS.run(&pool).await?;
    Ok((pool, Arc::new(lock)))
}

/// Opens the file beside the process that it serves.
pub(super) async fn join(path: &str) -> Result<AnyPool, DatabaseError> {
    if !Path::new(path).is_file() {
        return Err(DatabaseError::Missing(PathBuf::from(path)));
    }
    connect(path, "rw").await
}

/// See [`Database::scrub`](super::Database::scrub).
pub(super) async fn scrub(pool: &AnyPool) -> Result<bool, sqlx::Error> {
    sqlx::query("VACUUM").execute(pool).await?;
    let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
    let busy: i64 = folded.fetch_one(pool).await?.try_get(0)?;
    Ok(busy == 0)
}

async fn connect(path: &str, mode: &str) -> Result<AnyPool, DatabaseError> {
    let options = AnyConnectOptions::from_str(&format!("sqlite:{path}?mode={mode}"))?;
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

/// Opens a file of this process's user; a new one is nobody else's to read.
fn opened(path: PathBuf) -> Result<(File, PathBuf), DatabaseError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(file) => Ok((file, path)),
        Err(source) => Err(DatabaseError::File { path, source }),
    }
}

/// Held as long as the process lives; the system frees it even after kill -9.
fn locked((file, path): (File, PathBuf)) -> Result<File, DatabaseError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(DatabaseError::InUse(path.with_extension("")))
        }
        Err(std::fs::TryLockError::Error(source)) => Err(DatabaseError::File { path, source }),
    }
}
