//! A whole life of a host and one user of it, and all secrets that passed through meanwhile.

use calport_e2e::{
    Browser, JWT_SECRET, KEYS, PLATFORM_TOKEN, Process, Receiver, Rest, WEBHOOK_SECRETS,
    accounts::{CASEY, PERSONAL},
};
use calport_standins::{
    ConsentChoice, Google, GoogleConfig, Outlook, OutlookConfig, Recorded, Requests,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

pub(crate) const JOB: &str = "/api/jobs/17/";
const TITLE: &str = "canary-title-4711";
const PLACE: &str = "canary-place-4712";

/// Generous: it only passes when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Life {
    pub(crate) google: Google,
    pub(crate) outlook: Outlook,
    pub(crate) receiver: Receiver,
    pub(crate) rest: Rest,
    process: Process,
    folder: tempfile::TempDir,
}

/// What is left of it.
pub(crate) struct Left {
    pub(crate) log: String,
    /// Every text that must stand nowhere.
    pub(crate) canaries: BTreeSet<String>,
}

pub(crate) fn job(revision: u32) -> Value {
    json!({
        "revision": revision, "title": TITLE, "location": PLACE,
        "start_date": "2031-01-01", "end_date": "2031-01-02",
        "participants": [{"user": "ann", "role": "customer"}],
    })
}

impl Life {
    /// With both providers connected, and the title's booking in no calendar yet.
    pub(crate) async fn begin(settings: &[(&str, &str)]) -> Self {
        let google = Google::start(GoogleConfig::default()).unwrap();
        let outlook = Outlook::start(OutlookConfig::default()).unwrap();
        let receiver = Receiver::start(WEBHOOK_SECRETS[0]).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let hooks = [
            ("CALPORT_WEBHOOK_URL", receiver.url.as_str()),
            ("CALPORT_WEBHOOK_SECRET", WEBHOOK_SECRETS[0]),
        ];
        let mut environment = google.environment();
        environment.extend(outlook.environment());
        let further = settings.iter().chain(&hooks);
        environment.extend(further.map(|(name, value)| ((*name).into(), (*value).into())));
        let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
        let process = Process::start(binary, folder.path(), "127.0.0.1:0", &environment).await;
        let process = process.unwrap();
        let origin = process.url.replace("127.0.0.1", "localhost");
        google.register_redirect_uri(format!("{origin}/api/calendar/google/callback/"));
        outlook.register_redirect_uri(format!("{origin}/api/calendar/outlook/callback/"));
        let life = Self {
            rest: Rest::new(process.url.clone()).unwrap(),
            google,
            outlook,
            receiver,
            process,
            folder,
        };
        for provider in ["google", "outlook"] {
            life.connect(provider).await;
        }
        life
    }

    async fn connect(&self, provider: &str) {
        let browser = Browser::new();
        let begun = self.rest.begin_with(provider, "ann", &browser).await;
        let (url, allow) = (begun.unwrap(), ConsentChoice::Allow);
        let callback = match provider {
            "google" => self.google.consent(&url, CASEY, &allow),
            _ => self.outlook.consent(&url, PERSONAL, &allow),
        };
        let callback = callback.unwrap().replace("localhost", "127.0.0.1");
        let landing = browser.open(&callback).await.unwrap();
        assert_eq!(landing.status(), "connected");
    }

    /// Waits until both calendars show the booking.
    pub(crate) async fn delivered(&self) {
        let begun = Instant::now();
        loop {
            let reading = self.rest.platform(Method::GET, JOB, None).await;
            let reading = reading.unwrap().json();
            let calendars = reading["participants"][0]["calendars"].as_array().unwrap();
            let is_there = |calendar: &Value| calendar["state"] == "in_calendar";
            if calendars.len() == 2 && calendars.iter().all(is_there) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{reading}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The rest of it: the booking changes once more with expired tokens, the user leaves.
    pub(crate) async fn end(self) -> Left {
        self.google.expire_access_tokens();
        self.outlook.expire_access_tokens();
        let changed = Some(job(2));
        let put = self.rest.platform(Method::PUT, JOB, changed.as_ref()).await;
        assert_eq!(put.unwrap().status, 202);
        self.delivered().await;
        for provider in ["google", "outlook"] {
            let path = format!("/api/calendar/{provider}/disconnect/");
            let left = self.rest.user("ann", Method::POST, &path, None).await;
            assert_eq!(left.unwrap().status, 200);
        }
        assert!(self.process.terminate().await.unwrap().success());
        let key = KEYS.split_once(':').unwrap().1;
        let constant = [
            TITLE,
            PLACE,
            CASEY,
            PERSONAL,
            PLATFORM_TOKEN,
            JWT_SECRET,
            key,
        ];
        let constant = constant.into_iter().chain(WEBHOOK_SECRETS);
        let mut canaries: BTreeSet<_> = constant.map(str::to_owned).collect();
        let known = canaries.len();
        canaries.extend(sent(&self.google.requests()));
        canaries.extend(sent(&self.outlook.requests()));
        // Of either provider a code, a verifier, the app's secret, a refresh token, and two
        // access tokens.
        assert!(canaries.len() >= known + 12, "{canaries:?}");
        Left {
            log: std::fs::read_to_string(self.folder.path().join("calport.log")).unwrap(),
            canaries,
        }
    }
}

impl Left {
    /// Panics at the first canary in a text, however it is written there: as it is, in a URL,
    /// or as a list of bytes.
    pub(crate) fn search(&self, text: &str) {
        for canary in &self.canaries {
            let encoded: String = url::form_urlencoded::byte_serialize(canary.as_bytes()).collect();
            let bytes = format!("{:?}", canary.as_bytes());
            for spelling in [canary, &encoded, bytes.trim_matches(['[', ']'])] {
                let found = text.lines().find(|line| line.contains(spelling));
                assert_eq!(found, None, "{canary}");
            }
        }
    }
}

/// Whatever a provider was sent that nobody else is to have.
fn sent(requests: &Requests) -> BTreeSet<String> {
    const FIELDS: [&str; 5] = [
        "code",
        "code_verifier",
        "refresh_token",
        "client_secret",
        "token",
    ];
    let of = |request: &Recorded| {
        let mut found: Vec<_> = FIELDS
            .iter()
            .filter_map(|name| request.field(name))
            .collect();
        let bearer = request.header("authorization");
        found.extend(bearer.map(|value| value.replace("Bearer ", "")));
        found
    };
    requests.back_channel().iter().flat_map(of).collect()
}
