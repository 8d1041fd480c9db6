//! What lies on a disk (case 13): every secret that a stand-in was ever shown, and each that
//! this host was given, is looked for in the database's files with their write-ahead log, in a
//! dump as an operator makes it, in the log and in what callers were told.

use super::{binary, everywhere, job, path};
use calport_databases::{each_database, fresh, on_disk, stored};
use calport_e2e::{
    JWT_SECRET, KEYS, PLATFORM_TOKEN, Replicas,
    accounts::{CASEY, WORK},
};
use calport_standins::{Behaviour, Fault, GoogleConfig, Requests};
use reqwest::{Method, StatusCode};
use std::{collections::BTreeSet, ffi::OsStr, io::Write, process::Command};

const WEBHOOK_SECRET: &str = "canary-webhook-secret-0123456789abcdef";

/// What a provider was shown that nobody else is to know.
fn shown(requests: &Requests) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for request in requests.iter() {
        let bearer = request.header("authorization");
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        secrets.extend(bearer.map(str::to_owned));
        for name in ["client_secret", "code", "code_verifier", "refresh_token"] {
            secrets.extend(request.field(name));
        }
    }
    secrets
}

#[each_database(flavor = "multi_thread")]
async fn case_13_no_secret_is_on_a_disk_in_a_backup_in_a_log_or_in_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let database = fresh(folder.path()).await;
    let settings = [
        ("CALPORT_DRIFT_INTERVAL", "0"),
        ("RUST_LOG", "debug"),
        ("CALPORT_WEBHOOK_URL", "http://127.0.0.1:9/"),
        ("CALPORT_WEBHOOK_SECRET", WEBHOOK_SECRET),
    ];
    let google = GoogleConfig::default().rotate_refresh_tokens();
    let replicas = Replicas::start(binary(), 1, &database, google, &settings)
        .await
        .unwrap();
    let rest = &replicas.rest;
    replicas.connect("ann", "google", CASEY).await.unwrap();
    replicas.connect("ben", "outlook", WORK).await.unwrap();
    let feed = rest
        .user("ann", Method::POST, "/api/calendar/feed/", None)
        .await
        .unwrap()
        .json();
    let feed = feed["feed_url"].as_str().unwrap().to_owned();
    for number in 1..=2 {
        let body = job(number, 1, &["ann", "ben"]);
        let reply = rest
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        everywhere(rest, number).await;
        // The next ones are written with new tokens.
        replicas.google.expire_access_tokens();
        replicas.outlook.expire_access_tokens();
    }
    // A provider that tells a caller's secrets back in an error, and a grant that is gone.
    let telling = Fault::on("GET", "/calendar/v3/users/me/calendarList");
    let telling = telling.always().behaviour(Behaviour::error(400, "echo"));
    replicas.google.faults().add(telling);
    let mut told = String::new();
    for (user, provider) in [("ann", "google"), ("ben", "outlook")] {
        for path in ["calendars", "nothing"] {
            let path = format!("/api/calendar/{provider}/{path}/");
            let reply = rest.user(user, Method::GET, &path, None).await.unwrap();
            told.push_str(&reply.text);
        }
    }
    let (google, outlook) = (replicas.google.requests(), replicas.outlook.requests());
    let mut secrets = shown(&google);
    secrets.extend(shown(&outlook));
    assert!(
        secrets.len() >= 12,
        "both were shown tokens, codes and secrets"
    );
    let address = feed.rsplit('/').next().unwrap().trim_end_matches(".ics");
    let key = KEYS.split_once(':').unwrap().1;
    for own in [address, key, JWT_SECRET, PLATFORM_TOKEN, WEBHOOK_SECRET] {
        secrets.insert(own.to_owned());
    }

    let places = [
        ("the database's files", on_disk(folder.path()).await),
        ("a dump", stored(folder.path(), &database).await),
        (
            "the log",
            std::fs::read(replicas.folders[0].path().join("calport.log")).unwrap(),
        ),
        ("an answer", told.into_bytes()),
    ];
    let list = folder.path().join("secrets");
    let lines: Vec<_> = secrets.iter().map(|secret| format!("{secret}\n")).collect();
    std::fs::write(&list, lines.concat()).unwrap();
    for (place, bytes) in &places {
        assert!(
            !has(bytes, "-f", list.as_os_str()),
            "a secret is in {place}"
        );
    }
    // Ids are there: the places are those that are written to, and the search finds.
    for (place, bytes) in &places[..2] {
        assert!(has(bytes, "-e", CASEY.as_ref()), "{place}");
    }
}

/// Whether one of the texts is in there. By grep: a debug test would search for minutes.
fn has(bytes: &[u8], option: &str, texts: &OsStr) -> bool {
    assert!(!bytes.is_empty());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut grep = Command::new("grep");
    grep.args(["--quiet", "--text", "--fixed-strings", option]);
    let status = grep.arg(texts).arg(file.path()).status().unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    status.success()
}
