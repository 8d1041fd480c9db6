//! What the audit log of a whole host says, and no longer says once a user is erased.

use super::{K1, Place};
use calport_e2e::{
    World,
    accounts::{CASEY, SAM},
};
use calport_host::{
    audit::{self, Entry},
    subject::Subject,
};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// Long and odd enough to be found nowhere by chance.
const ANN: &str = "user-ann-5e1f7c";

async fn of(world: &World, user: &str) -> Vec<Entry> {
    let subject = Subject::new("default", user);
    let person = world.service.signer().pseudonym(&subject);
    let database = world.service.vault().database();
    let mut entries = audit::of_user(database, &subject, &person, 100)
        .await
        .unwrap();
    entries.reverse();
    // Refreshes are counted beside the rows, and in the second in which a user connected they
    // may be told before it.
    for at in 1..entries.len() {
        let [before, after] = [&entries[at - 1], &entries[at]];
        let is_early = before.action == "refreshed" && after.action == "connected";
        if is_early && before.at == after.at {
            entries.swap(at - 1, at);
        }
    }
    entries
}

fn actions(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

async fn connect(world: &World, user: &str, account: &str) {
    let landing = world.connect(user, account, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "connected");
}

/// Has the access token renewed, by its being too old.
async fn refresh(world: &World, user: &str) {
    sqlx::query("UPDATE connections SET expires_at = 1 WHERE user_id = $1")
        .bind(user)
        .execute(world.service.vault().database().pool())
        .await
        .unwrap();
    let path = "/api/calendar/google/calendars/";
    let calendars = world.user(user, Method::GET, path, None).await.unwrap();
    assert_eq!(calendars.status, StatusCode::OK, "{}", calendars.text);
}

#[tokio::test]
async fn the_life_of_a_connection_is_noted_with_ids_alone() {
    let world = World::start().await.unwrap();
    connect(&world, ANN, CASEY).await;
    for _ in 0..3 {
        refresh(&world, ANN).await;
    }
    let noted = of(&world, ANN).await;
    assert_eq!(actions(&noted), ["connected", "refreshed"], "{noted:?}");
    assert_eq!(noted[1].times, 3);
    let left = world
        .user(ANN, Method::POST, "/api/calendar/google/disconnect/", None)
        .await
        .unwrap();
    assert_eq!(left.status, StatusCode::OK, "{}", left.text);
    let noted = of(&world, ANN).await;
    assert_eq!(
        actions(&noted),
        ["connected", "refreshed", "disconnected"],
        "{noted:?}"
    );
    for entry in &noted {
        assert_eq!(entry.user.as_deref(), Some(ANN));
        assert_eq!(entry.provider.as_deref(), Some("google"));
    }
    let everything = format!("{noted:?}");
    assert!(!everything.contains(CASEY), "{everything}");
}

#[tokio::test]
async fn a_grant_that_dies_and_another_account_are_noted() {
    let world = World::start().await.unwrap();
    connect(&world, ANN, CASEY).await;
    let landing = world
        .connect(ANN, SAM, &ConsentChoice::Allow)
        .await
        .unwrap();
    assert_eq!(landing.status(), "account-changed");
    let body = json!({"handle": landing.parameter("handle"), "replace": true});
    let path = "/api/calendar/google/complete/";
    let switched = world.user(ANN, Method::POST, path, Some(&body)).await;
    assert_eq!(switched.unwrap().status, StatusCode::OK);
    assert_eq!(
        actions(&of(&world, ANN).await),
        ["connected", "disconnected", "connected"]
    );
    assert!(world.google.kill_grant(SAM));
    let path = "/api/calendar/google/calendars/";
    let refused = world.user(ANN, Method::GET, path, None).await.unwrap();
    assert_ne!(refused.status, StatusCode::OK);
    // Twice refused is once news.
    world.user(ANN, Method::GET, path, None).await.unwrap();
    assert_eq!(
        actions(&of(&world, ANN).await),
        ["connected", "disconnected", "connected", "needs_reconnect"]
    );
}

#[calport_databases::each_database]
async fn an_erasure_can_be_proved_to_whoever_names_the_user_and_names_nobody() {
    let world = World::start().await.unwrap();
    connect(&world, ANN, CASEY).await;
    connect(&world, "bob", SAM).await;
    let path = format!("/api/users/{ANN}/");
    let erased = world.platform(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(erased.status, StatusCode::OK);
    let noted = of(&world, ANN).await;
    assert_eq!(actions(&noted), ["erased"]);
    assert_eq!((&noted[0].user, &*noted[0].tenant), (&None, "default"));
    assert_eq!(actions(&of(&world, "bob").await), ["connected"]);
    // As an operator asks.
    let place = Place {
        folder: world.folder.path(),
        database: world.database.clone(),
    };
    let keys = calport_e2e::KEYS;
    let words = format!("audit --json --user {ANN}");
    let asked = super::calport(&place, keys, &words, None).await;
    let asked: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(
        (&asked["action"], &asked["user"]),
        (&json!("erased"), &json!(null))
    );
    let everything = super::calport(&place, keys, "audit", None).await;
    let everything = super::text(&everything.stdout);
    assert!(
        everything.contains("bob") && everything.contains("erased:"),
        "{everything}"
    );
    assert!(!everything.contains(ANN), "{everything}");
    // Who has the database without its keys finds nobody out.
    let stranger = super::calport(&place, &K1.replace("k1:", "test2:"), &words, None).await;
    assert_eq!(stranger.status.code(), Some(1), "{stranger:?}");
}
