//! The run itself: states bookings, strikes, kills, starts again.

use crate::{
    model::{Model, Person, Wish, found},
    webhooks::Told,
};
use calport_databases::Kind;
use calport_e2e::{
    Exited, Process, Rest,
    accounts::{CASEY, PERSONAL, SAM, WORK},
    connect,
};
use calport_host::steps;
use calport_standins::{Behaviour, Fault, Google, GoogleConfig, Outlook, OutlookConfig};
use fastrand::Rng;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

type Failure = Box<dyn Error + Send + Sync>;

const BOOKINGS: usize = 24;
/// Changes that a round states.
const CHANGES: usize = 5;
/// How long the last, undisturbed run may take. Generous: it only passes when something
/// is broken.
const PATIENCE: Duration = Duration::from_secs(240);

const PEOPLE: [Person; 6] = [
    person("ann", "google", CASEY),
    person("bob", "google", SAM),
    person("cat", "google", CASEY),
    person("dan", "outlook", PERSONAL),
    person("eve", "outlook", WORK),
    // One person with two calendars.
    person("ann", "outlook", WORK),
];

const fn person(user: &'static str, provider: &'static str, account: &'static str) -> Person {
    Person {
        user,
        provider,
        account,
    }
}

pub(crate) struct Chaos {
    google: Google,
    outlook: Outlook,
    folder: TempDir,
    database: String,
    /// Where each replica listens; a port is kept once it is known.
    listen: Vec<String>,
    rng: Rng,
    model: Model,
    told: Told,
    /// Stated, and not known to be acknowledged.
    pending: BTreeMap<usize, Wish>,
    processes: Vec<Option<Process>>,
    kills: BTreeMap<String, usize>,
    faults: usize,
    acknowledged: usize,
}

impl Chaos {
    /// Everything connected and running.
    pub(crate) async fn start(seed: u64) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let replicas = match calport_databases::kind() {
            Kind::Sqlite => 1,
            Kind::Postgres => 3,
        };
        let mut chaos = Self {
            google: Google::start(GoogleConfig::default())?,
            outlook: Outlook::start(OutlookConfig::default())?,
            database: calport_databases::fresh(folder.path()).await,
            folder,
            listen: vec!["127.0.0.1:0".to_owned(); replicas],
            rng: Rng::with_seed(seed),
            model: Model::default(),
            told: Told::start().await?,
            pending: BTreeMap::new(),
            processes: (0..replicas).map(|_| None).collect(),
            kills: BTreeMap::new(),
            faults: 0,
            acknowledged: 0,
        };
        chaos.run_all().await?;
        let rest = chaos.rest()?;
        for Person {
            user,
            provider,
            account,
        } in PEOPLE
        {
            let standins = (&chaos.google, &chaos.outlook);
            connect(&rest, standins, (user, provider, account)).await?;
        }
        Ok(chaos)
    }

    /// States some changes while things go wrong, and ends with a killed process.
    pub(crate) async fn round(&mut self, round: usize) -> Result<(), Failure> {
        self.strike();
        // Every step gets its turn; each second time the moment is left to chance.
        let step = round.is_multiple_of(2).then(|| {
            let step = steps::ALL[(round / 2) % steps::ALL.len()];
            (step, self.rng.u64(1..=6))
        });
        let name = step.map_or("at random", |(step, _)| step);
        // One of them; now and then all at once, as when a machine goes.
        let victim = self.rng.usize(..self.processes.len());
        match self.rng.u8(..) {
            0..40 => self.kill_all().await?,
            _ => self.kill(victim).await?,
        }
        match self.run(victim, step).await {
            Ok(()) => {
                let moment = Duration::from_millis(self.rng.u64(20..600));
                let until = Instant::now() + moment;
                self.state_changes(until).await?;
                let left = until.saturating_duration_since(Instant::now());
                if let Some(process) = &mut self.processes[victim] {
                    // Ends by itself at its step, if it comes that far.
                    let _ = tokio::time::timeout(left, process.ended()).await;
                }
                self.kill(victim).await?;
            }
            // It came to its step before it listened.
            Err(error) if error.is::<Exited>() => {}
            Err(error) => return Err(error),
        }
        *self.kills.entry(name.to_owned()).or_default() += 1;
        // The others go on, and who was down comes back.
        if self.processes.len() > 1 {
            self.run_all().await?;
        }
        Ok(())
    }

    /// Lets the host finish undisturbed, and says what is not as it was acknowledged.
    pub(crate) async fn settle_and_compare(&mut self) -> Result<Vec<String>, Failure> {
        self.google.faults().clear();
        self.outlook.faults().clear();
        self.kill_all().await?;
        self.run_all().await?;
        let deadline = Instant::now() + PATIENCE;
        self.state_pending(deadline).await?;
        let rest = self.rest()?;
        let mut differences = Vec::new();
        let mut readings = Vec::new();
        for id in self.model.acknowledged.keys() {
            let path = format!("/api/jobs/{id}/");
            loop {
                let reading = rest.platform(Method::GET, &path, None).await?.json();
                let states = states(&reading);
                if Instant::now() > deadline || !states.iter().any(|state| state == "waiting") {
                    let bad = |state: &&String| *state != "in_calendar";
                    // A cancelled booking has nothing left to tell about.
                    if reading["status"] != "cancelled" && states.iter().any(|s| bad(&s)) {
                        differences.push(format!("{reading}"));
                    }
                    if has_drifted(&reading) {
                        differences.push(format!("nobody did that: {reading}"));
                    }
                    readings.push(reading);
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        match self.told.settle(&rest, deadline).await {
            Ok(()) => {
                let connected = PEOPLE.iter().map(|p| (p.user, p.provider)).collect();
                differences.extend(self.told.differences(&readings, &connected));
            }
            Err(error) => differences.push(error),
        }
        // Removals are in no reading: their rows vanish when they are done.
        let accounts: BTreeSet<_> = PEOPLE.iter().map(|p| (p.provider, p.account)).collect();
        loop {
            let mut wrong = Vec::new();
            for (provider, account) in &accounts {
                let (events, title) = match *provider {
                    "google" => (self.google.events(account, "primary"), "summary"),
                    _ => (self.outlook.events(account, "Calendar"), "subject"),
                };
                let found = found(&events, title);
                let here: Vec<_> = PEOPLE
                    .into_iter()
                    .filter(|person| person.provider == *provider)
                    .collect();
                let expected = self.model.expected(&here, account);
                if found != expected {
                    wrong.push(format!(
                        "{account} holds {found:?}\n  instead of {expected:?}"
                    ));
                }
            }
            if wrong.is_empty() || Instant::now() > deadline {
                differences.extend(wrong);
                return Ok(differences);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What was done.
    pub(crate) fn figures(&self) -> String {
        let kills: usize = self.kills.values().sum();
        let changes = self.google.requests().len() + self.outlook.requests().len();
        format!(
            "{kills} kills {:?}; {} faults armed; {} changes acknowledged; \
             {changes} requests at the providers; {}",
            self.kills,
            self.faults,
            self.acknowledged,
            self.told.figures()
        )
    }

    /// The end of the processes' log.
    pub(crate) fn log(&self) -> String {
        let ends = (0..self.processes.len()).map(|replica| {
            let log = std::fs::read_to_string(self.place(replica).join("calport.log"));
            let log = log.unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(60)..].join("\n");
            format!("replica {replica}:\n{end}")
        });
        ends.collect::<Vec<_>>().join("\n")
    }

    /// Whichever replica a balancer would choose.
    fn rest(&mut self) -> Result<Rest, Failure> {
        let running: Vec<_> = self.processes.iter().flatten().collect();
        let process = self.rng.choice(running).ok_or("nothing runs")?;
        Rest::new(process.url.clone())
    }

    fn place(&self, replica: usize) -> PathBuf {
        self.folder.path().join(replica.to_string())
    }

    /// Starts those that are down.
    async fn run_all(&mut self) -> Result<(), Failure> {
        for replica in 0..self.processes.len() {
            if self.processes[replica].is_none() {
                self.run(replica, None).await?;
            }
        }
        Ok(())
    }

    async fn run(&mut self, replica: usize, kill: Option<(&str, u64)>) -> Result<(), Failure> {
        let mut settings = self.google.environment();
        settings.extend(self.outlook.environment());
        // Nobody touches these calendars, so that all that is seen there is a mistake.
        settings.push(("CALPORT_DRIFT_INTERVAL".to_owned(), "1".to_owned()));
        settings.extend(self.told.environment());
        if let Some((step, count)) = kill {
            settings.push(("CALPORT_TEST_KILL".to_owned(), format!("{step}:{count}")));
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
        let database = ("CALPORT_DATABASE_URL".to_owned(), self.database.clone());
        settings.push(database);
        let place = self.place(replica);
        std::fs::create_dir_all(&place)?;
        let process = Process::start(binary, &place, &self.listen[replica], &settings).await?;
        self.listen[replica] = process.url.replace("http://", "");
        self.processes[replica] = Some(process);
        Ok(())
    }

    async fn kill(&mut self, replica: usize) -> Result<(), Failure> {
        match self.processes[replica].take() {
            Some(process) => process.kill().await,
            None => Ok(()),
        }
    }

    async fn kill_all(&mut self) -> Result<(), Failure> {
        for replica in 0..self.processes.len() {
            self.kill(replica).await?;
        }
        Ok(())
    }

    /// Arms some faults at the providers, or none.
    fn strike(&mut self) {
        let behaviours = [
            Behaviour::LoseReply,
            Behaviour::ErrorAfterEffect {
                status: 503,
                reason: "backendError".to_owned(),
                retry_after: None,
            },
            Behaviour::error(503, "backendError"),
            Behaviour::Error {
                status: 429,
                reason: "rateLimitExceeded".to_owned(),
                retry_after: Some("1".to_owned()),
            },
            Behaviour::TruncatedJson,
            Behaviour::Drop,
        ];
        for faults in [self.google.faults(), self.outlook.faults()] {
            if self.rng.u8(..) < 100 {
                let behaviour = behaviours[self.rng.usize(..behaviours.len())].clone();
                let times = self.rng.u64(1..4);
                let fault = Fault::everywhere().behaviour(behaviour).times(times);
                faults.add(fault.after(self.rng.u64(..8)));
                self.faults += 1;
            }
        }
        self.told.strike(&mut self.rng);
        match self.rng.u8(..) {
            0..30 => self.google.expire_access_tokens(),
            30..60 => self.outlook.expire_access_tokens(),
            _ => {}
        }
    }

    async fn state_changes(&mut self, until: Instant) -> Result<(), Failure> {
        self.state_pending(until).await?;
        for _ in 0..CHANGES {
            let id = self.rng.usize(..BOOKINGS);
            if self.pending.contains_key(&id) {
                continue;
            }
            let before = self.model.acknowledged.get(&id);
            let users = ["ann", "bob", "cat", "dan", "eve"];
            let wish = Wish {
                revision: before.map_or(1, |wish| wish.revision + 1),
                hour: self.rng.u8(8..20),
                users: users.into_iter().filter(|_| self.rng.bool()).collect(),
                is_cancelled: before.is_some() && self.rng.u8(..) < 50,
            };
            self.pending.insert(id, wish);
            self.state_pending(until).await?;
        }
        Ok(())
    }

    /// As a platform does: states it again until it is acknowledged.
    async fn state_pending(&mut self, until: Instant) -> Result<(), Failure> {
        for (id, wish) in self.pending.clone() {
            let rest = self.rest()?;
            let path = format!("/api/jobs/{id}/");
            let body = wish.body(id);
            let left = until.saturating_duration_since(Instant::now());
            let put = rest.platform(Method::PUT, &path, Some(&body));
            let Ok(Ok(reply)) = tokio::time::timeout(left, put).await else {
                return Ok(());
            };
            match reply.status {
                StatusCode::ACCEPTED => {
                    self.pending.remove(&id);
                    self.model.acknowledged.insert(id, wish);
                    self.acknowledged += 1;
                }
                StatusCode::SERVICE_UNAVAILABLE => {}
                other => return Err(format!("{path}: {other} {}", reply.text).into()),
            }
        }
        Ok(())
    }
}

/// Whether any calendar is said to be changed by its owner.
fn has_drifted(reading: &Value) -> bool {
    let participants = reading["participants"].as_array().into_iter().flatten();
    participants
        .flat_map(|participant| participant["calendars"].as_array().into_iter().flatten())
        .any(|calendar| !calendar["drift"].is_null())
}

fn states(reading: &Value) -> Vec<String> {
    let participants = reading["participants"].as_array();
    let calendars = participants
        .into_iter()
        .flatten()
        .filter_map(|participant| participant["calendars"].as_array())
        .flatten();
    calendars
        .map(|calendar| calendar["state"].as_str().unwrap_or_default().to_owned())
        .collect()
}
