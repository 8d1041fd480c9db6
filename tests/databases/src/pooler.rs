//! A real PgBouncer in transaction mode, in front of a server.

use crate::{Missing, Server, keeper::Kept, place};
use sqlx::{Connection, PgConnection};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a start may take. Generous: it only passes when something is broken.
const START: Duration = Duration::from_secs(60);

/// Where Debian's package puts it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running pooler. It ends when this is dropped.
#[derive(Debug)]
pub struct Pooler {
    /// Before the folder: it ends before its folder goes.
    _kept: Kept,
    folder: TempDir,
}

impl Pooler {
    /// Whether it is installed.
    ///
    /// # Errors
    /// It is not.
    pub fn is_there() -> Result<(), Missing> {
        match Path::new(PROGRAM).exists() {
            true => Ok(()),
            false => Err(Missing::new(
                "there is no PgBouncer here: install Debian's package `pgbouncer`",
            )),
        }
    }

    /// Lends so many connections of a server, each for one transaction at a time.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(server: &Server, connections: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("calport-pb-").tempdir();
        let folder = folder.expect("a temporary folder");
        place::give(folder.path()).expect("the folder can be given away");
        let here = folder.path().display();
        let there = server.folder().display();
        let users = folder.path().join("users");
        std::fs::write(&users, "\"calport\" \"\"\n").expect("a list of users");
        let file = folder.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host={there}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
             unix_socket_dir = {here}\nauth_type = trust\nauth_file = {}\n\
             pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 500\n\
             ignore_startup_parameters = extra_float_digits\n",
            users.display()
        );
        std::fs::write(&file, settings).expect("its settings");
        let arguments = [file.display().to_string()];
        let log = folder.path().join("log");
        let kept = Kept::start(Path::new(PROGRAM), &arguments, &[], folder.path(), "TERM");
        let pooler = Self {
            _kept: kept,
            folder,
        };
        let begun = Instant::now();
        while let Err(error) = PgConnection::connect(&pooler.address("postgres")).await {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(begun.elapsed() < START, "{error}: {said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        pooler
    }

    /// The URL of a database through it, for the host.
    pub fn url(&self, database: &str) -> String {
        format!("{}&pgbouncer=true", self.address(database))
    }

    fn address(&self, database: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres:///{database}?user=calport&host={folder}&port=6432")
    }
}
