//! An old backup comes back: users whose grants have moved on connect again, and calendars
//! hold each booking once.

use super::{BINARY, PATIENCE, is_everywhere, job, path, put, reading_until, until};
use calport_databases::{Kind, kind};
use calport_e2e::{
    Process, Rest,
    accounts::{CASEY, SAM, WORK},
    connect,
};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, time::Instant};
use tokio::process::Command;

const ROBIN: &str = "robin@workspace.example";

/// As the platform knows it: what it states again after the backup is back.
type Known = BTreeMap<u32, Value>;

async fn state(rest: &Rest, known: &mut Known, number: u32, body: Value) {
    put(rest, number, &body).await;
    known.insert(number, body);
}

fn cancelled(mut body: Value, revision: u32) -> Value {
    body["revision"] = json!(revision);
    body["status"] = json!("cancelled");
    body
}

/// What an operator does, as the documents say: a copy by the database itself, beside the
/// running host.
async fn back_up(url: &str, folder: &Path) {
    match kind() {
        Kind::Sqlite => {
            sqlx::any::install_default_drivers();
            let database = sqlx::AnyPool::connect(url).await.unwrap();
            sqlx::query("VACUUM INTO $1")
                .bind(folder.join("backup").to_str().unwrap())
                .execute(&database)
                .await
                .unwrap();
            database.close().await;
        }
        Kind::Postgres => {
            let file = format!("--file={}", folder.join("backup").display());
            run("pg_dump", &["--format=custom", &file, url]).await;
        }
    }
}

/// With the host stopped.
async fn restore(url: &str, folder: &Path) {
    let backup = folder.join("backup");
    match kind() {
        Kind::Sqlite => {
            for left in ["calport.db-wal", "calport.db-shm"] {
                let _ = fs::remove_file(folder.join(left));
            }
            fs::rename(backup, folder.join("calport.db")).unwrap();
        }
        Kind::Postgres => {
            let into = format!("--dbname={url}");
            let backup = backup.to_str().unwrap();
            let all_or_nothing = "--single-transaction";
            let arguments = ["--clean", "--if-exists", all_or_nothing, &into, backup];
            run("pg_restore", &arguments).await;
        }
    }
}

/// Runs one of PostgreSQL's own programs.
async fn run(program: &str, arguments: &[&str]) {
    let program = calport_databases::is_there().unwrap().join(program);
    let done = Command::new(program)
        .args(arguments)
        .output()
        .await
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// Whether a user has to connect again.
async fn is_dead(rest: &Rest, user: &str, provider: &str) -> bool {
    let overview = rest.user(user, Method::GET, "/api/calendar/", None).await;
    let overview = overview.unwrap().json();
    let providers = overview["providers"].as_array().unwrap();
    let found = providers.iter().find(|it| it["id"] == provider).unwrap();
    found["connected"] == true && found["needs_reconnect"] == true
}

/// The titles and starts that a calendar is to show, by what the platform knows.
fn expected(known: &Known, user: &str) -> Vec<(String, String)> {
    let stands = known.values().filter(|body| {
        let takes_part = body["participants"].as_array().unwrap();
        body["status"] != "cancelled" && takes_part.iter().any(|it| it["user"] == user)
    });
    let mut all: Vec<_> = stands
        .map(|body| (text(&body["title"]), moment(&body["start"])))
        .collect();
    all.sort();
    all
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// To the minute, in UTC, as both the platform and providers can be made to write it.
fn moment(value: &Value) -> String {
    text(value).chars().take(16).collect()
}

fn of_google(google: &Google, account: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> = google
        .events(account, "primary")
        .iter()
        .map(|event| {
            let start = text(&event["start"]["dateTime"]);
            let start: jiff::Timestamp = start.parse().unwrap();
            let start = json!(start.to_string());
            (text(&event["summary"]), moment(&start))
        })
        .collect();
    all.sort();
    all
}

fn of_outlook(outlook: &Outlook, account: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> = outlook
        .events(account, "Calendar")
        .iter()
        .map(|event| (text(&event["subject"]), moment(&event["start"]["dateTime"])))
        .collect();
    all.sort();
    all
}

#[calport_databases::each_database]
async fn an_old_backup_leads_to_connecting_again_and_to_every_booking_once() {
    let google = Google::start(GoogleConfig::default().rotate_refresh_tokens()).unwrap();
    let outlook = OutlookConfig::default().revoke_used_refresh_tokens();
    let outlook = Outlook::start(outlook).unwrap();
    let standins = (&google, &outlook);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let binary = Path::new(BINARY);
    let url = calport_databases::fresh(folder).await;
    let mut settings = google.environment();
    settings.extend(outlook.environment());
    settings.push(("CALPORT_DATABASE_URL".to_owned(), url.clone()));
    // What calendars show is compared all the time, with what the backup says of it.
    settings.push(("CALPORT_DRIFT_INTERVAL".to_owned(), "1".to_owned()));
    let host = Process::start(binary, folder, "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let listen = host.url.replace("http://", "");
    let rest = Rest::new(host.url.clone()).unwrap();
    let mut known = Known::new();

    // ann and bob stay connected, cleo leaves later, dave comes later.
    connect(&rest, standins, ("ann", "google", CASEY))
        .await
        .unwrap();
    connect(&rest, standins, ("bob", "outlook", WORK))
        .await
        .unwrap();
    connect(&rest, standins, ("cleo", "google", SAM))
        .await
        .unwrap();
    let all = ["ann", "bob", "cleo", "dave"];
    for number in 1..=5 {
        state(&rest, &mut known, number, job(number, 1, &all)).await;
    }
    for number in 1..=5 {
        let connected = |reading: &Value| {
            let there = reading["participants"].as_array().map(|all| {
                let there = all.iter().filter(|it| it["state"] == "in_calendar");
                there.count()
            });
            there == Some(3)
        };
        reading_until(&rest, &path(number), connected).await;
    }
    back_up(&url, folder).await;

    // Life goes on: tokens are refreshed, bookings move, end and begin, people come and go.
    google.expire_access_tokens();
    outlook.expire_access_tokens();
    state(&rest, &mut known, 2, job(2, 2, &all)).await;
    let gone = cancelled(job(3, 1, &all), 2);
    state(&rest, &mut known, 3, gone).await;
    let left = job(4, 2, &["ann", "cleo"]);
    state(&rest, &mut known, 4, left).await;
    for number in [6, 7] {
        state(&rest, &mut known, number, job(number, 1, &all)).await;
    }
    state(&rest, &mut known, 8, job(8, 1, &all)).await;
    connect(&rest, standins, ("dave", "google", ROBIN))
        .await
        .unwrap();
    for number in [1, 2, 5, 6, 7, 8] {
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    state(&rest, &mut known, 8, cancelled(job(8, 1, &all), 2)).await;
    let leaving = json!({"remove_events": true});
    let path_of_leaving = "/api/calendar/google/disconnect/";
    let reply = rest
        .user("cleo", Method::POST, path_of_leaving, Some(&leaving))
        .await;
    assert!(reply.unwrap().status.is_success());
    until("all is as it is to be", async || {
        of_google(&google, CASEY) == expected(&known, "ann")
            && of_outlook(&outlook, WORK) == expected(&known, "bob")
            && of_google(&google, ROBIN) == expected(&known, "dave")
            && google.events(SAM, "primary").is_empty()
    })
    .await;
    assert!(host.terminate().await.unwrap().success());

    restore(&url, folder).await;
    let _host = Process::start(binary, folder, &listen, &settings)
        .await
        .unwrap();
    // Their grants are used up: nobody keeps on trying, and everybody can see it.
    google.expire_access_tokens();
    outlook.expire_access_tokens();
    for (number, body) in &known {
        put(&rest, *number, body).await;
    }
    for (user, provider) in [("ann", "google"), ("bob", "outlook"), ("cleo", "google")] {
        until(user, async || is_dead(&rest, user, provider).await).await;
    }
    for (user, provider, account) in [
        ("ann", "google", CASEY),
        ("bob", "outlook", WORK),
        ("cleo", "google", SAM),
        ("dave", "google", ROBIN),
    ] {
        connect(&rest, standins, (user, provider, account))
            .await
            .unwrap();
    }
    for (number, body) in &known {
        if body["status"] != "cancelled" {
            reading_until(&rest, &path(*number), is_everywhere).await;
        }
    }
    let begun = Instant::now();
    loop {
        let shown = [
            of_google(&google, CASEY),
            of_outlook(&outlook, WORK),
            of_google(&google, SAM),
            of_google(&google, ROBIN),
        ];
        let wanted = ["ann", "bob", "cleo", "dave"].map(|user| expected(&known, user));
        if shown == wanted {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{shown:#?}\n{wanted:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
