//! Where the hostile plugin is loaded, and what watches it: one deed at a time, others' good
//! calls beside it, sockets, memory.

use crate::{listener::Listener, memory::Memory};
use calport_artifacts::EVIL;
use calport_e2e::{KEYS, plugin_options, runtime};
use calport_host::{
    connect::Flows,
    db::Database,
    plugin::{
        BUILT_IN, CallError, Limits, Options, Plugin,
        calendar::{IcsOptions, RemoteEvent},
        types::Event,
    },
    revocation::Revocations,
    subject::Subject,
    sync::News,
    vault::{Binding, Grant, KeyRing, Vault},
    webhooks::Webhooks,
};
use futures::future::join_all;
use std::{
    fmt::Debug,
    num::NonZeroU32,
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, MutexGuard};

/// A hostile call costs the host less than this (case 24).
pub(crate) const MOST_MEMORY: u64 = 128 * 1_024 * 1_024;

/// Others who call meanwhile.
const OTHERS: usize = 4;

/// Calls that each of them completes at the least.
const CALLS: usize = 5;

/// Panics of the host, which a call survives and which are faults all the same.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts those that are not of the tests themselves.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let is_of_test = panic
                .location()
                .is_some_and(|at| at.file().contains("tests/e2e"));
            if !is_of_test {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            usual(panic);
        }));
    });
}

/// Memory is the whole process's: one lair at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Unique texts in every secret that there is.
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret-9d1c";
pub(crate) const ACCESS: &str = "canary-access-token-41f7";
pub(crate) const REFRESH: &str = "canary-refresh-token-b02e";
pub(crate) const OTHERS_ACCESS: &str = "canary-others-access-token-77aa";
pub(crate) const HOST_SECRET: &str = "canary-of-the-host-0c5d";

/// The hostile plugin, loaded, with one host that it may reach and one that it may not.
pub(crate) struct Lair {
    pub(crate) plugin: Plugin,
    pub(crate) near: Listener,
    pub(crate) far: Listener,
    good: Plugin,
    vault: Vault,
    _folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// What a deed came to.
pub(crate) struct Watched<T> {
    pub(crate) result: Result<T, CallError>,
    pub(crate) took: Duration,
    pub(crate) growth: u64,
}

impl Lair {
    pub(crate) async fn open(limits: Limits) -> Self {
        let alone = ALONE.lock().await;
        count_panics();
        let (near, far) = (Listener::start(), Listener::start());
        let settings = [
            ("EVIL_CLIENT_ID", "evil-app".to_owned()),
            ("EVIL_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            (
                "EVIL_TOKEN_URL",
                format!("http://127.0.0.1:{}/token", near.port()),
            ),
            ("EVIL_API_URL", format!("http://127.0.0.1:{}/", near.port())),
            ("CALPORT_KEYS", HOST_SECRET.to_owned()),
            ("GOOGLE_CLIENT_SECRET", HOST_SECRET.to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let options = Options {
            limits,
            ..plugin_options(settings.to_vec())
        };
        let plugin = Plugin::load(runtime(), EVIL, &options).await.unwrap();
        let usual = plugin_options(vec![]);
        let good = Plugin::load(runtime(), BUILT_IN, &usual).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("calport.db").display());
        let database = Database::open(&url).await.unwrap();
        let vault = Vault::new(database, KeyRing::parse(KEYS).unwrap());
        let lair = Self {
            plugin,
            near,
            far,
            good,
            vault,
            _folder: folder,
            _alone: alone,
        };
        // Everything that is made once is made before anything is measured.
        for _ in 0..3 {
            lair.good_calls(8, &AtomicBool::new(true)).await;
        }
        lair
    }

    /// The flows of a host that serves it.
    pub(crate) fn flows(&self) -> Flows {
        Flows::new(
            self.vault.clone(),
            self.plugin.clone(),
            Revocations::new(self.vault.clone(), self.plugin.clone()),
            Webhooks::new(self.vault.database().clone(), None),
            "https://host.example".parse().unwrap(),
            News::new(),
            NonZeroU32::MAX,
        )
    }

    /// A user whose grant tells the plugin what to do.
    pub(crate) fn user(&self, deed: &str, arguments: &[&str]) -> Binding {
        self.grant("mallory", ACCESS, deed, arguments)
    }

    fn grant(&self, user: &str, access: &str, deed: &str, arguments: &[&str]) -> Binding {
        let subject = Subject::new(Subject::DEFAULT_TENANT, user);
        let grant = granted(user, access, deed, arguments);
        Binding::apart(self.vault.clone(), subject, "evil", grant)
    }

    /// A host's vault in which a user is connected whose grant tells the plugin what to do.
    pub(crate) async fn connected(&self, user: &Subject, deed: &str) -> &Vault {
        let grant = granted(&user.user, ACCESS, deed, &[]);
        let (mut transaction, now) = self.vault.database().write().await.unwrap();
        let connecting = self
            .vault
            .connect(&mut transaction, now, user, "evil", &grant);
        connecting.await.unwrap();
        transaction.commit().await.unwrap();
        &self.vault
    }

    /// Does a deed in a push, watched.
    pub(crate) async fn push(
        &self,
        deed: &str,
        arguments: &[&str],
    ) -> Watched<Option<RemoteEvent>> {
        let user = self.user(deed, arguments);
        let call = self.plugin.push_event(user, None, event("title"), None);
        self.watch(deed, call).await
    }

    /// The report of a deed that is to succeed.
    pub(crate) async fn report(&self, deed: &str, arguments: &[&str]) -> String {
        let watched = self.push(deed, arguments).await;
        watched.result.unwrap().unwrap().id
    }

    /// Watches a call: others' calls complete beside it, memory stays within bounds, nobody
    /// has reached the forbidden host, and afterwards everything works.
    pub(crate) async fn watch<T: Debug>(
        &self,
        deed: &str,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Watched<T> {
        let ended = AtomicBool::new(false);
        let memory = Memory::measure();
        let began = Instant::now();
        let evil = async {
            let result = call.await;
            let took = began.elapsed();
            ended.store(true, Ordering::Relaxed);
            (result, took)
        };
        let ((result, took), beside) = tokio::join!(evil, self.good_calls(OTHERS, &ended));
        let growth = memory.growth();
        let ended = match &result {
            Ok(_) => "ok",
            Err(error) => error.name(),
        };
        println!(
            "{deed}: {ended} after {took:?}, +{} MiB, others' p99 {:?} in {} calls",
            growth >> 20,
            p99(&beside),
            beside.len(),
        );
        assert!(growth < MOST_MEMORY, "{deed}: {growth} bytes");
        assert_eq!(self.far.connects(), 0, "{deed}");
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "{deed}");
        self.good_calls(1, &AtomicBool::new(true)).await;
        let shown = format!("{result:?}");
        for canary in [OTHERS_ACCESS, HOST_SECRET] {
            assert!(!shown.contains(canary), "{deed}: {canary}");
        }
        Watched {
            result,
            took,
            growth,
        }
    }

    /// How long others' calls take while nothing else happens, to compare with.
    pub(crate) async fn calls_alone(&self, period: Duration) -> Vec<Duration> {
        let ended = AtomicBool::new(false);
        let period = async {
            tokio::time::sleep(period).await;
            ended.store(true, Ordering::Relaxed);
        };
        tokio::join!(period, self.good_calls(OTHERS, &ended)).1
    }

    /// Others' calls, of this plugin and of another one, until the end and a few in any case;
    /// each must succeed.
    pub(crate) async fn good_calls(&self, users: usize, ended: &AtomicBool) -> Vec<Duration> {
        let users = (0..users).map(|n| async move {
            let mut took = Vec::new();
            while took.len() < CALLS || !ended.load(Ordering::Relaxed) {
                let began = Instant::now();
                if n % 2 == 0 {
                    let file = self.good.export_ics(vec![event("good")], FILE).await;
                    assert!(file.unwrap().contains("good"));
                } else {
                    let user = self.grant(&format!("user-{n}"), OTHERS_ACCESS, "good", &[]);
                    let pushed = self.plugin.push_event(user, None, event("x"), None).await;
                    assert_eq!(pushed.unwrap().unwrap().id, "done");
                }
                took.push(began.elapsed());
            }
            took
        });
        join_all(users).await.into_iter().flatten().collect()
    }
}

fn granted(user: &str, access: &str, deed: &str, arguments: &[&str]) -> Grant {
    let mut grant = calport_e2e::grant(user, deed);
    let credentials = &mut grant.credentials;
    credentials.access_token = access.into();
    credentials.refresh_token = Some(REFRESH.into());
    let arguments = arguments.iter().map(|&argument| argument.to_owned());
    credentials.scopes = arguments.collect();
    grant
}

pub(crate) const FILE: IcsOptions = IcsOptions {
    name: None,
    refresh_interval: None,
};

pub(crate) fn p99(took: &[Duration]) -> Duration {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

/// Little time, so that tests end; everything else as it is in production.
pub(crate) fn hasty() -> Limits {
    Limits {
        wall: Duration::from_secs(3),
        computing: Duration::from_secs(1),
        ..Limits::default()
    }
}

pub(crate) fn event(title: &str) -> Event {
    calport_e2e::event("evil@test", title)
}
