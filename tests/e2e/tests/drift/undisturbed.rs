//! What we push ourselves is nobody's drift.

use crate::calendar::{Calendar, PROVIDERS, job};
use calport_host::sync::Policy;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The next number of a fixed sequence (Numerical Recipes' LCG): the same run every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[calport_databases::each_database]
async fn two_hundred_changes_of_ours_between_looks_are_no_drift() {
    for provider in PROVIDERS {
        let calendar = Calendar::connected(provider, Policy::Restore).await;
        calendar.world.google.set_latency(Duration::from_millis(2));
        calendar.world.outlook.set_latency(Duration::from_millis(2));
        let mut dice = Dice(4_711);
        let mut revisions = [0_u32; 8];
        let changing = async {
            for _ in 0..200 {
                let which = dice.roll(8);
                let revision = &mut revisions[usize::try_from(which).unwrap()];
                *revision += 1;
                let mut body = job(*revision);
                body["title"] = json!(format!("Clean {}", dice.roll(1_000)));
                body["start"] = json!(format!("2027-06-{:02}T10:00:00Z", 1 + dice.roll(9)));
                body["end"] = json!(format!("2027-06-{:02}T12:00:00Z", 10 + dice.roll(9)));
                body["status"] = json!(match dice.roll(8) {
                    0 => "cancelled",
                    1 => "tentative",
                    _ => "confirmed",
                });
                if which == 0 {
                    body["recurrence"] = json!({"rule": "FREQ=MONTHLY;COUNT=5"});
                }
                let path = format!("/api/jobs/{which}/");
                let world = &calendar.world;
                let reply = world.platform(Method::PUT, &path, Some(&body)).await;
                assert!(reply.unwrap().status.is_success());
            }
        };
        let looking = async {
            loop {
                calendar.look().await;
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = changing => {}
            () = looking => {}
        }
        for which in 0..8 {
            let path = format!("/api/jobs/{which}/");
            calendar.world.settled(&path, "ann").await.unwrap();
        }
        calendar.look().await;
        calendar.drifts(0).await;
        let deliveries: Vec<Option<String>> =
            sqlx::query_scalar("SELECT touched FROM deliveries WHERE touched IS NOT NULL")
                .fetch_all(calendar.world.service.vault().database().pool())
                .await
                .unwrap();
        assert!(deliveries.is_empty(), "all was compared: {deliveries:?}");
        let stated = |revision: &u32| *revision > 0;
        assert!(revisions.iter().all(stated));
        let _: Vec<Value> = calendar.events();
    }
}
