//! Databases for tests: a SQLite file or a database of a real PostgreSQL server, fresh for
//! every test, of the kind that the test is running on. The server is started from Debian's
//! package, once for each test program, and ends with it.

mod clock;
mod keeper;
mod place;
mod pooler;
mod server;

pub use calport_test_macros::each_database;
pub use clock::clock_settings;
pub use place::{Missing, is_there};
pub use pooler::Pooler;
pub use server::{Server, Settings};

use std::path::Path;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

tokio::task_local! {
    static KIND: Kind;
}

/// Runs a test on one kind of database.
///
/// # Panics
/// Where there is no PostgreSQL and it may not be left out (`CI` is set).
pub async fn on<T: Untested>(kind: Kind, test: impl Future<Output = T>) -> T {
    if kind == Kind::Postgres
        && let Err(missing) = is_there()
    {
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("NOT TESTED on PostgreSQL: {missing}");
        return T::untested();
    }
    Box::pin(KIND.scope(kind, test)).await
}

/// What a test ends with that was left out.
pub trait Untested {
    /// Not a failure.
    fn untested() -> Self;
}

impl Untested for () {
    fn untested() -> Self {}
}

impl<E> Untested for Result<(), E> {
    fn untested() -> Self {
        Ok(())
    }
}

/// What the running test runs on; SQLite where it does not say.
pub fn kind() -> Kind {
    KIND.try_with(|kind| *kind).unwrap_or(Kind::Sqlite)
}

/// The URL of an empty database of the running test's kind. A file lies in the folder.
///
/// # Panics
/// When PostgreSQL does not start, or refuses.
pub async fn fresh(folder: &Path) -> String {
    match kind() {
        Kind::Sqlite => format!("sqlite:{}", folder.join("calport.db").display()),
        Kind::Postgres => Server::shared().await.fresh().await,
    }
}

/// All that is stored in a database of [`fresh`]: SQLite's files, PostgreSQL's dump.
///
/// # Panics
/// When it cannot be read.
pub async fn stored(folder: &Path, url: &str) -> Vec<u8> {
    match kind() {
        Kind::Sqlite => files(folder),
        Kind::Postgres => Server::shared().await.dump(name(url)),
    }
}

/// All that lies on the disk, of a database of [`fresh`] and others beside it.
///
/// # Panics
/// When it cannot be read.
pub async fn on_disk(folder: &Path) -> Vec<u8> {
    match kind() {
        Kind::Sqlite => files(folder),
        Kind::Postgres => Server::shared().await.files().await,
    }
}

/// The name of the database that a URL of PostgreSQL leads to.
pub fn name(url: &str) -> &str {
    url.split(['/', '?']).nth(3).unwrap_or_default()
}

fn files(folder: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    assert!(files.len() >= 2, "the database and its log are read");
    files
        .iter()
        .flat_map(|file| std::fs::read(file).expect("a file"))
        .collect()
}
