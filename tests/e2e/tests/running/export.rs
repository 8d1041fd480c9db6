//! What is stored of a user, given to them: all of it, and no secret.

use super::{BINARY, calport, is_everywhere, job, path, put, reading_until, until};
use calport_e2e::{
    Browser, KEYS, PLATFORM_TOKEN, Process, Rest, WEBHOOK_SECRETS,
    accounts::{CASEY, SAM, WORK},
    connect,
};
use calport_standins::{ConsentChoice, Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Row;
use std::path::Path;

/// Columns that hold secrets, sealed or hashed, or what secrets are known by.
const SECRET: [&str; 11] = [
    "SELECT access_token, refresh_token, data_key FROM connections",
    "SELECT sealed FROM host_keys",
    "SELECT held, handle_hash FROM pending_accounts",
    "SELECT state_hash, cookie_hash, code_verifier FROM flows",
    "SELECT handle_hash, callback FROM parked_callbacks",
    "SELECT token_hash FROM feed_tokens",
    "SELECT ticket_hash FROM page_tickets",
    "SELECT session_hash FROM page_sessions",
    "SELECT key_hash, fingerprint, reply, caller FROM idempotency_keys",
    "SELECT claim FROM lanes",
    "SELECT cursor FROM watches",
];

/// Every text in those columns.
async fn secrets(database: &sqlx::AnyPool) -> Vec<String> {
    let mut secrets = Vec::new();
    for statement in SECRET {
        for row in sqlx::query(statement).fetch_all(database).await.unwrap() {
            for column in 0..row.len() {
                secrets.extend(row.get::<Option<String>, _>(column));
            }
        }
    }
    secrets
}

#[calport_databases::each_database]
async fn all_that_is_stored_of_a_user_is_exported_beside_the_host_and_no_secret() {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = calport_databases::fresh(folder.path()).await;
    let mut settings = google.environment();
    settings.extend(outlook.environment());
    settings.extend(
        [
            // Nobody listens there: what is to be told stays in the queue.
            ("CALPORT_WEBHOOK_URL", "http://127.0.0.1:9/"),
            ("CALPORT_WEBHOOK_SECRET", WEBHOOK_SECRETS[0]),
            ("CALPORT_DRIFT_INTERVAL", "1"),
            ("CALPORT_DATABASE_URL", &url),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let host = Process::start(Path::new(BINARY), folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let rest = Rest::new(host.url.clone()).unwrap();
    let standins = (&google, &outlook);
    connect(&rest, standins, ("ann", "google", CASEY))
        .await
        .unwrap();
    connect(&rest, standins, ("ann", "outlook", WORK))
        .await
        .unwrap();
    connect(&rest, standins, ("user-bob-5e1f7c", "google", SAM))
        .await
        .unwrap();
    for number in 1..=3 {
        put(&rest, number, &job(number, 1, &["ann", "user-bob-5e1f7c"])).await;
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    put(&rest, 4, &job(4, 1, &["user-bob-5e1f7c"])).await;
    sqlx::any::install_default_drivers();
    let database = sqlx::AnyPool::connect(&url).await.unwrap();
    for (statement, rows) in [
        (
            "SELECT COUNT(*) FROM deliveries WHERE user_id = 'ann' AND state = 'in_calendar'",
            6,
        ),
        (
            "SELECT COUNT(*) FROM watches WHERE user_id = 'ann' AND cursor IS NOT NULL",
            2,
        ),
    ] {
        until(statement, async || {
            let count: i64 = sqlx::query_scalar(statement)
                .fetch_one(&database)
                .await
                .unwrap();
            count == rows
        })
        .await;
    }
    // A token that has been renewed once.
    sqlx::query(
        "UPDATE connections SET expires_at = 1 WHERE user_id = 'ann' AND provider = 'google'",
    )
    .execute(&database)
    .await
    .unwrap();
    let calendars = "/api/calendar/google/calendars/";
    let listed = rest
        .user("ann", Method::GET, calendars, None)
        .await
        .unwrap();
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.text);
    // A feed, a page that was opened and one that was not, a flow, an idempotency key.
    let feed = rest
        .user("ann", Method::POST, "/api/calendar/feed/", None)
        .await;
    let feed = feed.unwrap().json()["feed_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut pages = Vec::new();
    for _ in 0..2 {
        let session = json!({"user": "ann", "name": "Ann Example"});
        let opened = rest
            .platform(Method::POST, "/api/page-sessions/", Some(&session))
            .await;
        let url = opened.unwrap().json()["url"].as_str().unwrap().to_owned();
        pages.push(url.replace("localhost", "127.0.0.1"));
    }
    let opened = Browser::new().visit(&pages[0], &[]).await.unwrap();
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    let (_, cookie) = cookie.split_once('=').unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let browser = Browser::new();
    let begun = rest.begin("ann", &browser).await.unwrap();
    // Another account, which she is asked about.
    let asked = google.consent(&begun, SAM, &ConsentChoice::Allow).unwrap();
    let landing = browser
        .open(&asked.replace("localhost", "127.0.0.1"))
        .await
        .unwrap();
    assert_eq!(landing.status(), "account-changed");
    rest.begin("ann", &browser).await.unwrap();
    let token = calport_e2e::token(&json!({"sub": "ann", "exp": 4_000_000_000_u64})).unwrap();
    let kept = Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/api/calendar/feed/", rest.url))
        .bearer_auth(&token)
        .header("idempotency-key", "key-canary-4711")
        .send()
        .await
        .unwrap();
    assert_eq!(kept.status(), StatusCode::OK);
    let newer_feed: Value = serde_json::from_str(&kept.text().await.unwrap()).unwrap();

    let exported = calport(folder.path(), &settings, &["export", "--user", "ann"]).await;
    assert!(exported.status.success(), "{exported:?}");
    let text = String::from_utf8(exported.stdout).unwrap();
    let export: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(export["user"], "ann");
    let count = |section: &str| export[section].as_array().map_or(0, Vec::len);
    for (section, entries) in [
        ("connections", 2),
        ("accounts_in_question", 1),
        ("flows", 1),
        ("bookings", 3),
        ("deliveries", 6),
        ("work", 2),
        ("watches", 2),
        ("feeds", 1),
        ("page_tickets", 1),
        ("page_sessions", 1),
    ] {
        assert_eq!(count(section), entries, "{section}: {text}");
    }
    assert!(count("webhooks") >= 2, "{text}");
    assert_eq!(export["idempotency_keys"], 1);
    let connections = export["connections"].as_array().unwrap();
    let connection = |provider| connections.iter().find(|it| it["provider"] == provider);
    assert_eq!(connection("google").unwrap()["account"]["label"], CASEY);
    assert_eq!(connection("outlook").unwrap()["account"]["label"], WORK);
    for provider in ["google", "outlook"] {
        let connection = connection(provider).unwrap();
        let refreshes = connection["refreshes"].as_i64().unwrap();
        assert_eq!(refreshes > 0, connection["refreshed"].is_string());
    }
    let refreshed = connection("google").unwrap();
    assert_eq!(refreshed["refreshes"], 1, "{refreshed}");
    let audit = export["audit"].as_array().unwrap();
    let noted: Vec<_> = audit.iter().map(|it| it["action"].as_str()).collect();
    assert!(noted.contains(&Some("connected")), "{noted:?}");
    assert_eq!(noted.last(), Some(&Some("exported")), "its own note, too");
    assert_eq!(export["page_sessions"][0]["name"], "Ann Example");
    let booking = &export["bookings"][0];
    assert_eq!(booking["role"], "customer");
    let participants = booking["stated"]["participants"].as_array().unwrap();
    assert_eq!(participants.len(), 2, "{booking}");
    assert_eq!(export["deliveries"][0]["state"], "in_calendar");
    assert!(export["deliveries"][0]["event"]["id"].is_string());

    // Nobody else, and no secret in any form.
    assert!(!text.contains("user-bob-5e1f7c"), "{text}");
    assert!(!text.contains("job 4"), "{text}");
    let mut secrets = secrets(&database).await;
    database.close().await;
    let planted = secrets.len();
    assert!(planted > 15, "they are looked for in vain: {planted}");
    let secret_of = |url: &str| {
        let secret = url.rsplit(['/', '=']).next().unwrap();
        secret.trim_end_matches(".ics").to_owned()
    };
    secrets.extend([
        KEYS.split_once(':').unwrap().1.to_owned(),
        PLATFORM_TOKEN.to_owned(),
        WEBHOOK_SECRETS[0].to_owned(),
        "key-canary-4711".to_owned(),
        secret_of(&feed),
        secret_of(newer_feed["feed_url"].as_str().unwrap()),
        secret_of(&pages[0]),
        secret_of(&pages[1]),
        cookie,
    ]);
    for standin in [google.environment(), outlook.environment()] {
        let secret = standin
            .into_iter()
            .filter(|(name, _)| name.ends_with("_SECRET"));
        secrets.extend(secret.map(|(_, value)| value));
    }
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!text.contains(secret.as_str()), "{secret} in {text}");
    }
    // An auditor reads that it was done.
    let log = String::from_utf8(exported.stderr).unwrap();
    assert!(
        log.contains("calport::audit") && log.contains("default/ann"),
        "{log}"
    );

    let nobody = calport(folder.path(), &settings, &["export", "--user", "nobody"]).await;
    assert_eq!(nobody.status.code(), Some(3), "{nobody:?}");
    assert!(nobody.stdout.is_empty());
    let elsewhere = ["export", "--user", "ann", "--tenant", "other"];
    let elsewhere = calport(folder.path(), &settings, &elsewhere).await;
    assert_eq!(elsewhere.status.code(), Some(3), "{elsewhere:?}");
}
