//! Everything that is stored of a user, as JSON that they can be given. It is written as it is
//! read, however much there is. Secrets, and what secrets are known by, are never in it; of
//! others who take part in the same bookings it tells nothing but their roles.

mod sections;

use crate::{
    audit::{self, Action},
    connect::random,
    db::{Database, Transaction},
    subject::Subject,
};
use futures::TryStreamExt;
use jiff::Timestamp;
use sections::{SECTIONS, Section};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The target of events that an auditor looks for.
const AUDIT: &str = "calport::audit";

/// What the file says that it is. It changes when a reader would have to.
const FORMAT: &str = "calport-export-1";

/// The requests that a user made with an idempotency key: their replies are sealed, and
/// nothing of them can be told but that they are there.
const REPLIES: &str = "SELECT COUNT(*) FROM idempotency_keys WHERE caller = $1";

/// Why there is no export, or only a part of one.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// What is stored cannot be read.
    #[error("what is stored cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Whether anything is stored of a user.
///
/// # Errors
/// The database failed.
pub async fn is_known(database: &Database, subject: &Subject) -> Result<bool, sqlx::Error> {
    for section in &SECTIONS {
        let first = sqlx::query(section.statement)
            .bind(&subject.tenant)
            .bind(&subject.user)
            .fetch_optional(database.pool());
        if first.await?.is_some() {
            return Ok(true);
        }
    }
    let replies: i64 = sqlx::query_scalar(REPLIES)
        .bind(random::digest_of_subject(subject))
        .fetch_one(database.pool())
        .await?;
    Ok(replies > 0)
}

/// Writes everything that is stored of a user; how many entries there are. Lines are short
/// enough to be looked through: one for each entry. That it is done is noted before anything is
/// read: one that breaks off has given something out as well.
///
/// # Errors
/// See [`ExportError`]. What was written before stands.
pub async fn export(
    database: &Database,
    subject: &Subject,
    to: &mut (dyn Write + Send),
) -> Result<u64, ExportError> {
    let (mut transaction, now) = database.write().await?;
    audit::record(&mut transaction, now, subject, None, Action::Exported).await?;
    transaction.commit().await?;
    tracing::info!(target: AUDIT, %subject, "what is stored of the user is being exported");
    // One state: what changes meanwhile is in all of it or in nothing.
    let mut reading = database.read().await?;
    let head = [
        ("format", json!(FORMAT)),
        ("tenant", json!(subject.tenant)),
        ("user", json!(subject.user)),
        ("exported", time(Some(now))),
    ];
    writeln!(to, "{{")?;
    for (name, value) in head {
        writeln!(to, "\"{name}\": {value},")?;
    }
    let mut entries = 0;
    for section in &SECTIONS {
        entries += write_section(&mut reading, subject, section, to).await?;
    }
    let replies: i64 = sqlx::query_scalar(REPLIES)
        .bind(random::digest_of_subject(subject))
        .fetch_one(&mut *reading)
        .await?;
    writeln!(to, "\"idempotency_keys\": {replies}\n}}")?;
    to.flush()?;
    tracing::info!(target: AUDIT, %subject, entries, "what is stored of the user was exported");
    Ok(entries)
}

async fn write_section(
    reading: &mut Transaction,
    subject: &Subject,
    section: &Section,
    to: &mut (dyn Write + Send),
) -> Result<u64, ExportError> {
    write!(to, "\"{}\": [", section.name)?;
    let mut rows = sqlx::query(section.statement)
        .bind(&subject.tenant)
        .bind(&subject.user)
        .fetch(&mut **reading);
    let mut entries = 0;
    while let Some(row) = rows.try_next().await? {
        let entry = (section.entry)(&row)?;
        let separator = if entries == 0 { "" } else { "," };
        write!(to, "{separator}\n{entry}")?;
        entries += 1;
    }
    let end = if entries == 0 { "" } else { "\n" };
    writeln!(to, "{end}],")?;
    Ok(entries)
}

/// A moment as people and programs read it (RFC 3339).
fn time(seconds: Option<i64>) -> Value {
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or(Value::Null, |time| json!(time.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use calport_databases::each_database;
    use std::collections::BTreeSet;

    #[each_database]
    async fn no_table_that_names_users_is_left_out() {
        let (database, _folder) = Database::temporary().await;
        let statements = SECTIONS.iter().map(|section| section.statement);
        let read: BTreeSet<String> = statements
            .chain([REPLIES])
            .map(|statement| {
                let (_, from) = statement.split_once(" FROM ").unwrap();
                from.split(' ').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(read, database.tables_of_users().await);
    }

    /// Who reads the export goes away in the middle of it.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[each_database]
    async fn an_export_that_breaks_off_is_noted_all_the_same() {
        let (database, _folder) = Database::temporary().await;
        let ann = Subject::new("default", "ann");
        let broken = export(&database, &ann, &mut Gone).await.unwrap_err();
        assert!(matches!(broken, ExportError::Write(_)), "{broken}");
        let noted = audit::of_user(&database, &ann, "", 10).await.unwrap();
        let [noted] = noted.as_slice() else {
            panic!("{noted:?}");
        };
        assert_eq!(noted.action, "exported");
    }

    #[each_database]
    async fn of_an_unknown_user_nothing_is_known_and_the_export_holds_its_own_note_alone() {
        let (database, _folder) = Database::temporary().await;
        let ann = Subject::new("default", "ann");
        assert!(!is_known(&database, &ann).await.unwrap());
        let mut written = Vec::new();
        assert_eq!(export(&database, &ann, &mut written).await.unwrap(), 1);
        let read: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(read["connections"], json!([]));
        assert_eq!(read["idempotency_keys"], 0);
        assert_eq!(read["audit"][0]["action"], "exported");
        sqlx::query("INSERT INTO lanes (tenant, user_id, provider) VALUES ('default', 'ann', 'x')")
            .execute(database.pool())
            .await
            .unwrap();
        assert!(is_known(&database, &ann).await.unwrap());
        let bob = Subject::new("default", "bob");
        let elsewhere = Subject::new("other", "ann");
        for stranger in [bob, elsewhere] {
            assert!(!is_known(&database, &stranger).await.unwrap(), "{stranger}");
        }
    }
}
