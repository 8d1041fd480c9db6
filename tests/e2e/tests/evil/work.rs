//! What the plugin answers, to the workers that push bookings with it.

use crate::lair::{Lair, hasty};
use calport_e2e::PATIENCE;
use calport_host::{
    bookings::{BookingId, Bookings, Kind},
    metrics::Metrics,
    subject::Subject,
    sync::{News, Workers},
    webhooks::Webhooks,
};
use serde_json::json;
use sqlx::Row;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_denies_a_connection_is_asked_again_ever_later_and_nothing_is_forgotten() {
    let lair = Lair::open(hasty()).await;
    let mallory = Subject::new(Subject::DEFAULT_TENANT, "mallory");
    let vault = lair.connected(&mallory, "not connected").await;
    let database = vault.database();
    let begun = database.now().await.unwrap();
    let id = BookingId {
        tenant: Subject::DEFAULT_TENANT.to_owned(),
        kind: Kind::Jobs,
        id: "17".to_owned(),
    };
    let body = json!({
        "revision": 1, "title": "Clean",
        "start_date": "2031-01-01", "end_date": "2031-01-02",
        "participants": [{"user": "mallory", "role": "customer"}],
    });
    let body = serde_json::from_value(body).unwrap();
    Bookings::new(database.clone())
        .put(&id, &body)
        .await
        .unwrap();
    let webhooks = Webhooks::new(database.clone(), None);
    let workers = Workers::start(
        vault,
        &lair.plugin,
        &webhooks,
        &Metrics::default(),
        &News::new(),
    );
    let deadline = Instant::now() + PATIENCE;
    // Once at once, then 1 s and 2 s later at the soonest.
    let mut seen = 0;
    while seen < 3 {
        let row = sqlx::query("SELECT attempts, state, reason, next_try FROM deliveries")
            .fetch_one(database.pool())
            .await
            .unwrap();
        let attempts: i64 = row.get("attempts");
        assert_eq!(row.get::<String, _>("state"), "waiting");
        if attempts > seen {
            seen = attempts;
            assert_eq!(row.get::<String, _>("reason"), "the plugin failed");
            let waited = row.get::<i64, _>("next_try") - begun;
            assert!(waited >= (1 << attempts) - 1, "{attempts}: {waited} s");
        }
        assert!(Instant::now() < deadline, "asked {seen} times");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    workers.stop().await;
    let connection = vault.connection(&mallory, "evil").await.unwrap().unwrap();
    assert_eq!(connection.reconnect_reason, None);
}
