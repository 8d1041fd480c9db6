//! One master key takes another's place beside a running server, and is killed at that
//! (case 14).

use super::{K1, K2, Place, calport, serve, text};
use calport_databases::{Kind, each_database, on_disk, stored};
use calport_e2e::{PLATFORM_TOKEN, Process};
use calport_host::{
    db::Database,
    subject::Subject,
    vault::{Account, Context, Credentials, Destination, Grant, KeyRing, Slot, Vault},
};
use reqwest::{Client, Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{fs, os::unix::process::ExitStatusExt};

/// Two batches and a half.
const USERS: usize = 500;

/// Every so many rows are of the form that they had before there were data keys.
const AGED: usize = 3;

const PROVIDER: &str = "google";

fn subject(number: usize) -> Subject {
    Subject::new("default", format!("user-{number:03}"))
}

/// What is in everything secret of a user.
fn canary(number: usize) -> String {
    format!("canary-of-{number:03}")
}

async fn vault(place: &Place<'_>, keys: &str) -> Vault {
    let database = Database::join(&place.database).await.unwrap();
    Vault::new(database, KeyRing::parse(keys).unwrap())
}

async fn fill(vault: &Vault) {
    let (mut transaction, now) = vault.database().write().await.unwrap();
    for number in 0..USERS {
        let subject = subject(number);
        let grant = Grant {
            account: Account {
                id: format!("account-{number}"),
                label: String::new(),
            },
            destination: Destination {
                id: String::new(),
                name: String::new(),
            },
            credentials: Credentials {
                access_token: canary(number).into(),
                refresh_token: Some(canary(number).into()),
                expires_at: None,
                scopes: Vec::new(),
                client_id: String::new(),
            },
        };
        vault
            .connect(&mut transaction, now, &subject, PROVIDER, &grant)
            .await
            .unwrap();
        if number % AGED == 0 {
            let [access, refresh] = ["access_token", "refresh_token"].map(|field| {
                let context = Context {
                    subject: &subject,
                    provider: PROVIDER,
                    field,
                };
                let secret = canary(number).into();
                vault.keys().seal(&secret, context).unwrap()
            });
            sqlx::query(
                "UPDATE connections SET access_token = $2, refresh_token = $3, data_key = NULL \
                 WHERE user_id = $1",
            )
            .bind(&subject.user)
            .bind(access.as_column())
            .bind(refresh.as_column())
            .execute(&mut *transaction)
            .await
            .unwrap();
        }
    }
    transaction.commit().await.unwrap();
}

/// Reads every row; how many need each of the two keys.
async fn read_all(place: &Place<'_>, keys: &str) -> (i64, i64) {
    let vault = vault(place, keys).await;
    for number in 0..USERS {
        let slot = Slot {
            subject: subject(number),
            provider: PROVIDER.to_owned(),
            account: None,
        };
        let stored = vault.load(&slot).await.unwrap().unwrap().credentials;
        let refresh = stored.refresh_token.unwrap();
        assert_eq!(stored.access_token.expose_secret(), canary(number));
        assert_eq!(refresh.expose_secret(), canary(number));
    }
    let mut rows = [0, 0];
    for (rows, id) in rows.iter_mut().zip(["k1", "k2"]) {
        *rows = sqlx::query_scalar("SELECT COUNT(*) FROM connections WHERE key_id = $1")
            .bind(id)
            .fetch_one(vault.database().pool())
            .await
            .unwrap();
    }
    vault.database().close().await;
    let [old, new] = rows;
    (old, new)
}

async fn put(client: &Client, host: &Process) -> reqwest::Response {
    let body = json!({
        "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": "somebody", "role": "customer"}],
    });
    let request = client
        .request(Method::PUT, format!("{}/api/jobs/17/", host.url))
        .bearer_auth(PLATFORM_TOKEN)
        .header("Idempotency-Key", "once")
        .json(&body);
    request.send().await.unwrap()
}

async fn key_status(place: &Place<'_>, keys: &str) -> Value {
    let status = calport(place, keys, "keys status --json", None).await;
    assert!(status.status.success(), "{status:?}");
    serde_json::from_slice(&status.stdout).unwrap()
}

#[each_database(flavor = "multi_thread")]
async fn case_14_a_rotation_that_is_killed_leaves_every_row_readable_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let place = &Place::fresh(folder.path()).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let both = format!("{K2},{K1}");

    let host = serve(place, K1).await.unwrap();
    let url = host.url.clone();
    let first = put(&client, &host).await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    let first: Value = first.json().await.unwrap();
    let link = first["participants"][0]["file_url"].as_str().unwrap();
    let link = link.replace("localhost", "127.0.0.1").replace(&url, "");
    let old = vault(place, K1).await;
    fill(&old).await;
    old.database().close().await;
    // The server does not have the new key yet: it could not read what is sealed with it.
    let early = calport(place, &both, "keys rotate", None).await;
    assert_eq!(early.status.code(), Some(2), "{early:?}");
    assert!(text(&early.stderr).contains("k2"), "{early:?}");
    let rows = i64::try_from(USERS).unwrap();
    assert_eq!(read_all(place, K1).await, (rows, 0));
    host.terminate().await.unwrap();

    let host = serve(place, &both).await.unwrap();
    let mut seen = Vec::new();
    for kill in ["rotating:1", "rotated:1", "rotating:2"] {
        let killed = calport(place, &both, "keys rotate", Some(kill)).await;
        assert_eq!(killed.status.signal(), Some(9), "{kill}: {killed:?}");
        let (old, new) = read_all(place, &both).await;
        assert_eq!(old + new, rows);
        seen.push(new);
    }
    assert_eq!(
        seen,
        [0, 200, 400],
        "a batch is written as a whole or not at all"
    );
    // The server lives, and what it is asked meanwhile works.
    assert_eq!(put(&client, &host).await.status(), StatusCode::ACCEPTED);
    let status = key_status(place, &both).await;
    assert_eq!(status["keys"][1]["id"], "k1");
    assert_eq!(status["keys"][1]["may_be_removed"], false, "{status}");
    host.terminate().await.unwrap();
    let refused = serve(place, K2).await.map(|_| ()).unwrap_err();
    assert!(
        refused.contains("exit status: 2") && refused.contains("100 connections"),
        "{refused}"
    );

    let host = serve(place, &both).await.unwrap();
    let done = calport(place, &both, "keys rotate", None).await;
    assert!(done.status.success(), "{done:?}");
    assert_eq!(read_all(place, K2).await, (0, rows));
    let status = key_status(place, &both).await;
    let (new, old) = (&status["keys"][0], &status["keys"][1]);
    assert_eq!(
        (&new["role"], &new["needed_by"]["connection"]),
        (&json!("encrypts"), &json!(rows))
    );
    assert_eq!(
        (&old["rows"], &old["may_be_removed"]),
        (&json!(0), &json!(true)),
        "{status}"
    );
    host.terminate().await.unwrap();

    // Without the old key: the kept reply, the link and every connection are as they were.
    let host = serve(place, K2).await.unwrap();
    let again = put(&client, &host).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let file = client
        .get(format!("{}{link}", host.url))
        .send()
        .await
        .unwrap();
    assert_eq!(file.status(), StatusCode::OK, "{link}");
    host.terminate().await.unwrap();
    nothing_is_in_the_clear(place, [early.stderr, done.stderr, done.stdout]).await;
}

/// Case 13: neither tokens nor master keys are in the database, in the log or in what was
/// printed. (What is on PostgreSQL's disk is looked for with grep: see the replicas' tests.)
async fn nothing_is_in_the_clear(place: &Place<'_>, printed: [Vec<u8>; 3]) {
    let database = match calport_databases::kind() {
        Kind::Sqlite => on_disk(place.folder).await,
        Kind::Postgres => stored(place.folder, &place.database).await,
    };
    assert!(database.len() > 100_000);
    let log = fs::read(place.folder.join("calport.log")).unwrap();
    let raw: Vec<u8> = (0..32).collect();
    for bytes in [database, log].iter().chain(&printed) {
        for needle in [b"canary-of".as_slice(), b"AAECAwQF", b"HxsdHBsa", &raw] {
            let found = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{}", needle.escape_ascii());
        }
    }
}
