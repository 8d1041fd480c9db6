//! The built-in plugin with real stand-ins: all that crosses into the guest is written down,
//! and no secret is in it.

use super::*;
use crate::{
    db::Database,
    plugin::{
        BUILT_IN, Options, Plugin, Runtime,
        bindings::token_store::{self, Host as _},
        calendar::{Callback, ConnectRequest},
        state::State,
        types::{Event, Span, Status, Timed},
    },
    subject::Subject,
    vault::{Account, Binding, Credentials, Destination, Grant, KeyRing, Vault},
};
use calport_standins::{ConsentChoice, Google, Outlook};
use memchr::memmem;
use secrecy::ExposeSecret;

const REDIRECT: &str = "https://host.example/callback/";

/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Run {
    plugin: Plugin,
    vault: Vault,
    provider: &'static str,
    label: &'static str,
    canaries: Vec<String>,
}

impl Run {
    async fn new(
        provider: &'static str,
        label: &'static str,
        settings: Vec<(String, String)>,
        folder: &std::path::Path,
    ) -> Self {
        let secret = settings
            .iter()
            .find(|(name, _)| name.ends_with("_CLIENT_SECRET"));
        let canaries = vec![secret.unwrap().1.clone(), VERIFIER.to_owned()];
        let options = Options {
            settings: Environment::from_pairs(settings),
            allow_loopback: true,
            cache_dir: Some(folder.join("compiled")),
            ..Options::default()
        };
        let database = format!("sqlite:{}", folder.join("calport.db").display());
        let keys = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        Self {
            plugin: Plugin::load(&Runtime::new().unwrap(), BUILT_IN, &options)
                .await
                .unwrap(),
            vault: Vault::new(
                Database::open(&database).await.unwrap(),
                KeyRing::parse(keys).unwrap(),
            ),
            provider,
            label,
            canaries,
        }
    }

    fn subject(&self) -> Subject {
        Subject::new(Subject::DEFAULT_TENANT, "ann")
    }

    /// Goes through a flow; `consent` is the stand-in's.
    async fn connect(&mut self, consent: impl FnOnce(&str) -> String) -> Grant {
        let request = ConnectRequest {
            redirect_uri: REDIRECT.into(),
            state: "s".repeat(43),
            code_challenge: CHALLENGE.into(),
            login_hint: None,
        };
        let begun = self
            .plugin
            .begin_connect(self.provider, request)
            .await
            .unwrap();
        let returned = consent(&begun.url);
        let query = returned.split_once('?').unwrap().1;
        let parameters: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name != "state")
            .map(|(name, value)| crate::plugin::calendar::Parameter {
                name: name.into(),
                value: value.into(),
            })
            .collect();
        let code = parameters.iter().find(|p| p.name == "code").unwrap();
        self.canaries.push(code.value.clone());
        let callback = Callback {
            parameters,
            redirect_uri: REDIRECT.into(),
            code_verifier: VERIFIER.into(),
        };
        let binding = Binding::new(self.vault.clone(), self.subject(), self.provider);
        let (binding, granted) = binding.granting();
        let account = self
            .plugin
            .complete_callback(binding, callback)
            .await
            .unwrap();
        let credentials = granted.take().unwrap();
        self.keep(&credentials);
        Grant {
            account: Account {
                id: account.id,
                label: account.label,
            },
            destination: Destination {
                id: account.calendar.id,
                name: account.calendar.name,
            },
            credentials,
        }
    }

    fn keep(&mut self, credentials: &Credentials) {
        let tokens = credentials
            .refresh_token
            .iter()
            .chain([&credentials.access_token]);
        for token in tokens {
            assert!(
                !token.expose_secret().contains("sealed_"),
                "a real one is stored"
            );
            self.canaries.push(token.expose_secret().to_owned());
        }
    }

    /// Connects, pushes with an expired token so that it is refreshed, and disconnects.
    async fn live(mut self, consent: impl FnOnce(&str) -> String) {
        let mut grant = self.connect(consent).await;
        grant.credentials.expires_at = Some(0);
        let binding = Binding::apart(self.vault.clone(), self.subject(), self.provider, grant);
        let pushed = self
            .plugin
            .push_event(binding.clone(), None, event(), None)
            .await;
        assert!(pushed.unwrap().is_some());
        let refreshed = binding.load().await.unwrap().unwrap().credentials;
        assert!(refreshed.expires_at.unwrap() > 0, "it was refreshed");
        self.keep(&refreshed);
        assert!(
            !self
                .plugin
                .list_calendars(binding.clone())
                .await
                .unwrap()
                .is_empty()
        );
        self.plugin.disconnect(binding, true).await.unwrap();

        let given = self.plugin.0.policy.tap.recorded();
        // What was written down is what the guest got.
        for expected in ["sealed_", self.label, "\"token_type\""] {
            assert!(
                memmem::find(&given, expected.as_bytes()).is_some(),
                "{expected}"
            );
        }
        assert!(self.canaries.len() >= 7, "{}", self.canaries.len());
        for canary in &self.canaries {
            assert!(canary.len() > 12);
            assert!(
                memmem::find(&given, canary.as_bytes()).is_none(),
                "{}",
                self.provider
            );
        }
    }
}

fn event() -> Event {
    Event {
        uid: "a@test".into(),
        revision: 1,
        status: Status::Confirmed,
        title: "Deep clean".into(),
        description: None,
        location: None,
        url: None,
        when: Span::Timed(Timed {
            start: 1_953_972_000,
            end: 1_953_979_200,
            zone: "Europe/London".into(),
        }),
        recurrence: None,
        reminders: vec![],
        organizer: None,
        attendees: vec![],
        updated: 1_900_000_000,
    }
}

#[tokio::test]
async fn case_26_no_secret_of_google_ever_crosses_into_the_guest() {
    let google = Google::start(calport_standins::GoogleConfig::default()).unwrap();
    google.register_redirect_uri(REDIRECT);
    let folder = tempfile::tempdir().unwrap();
    let account = "casey.customer@gmail.example";
    let run = Run::new("google", account, google.environment(), folder.path()).await;
    run.live(|url| google.consent(url, account, &ConsentChoice::Allow).unwrap())
        .await;
    assert_eq!(google.live_refresh_tokens(account), 0, "it was revoked");
}

#[tokio::test]
async fn case_26_no_secret_of_microsoft_ever_crosses_into_the_guest() {
    let outlook = Outlook::start(calport_standins::OutlookConfig::default()).unwrap();
    outlook.register_redirect_uri(REDIRECT);
    let folder = tempfile::tempdir().unwrap();
    let account = "casey.customer@outlook.example";
    let run = Run::new("outlook", account, outlook.environment(), folder.path()).await;
    run.live(|url| {
        outlook
            .consent(url, account, &ConsentChoice::Allow)
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_guest_stores_only_tokens_that_it_was_given_and_as_what_they_are() {
    let google = Google::start(calport_standins::GoogleConfig::default()).unwrap();
    google.register_redirect_uri(REDIRECT);
    let folder = tempfile::tempdir().unwrap();
    let account = "casey.customer@gmail.example";
    let mut run = Run::new("google", account, google.environment(), folder.path()).await;
    let consent = |url: &str| google.consent(url, account, &ConsentChoice::Allow).unwrap();
    let grant = run.connect(consent).await;
    let binding = Binding::apart(run.vault.clone(), run.subject(), "google", grant);
    let call = || State::new(&run.plugin.0, Some(binding.clone()));
    let (mut state, mut another) = (call(), call());
    let given = state.load().await.unwrap().unwrap().unwrap().credentials;
    let foreign = another.load().await.unwrap().unwrap().unwrap().credentials;
    assert_ne!(given.access_token, foreign.access_token);
    let refresh = given.refresh_token.clone();
    let real = binding.load().await.unwrap().unwrap();
    let with = |access_token: &str, refresh_token: Option<&str>| token_store::Credentials {
        access_token: access_token.to_owned(),
        refresh_token: refresh_token.map(str::to_owned),
        ..given.clone()
    };
    let real_access = real.credentials.access_token.expose_secret();
    let saying = |scope: String, client_id: String| token_store::Credentials {
        scopes: vec!["email".to_owned(), scope],
        client_id,
        ..given.clone()
    };
    for wrong in [
        // What PostgreSQL does not take, and what nobody has room for.
        saying("a\0b".to_owned(), "app".to_owned()),
        saying("a".to_owned(), "app\0".to_owned()),
        saying("a".repeat(1_025), "app".to_owned()),
        saying("a".to_owned(), "a".repeat(1_025)),
        token_store::Credentials {
            scopes: vec!["a".to_owned(); 1_001],
            ..given.clone()
        },
        with("a-literal-token", refresh.as_deref()),
        with("", refresh.as_deref()),
        with(real_access, refresh.as_deref()),
        with(&foreign.access_token, refresh.as_deref()),
        with(refresh.as_deref().unwrap(), refresh.as_deref()),
        with(&given.access_token, Some(&given.access_token)),
        with(&given.access_token, Some("a-literal-token")),
        with(&given.access_token, foreign.refresh_token.as_deref()),
    ] {
        let saved = state.save(wrong, Some(real.revision)).await.unwrap();
        assert_eq!(saved, Err(token_store::StoreError::Refused));
    }
    assert_eq!(
        binding.load().await.unwrap().unwrap().revision,
        real.revision
    );
    let saved = state.save(with(&given.access_token, None), Some(real.revision));
    assert_eq!(saved.await.unwrap(), Ok(real.revision + 1));
    let now = binding.load().await.unwrap().unwrap().credentials;
    assert_eq!(now.access_token.expose_secret(), real_access);
    assert!(now.refresh_token.is_some(), "the stored one is kept");
}

#[tokio::test]
async fn a_plugin_that_is_not_sealed_shows_what_the_tap_would_find() {
    let google = Google::start(calport_standins::GoogleConfig::default()).unwrap();
    google.register_redirect_uri(REDIRECT);
    let folder = tempfile::tempdir().unwrap();
    let account = "casey.customer@gmail.example";
    let mut run = Run::new("google", account, google.environment(), folder.path()).await;
    let options = Options {
        settings: Environment::from_pairs(google.environment()),
        allow_loopback: true,
        cache_dir: Some(folder.path().join("compiled")),
        sealing: Sealing::Off,
        ..Options::default()
    };
    run.plugin = Plugin::load(&Runtime::new().unwrap(), BUILT_IN, &options)
        .await
        .unwrap();
    run.connect(|url| google.consent(url, account, &ConsentChoice::Allow).unwrap())
        .await;
    let given = run.plugin.0.policy.tap.recorded();
    let found = run
        .canaries
        .iter()
        .filter(|canary| memmem::find(&given, canary.as_bytes()).is_some());
    assert_eq!(
        found.count(),
        run.canaries.len(),
        "secret, verifier, code and both tokens"
    );
}
