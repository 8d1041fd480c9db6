//! Whether the database is there, of this version, and can be written to; and whether the
//! place that SQLite's file lies in is one for it.

use super::Report;
use crate::{
    config::{Environment, database_url},
    db::{Database, DatabaseError},
};
use std::path::{Path, PathBuf};

const AREA: &str = "Database";

/// Below this much free space, in bytes, somebody should look.
const LITTLE: u64 = 1024 * 1024 * 1024;

/// Below this much, bookings are about to be refused.
const TOO_LITTLE: u64 = 100 * 1024 * 1024;

/// The open database, for those who look on.
pub(super) async fn examine(environment: &Environment, report: &mut Report) -> Option<Database> {
    let url = database_url(environment);
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.split('?').next().unwrap_or(path);
        let path = Path::new(path.trim_start_matches("//"));
        if !place(path, report) {
            return None;
        }
    }
    let database = match Database::join(url).await {
        Ok(database) => database,
        Err(DatabaseError::Missing(path)) => {
            report.warning(
                AREA,
                format!("There is none at {} yet.", whole(&path).display()),
                "`calport serve` makes it. If one should be there, correct \
                 CALPORT_DATABASE_URL: a relative path counts from the folder it runs in.",
            );
            return None;
        }
        Err(error) => {
            let remedy = "See to that first: without it the host does not start.";
            report.problem(AREA, sentence(&error.to_string()), remedy);
            return None;
        }
    };
    match is_writable(&database).await {
        Ok(()) => report.ok(
            AREA,
            "It answers, is of this version, and can be written to.",
        ),
        Err(error) => report.problem(
            AREA,
            format!("It cannot be written to: {error}."),
            "Give the user that runs `calport serve` the right to write to the database and, \
             with SQLite, to its folder; or free space on its disk.",
        ),
    }
    Some(database)
}

/// Takes the right to write, writes a row, and takes it all back.
async fn is_writable(database: &Database) -> Result<(), sqlx::Error> {
    let (mut transaction, now) = database.write().await?;
    sqlx::query("INSERT INTO leases (name, holder, held_until) VALUES ('doctor', '', $1)")
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    transaction.rollback().await
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// From the root on: whoever reads it need not know where `calport doctor` was run.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Of the file's folder, whether it is there; the file need not be.
#[cfg(unix)]
fn place(file: &Path, report: &mut Report) -> bool {
    let file = whole(file);
    let folder = file.parent().unwrap_or(Path::new("/"));
    let name = folder.display();
    let Ok(space) = rustix::fs::statvfs(folder) else {
        report.problem(
            AREA,
            format!("The folder {name} cannot be reached."),
            "Make it, or correct CALPORT_DATABASE_URL: a relative path counts from the folder \
             that `calport` runs in.",
        );
        return false;
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let says = format!("{} free in {name}.", size(free));
    let remedy = "Free some: on a full disk bookings are refused with 503.";
    if free < TOO_LITTLE {
        report.problem(AREA, says, remedy);
    } else if free < LITTLE {
        report.warning(AREA, says, remedy);
    } else {
        report.ok(AREA, says);
    }
    #[cfg(target_os = "linux")]
    if let Some(kind) = network_file_system(folder) {
        report.problem(
            AREA,
            format!("{name} lies on a network file system ({kind})."),
            "Put SQLite's file on a disk of this machine, or use PostgreSQL: locks and the \
             write-ahead log do not hold over a network, and the file can be destroyed.",
        );
    }
    true
}

#[cfg(not(unix))]
fn place(_: &Path, _: &mut Report) -> bool {
    true
}

/// In the unit that is read at a glance.
#[cfg(unix)]
fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes / MIB {
        mib @ 0..=10_239 => format!("{mib} MiB are"),
        mib => format!("{} GiB are", mib / 1024),
    }
}

/// The kind of it, by the numbers of statfs(2).
#[cfg(target_os = "linux")]
fn network_file_system(folder: &Path) -> Option<&'static str> {
    let about = rustix::fs::statfs(folder).ok()?;
    // The type's width differs between machines.
    let number = u32::try_from(about.f_type & 0xffff_ffff).ok()?;
    [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB 2"),
        (0x0102_1997, "9P"),
        (0x00c3_6400, "Ceph"),
        (0x6b41_4653, "AFS"),
        (0x0bd0_0bd0, "Lustre"),
    ]
    .into_iter()
    .find(|(known, _)| *known == number)
    .map(|(_, kind)| kind)
}
