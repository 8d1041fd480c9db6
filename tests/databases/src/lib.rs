//! Databases for tests: a SQLite file or a database of a real PostgreSQL server, fresh for
//! every test, of the kind that the test is running on. The server is started from Debian's
//! package, once for each test program, and ends with it.

mod place;
mod server;

pub use calport_test_macros::each_database;
pub use place::{Missing, is_there};
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
