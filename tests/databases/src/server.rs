//! A PostgreSQL server in a folder of its own, reached through a socket file: no port.

use crate::{clock_settings, keeper::Kept, place};
use sqlx::{Connection, Executor, PgConnection};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// How long a start may take. Generous: it only passes when something is broken.
const START: Duration = Duration::from_secs(60);

/// How a server runs, as lines of `postgresql.conf`.
pub type Settings = Vec<(&'static str, String)>;

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Before the folder: it ends before its folder goes.
    kept: Option<Kept>,
    folder: TempDir,
    settings: Settings,
    environment: Vec<(&'static str, String)>,
    databases: AtomicU32,
}

impl Server {
    /// The one that the tests of a program share. It is not kept from losing what it has
    /// committed: nobody pulls its plug.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Server> = OnceCell::const_new();
        SHARED
            .get_or_init(|| async {
                let settings = ["fsync", "synchronous_commit", "full_page_writes"];
                Self::start(settings.map(|name| (name, "off".to_owned())).into()).await
            })
            .await
    }

    /// One of its own.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(settings: Settings) -> Self {
        Self::made(settings).begin().await
    }

    /// One of its own, whose clock [`Server::set_clock`] sets. `library`: Debian's libfaketime.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_with_clock(library: &Path) -> Self {
        let mut server = Self::made(Settings::new());
        server.environment = clock_settings(library, &server.clock()).into();
        server.set_clock("+0");
        server.begin().await
    }

    async fn begin(mut self) -> Self {
        let server = &mut self;
        let mut initdb = place::command(&programs().join("initdb"));
        initdb
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=calport",
                "--encoding=UTF8",
            ])
            .arg("-D")
            .arg(server.data());
        let made = initdb.output().expect("initdb runs");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.run().await;
        self
    }

    /// A standby that follows this one and answers no writes until it is promoted.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn standby(&self) -> Self {
        let mut server = Self::made(self.settings.clone());
        let mut copy = place::command(&programs().join("pg_basebackup"));
        copy.args([
            "--wal-method=stream",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        ])
        .args(["-U", "calport", "-h"])
        .arg(self.folder.path())
        .arg("-D")
        .arg(server.data());
        let made = copy.output().expect("pg_basebackup runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.run().await;
        server
    }

    fn made(settings: Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("calport-pg-").tempdir();
        let folder = folder.expect("a temporary folder");
        place::give(folder.path()).expect("the folder can be given away");
        Self {
            folder,
            kept: None,
            settings,
            environment: Vec::new(),
            databases: AtomicU32::new(0),
        }
    }

    /// Starts it again after [`Server::stop`].
    ///
    /// # Panics
    /// When it does not start.
    pub async fn run(&mut self) {
        let mut arguments = vec![
            "-D".to_owned(),
            self.data().display().to_string(),
            "-k".to_owned(),
            self.folder.path().display().to_string(),
        ];
        for (name, value) in [
            ("listen_addresses", String::new()),
            ("max_connections", "400".to_owned()),
            ("shared_buffers", "64MB".to_owned()),
        ]
        .iter()
        .chain(&self.settings)
        {
            arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        self.kept = Some(Kept::start(
            &programs().join("postgres"),
            &arguments,
            &self.environment,
            self.folder.path(),
            "QUIT",
        ));
        let begun = Instant::now();
        while let Err(error) = PgConnection::connect(&self.url("postgres")).await {
            assert!(begun.elapsed() < START, "{error}: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a service manager does: connections are cut, what was committed is there.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) {
        self.end("INT");
    }

    /// Ends it as a crash does.
    ///
    /// # Panics
    /// When it does not end.
    pub fn kill(&mut self) {
        self.end("QUIT");
    }

    fn end(&mut self, signal: &str) {
        if let Some(mut kept) = self.kept.take() {
            kept.end(signal);
        }
    }

    /// Changes a setting while it runs.
    ///
    /// # Panics
    /// When it does not take it.
    pub async fn set(&self, name: &str, value: &str) {
        self.execute(&format!("ALTER SYSTEM SET {name} = '{value}'"))
            .await;
        self.execute("SELECT pg_reload_conf()").await;
    }

    /// Sets the clock of [`Server::start_with_clock`], as `-1d` or `+0`.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn set_clock(&self, offset: &str) {
        std::fs::write(self.clock(), offset).expect("a clock");
    }

    fn clock(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// Makes a standby the one that answers writes.
    ///
    /// # Panics
    /// When it cannot be.
    pub async fn promote(&self) {
        self.execute("SELECT pg_promote(true)").await;
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn fresh(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("calport_{number}");
        self.execute(&format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// A dump of a database, as an operator makes it.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn dump(&self, database: &str) -> Vec<u8> {
        let mut dump = place::command(&programs().join("pg_dump"));
        let made = dump
            .args(["-U", "calport", "-h"])
            .arg(self.folder.path())
            .arg(database)
            .output()
            .expect("pg_dump runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        made.stdout
    }

    /// All that lies on the disk, the write-ahead log included.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn files(&self) -> Vec<u8> {
        self.execute("CHECKPOINT").await;
        let mut bytes = Vec::new();
        read_all(&self.data(), &mut bytes);
        bytes
    }

    async fn execute(&self, statement: &str) {
        let connection = PgConnection::connect(&self.url("postgres")).await;
        let mut connection = connection.expect("the server answers");
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        connection
            .execute(sqlx::raw_sql(statement))
            .await
            .expect("the server takes it");
        connection.close().await.expect("it closes");
    }

    /// The URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres:///{database}?user=calport&host={folder}")
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

/// Files come and go while they are read.
fn read_all(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => read_all(&path, bytes),
            false => bytes.extend(std::fs::read(path).unwrap_or_default()),
        }
    }
}

fn programs() -> &'static Path {
    place::is_there().expect("PostgreSQL is installed")
}
