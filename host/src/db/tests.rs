//! What holds for both kinds of database, and what for one.

use super::*;
use calport_databases::{Kind as Tested, each_database, kind};
use std::{collections::BTreeSet, path::Path};

impl Database {
    /// An empty one of the kind that the test runs on; a file goes with its folder.
    pub(crate) async fn temporary() -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = calport_databases::fresh(folder.path()).await;
        (Self::open(&url).await.unwrap(), folder)
    }

    /// The tables that hold something of users, by the columns that name them.
    pub(crate) async fn tables_of_users(&self) -> BTreeSet<String> {
        let tables = self.dialect(Dialects {
            sqlite: "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND c.name IN ('user_id', 'caller')",
            postgres: "SELECT CAST(table_name AS TEXT) FROM information_schema.columns \
                 WHERE table_schema = 'public' AND column_name IN ('user_id', 'caller')",
        });
        let tables = sqlx::query_scalar(tables).fetch_all(&self.pool).await;
        tables.unwrap().into_iter().collect()
    }
}

fn file(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

#[tokio::test]
async fn case_47_a_second_opener_of_the_same_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = file(folder.path(), "calport.db");
    let first = Database::open(&url).await.unwrap();
    assert!(matches!(
        Database::open(&url).await,
        Err(DatabaseError::InUse(_))
    ));
    first.close().await;
    drop(first);
    assert!(Database::open(&url).await.unwrap().now().await.unwrap() > 1_700_000_000);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_written_is_for_the_process_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let url = file(folder.path(), "calport.db");
    let database = Database::open(&url).await.unwrap();
    database.now().await.unwrap();
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
        names.insert(entry.file_name().into_string().unwrap());
    }
    let all = ["", "-shm", "-wal", ".lock"].map(|end| format!("calport.db{end}"));
    assert_eq!(names, BTreeSet::from(all));
}

#[each_database]
async fn a_joined_database_is_shared_with_the_process_that_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let url = calport_databases::fresh(folder.path()).await;
    let served = Database::open(&url).await.unwrap();
    let joined = Database::join(&url).await.unwrap();
    assert_eq!(served.is_exclusive(), kind() == Tested::Sqlite);
    assert!(!joined.is_exclusive());
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

#[each_database]
async fn only_an_existing_database_of_this_version_can_be_joined() {
    let folder = tempfile::tempdir().unwrap();
    if kind() == Tested::Sqlite {
        let error = Database::join(&file(folder.path(), "other.db")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, DatabaseError::Missing(_)), "{error}");
        assert!(!folder.path().join("other.db").exists(), "nothing was made");
        std::fs::write(folder.path().join("calport.db"), "").unwrap();
    }
    let url = calport_databases::fresh(folder.path()).await;
    let error = Database::join(&url).await.unwrap_err();
    assert!(matches!(error, DatabaseError::OtherVersion), "{error}");
    let served = Database::open(&url).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 10")
        .execute(served.pool())
        .await
        .unwrap();
    let error = Database::join(&url).await.unwrap_err();
    assert!(matches!(error, DatabaseError::OtherVersion), "{error}");
}

#[test]
fn a_url_is_understood_or_refused_without_being_repeated() {
    for good in [
        "sqlite:calport.db",
        "postgres://ann:hunter2@db.example/calport",
        "postgresql://db.example:6432/calport?pgbouncer=true&sslmode=verify-full",
        "postgres:///calport?host=/run/postgresql&user=calport",
    ] {
        Database::check(good).unwrap();
    }
    for bad in [
        "",
        "calport.db",
        "mysql://ann:hunter2@db.example/calport",
        "postgres://ann:hunter2@db.example:port/calport",
        "postgres://ann@db.example/calport?pgbouncer=hunter2",
        "postgres://ann@db.example/calport?passwort=hunter2",
    ] {
        let error = Database::check(bad).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
