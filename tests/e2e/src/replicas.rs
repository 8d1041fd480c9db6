//! Several hosts as processes of their own on one database, behind a balancer.

use crate::{Balancer, Process, Rest, connect, rest::Failure};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use std::{path::Path, time::Duration};
use tempfile::TempDir;

/// Running replicas.
pub struct Replicas {
    /// The Google stand-in.
    pub google: Google,
    /// The Microsoft stand-in.
    pub outlook: Outlook,
    /// All of them, in turns: each request goes to the next one.
    pub rest: Rest,
    /// Each of them; `None` while it is down.
    pub processes: Vec<Option<Process>>,
    /// Where each runs, with its log.
    pub folders: Vec<TempDir>,
    binary: std::path::PathBuf,
    settings: Vec<(String, String)>,
    listen: Vec<String>,
    balancer: Balancer,
}

impl Replicas {
    /// So many of a binary, on the database of this URL.
    ///
    /// # Errors
    /// Whatever kept one from starting.
    pub async fn start(
        binary: &Path,
        number: usize,
        database: &str,
        google: GoogleConfig,
        settings: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let google = Google::start(google)?;
        let outlook = Outlook::start(OutlookConfig::default())?;
        let balancer = Balancer::start().await?;
        let public_url = balancer.url.replace("127.0.0.1", "localhost");
        let mut all = google.environment();
        all.extend(outlook.environment());
        let own = [
            ("CALPORT_DATABASE_URL", database),
            ("CALPORT_PUBLIC_URL", &public_url),
        ];
        let pairs = own.iter().chain(settings);
        all.extend(pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut replicas = Self {
            google,
            outlook,
            rest: Rest::one_by_one(balancer.url.clone())?,
            processes: Vec::new(),
            folders: Vec::new(),
            binary: binary.to_owned(),
            settings: all,
            listen: vec!["127.0.0.1:0".to_owned(); number],
            balancer,
        };
        for _ in 0..number {
            replicas.folders.push(tempfile::tempdir()?);
            replicas.processes.push(None);
        }
        for index in 0..number {
            replicas.run(index).await?;
        }
        Ok(replicas)
    }

    /// Starts one that is down.
    ///
    /// # Errors
    /// Whatever kept it from starting.
    pub async fn run(&mut self, index: usize) -> Result<(), Failure> {
        let folder = self.folders[index].path();
        let listen = &self.listen[index];
        let process = Process::start(&self.binary, folder, listen, &self.settings).await?;
        if listen.ends_with(":0") {
            self.balancer.add(&process.url);
        }
        self.listen[index] = process.url.replace("http://", "");
        while !self.balancer.is_in_use(&process.url) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.processes[index] = Some(process);
        Ok(())
    }

    /// Each of them by itself.
    ///
    /// # Errors
    /// When this machine cannot make a client.
    pub fn each(&self) -> Result<Vec<Rest>, Failure> {
        let running = self.processes.iter().flatten();
        running.map(|process| Rest::new(&process.url)).collect()
    }

    /// Connects a user: the flow begins at one replica and comes back to another.
    ///
    /// # Errors
    /// When the flow does not end connected.
    pub async fn connect(&self, user: &str, provider: &str, account: &str) -> Result<(), Failure> {
        let standins = (&self.google, &self.outlook);
        connect(&self.rest, standins, (user, provider, account)).await
    }
}
