//! What is not ours stays unknown.

use crate::calendar::{Calendar, PROVIDERS, job};
use calport_e2e::{
    Log,
    accounts::{CASEY, WORK},
};
use calport_host::sync::Policy;
const CANARY: &str = "canary-dentist-4711";

#[calport_databases::each_database]
async fn other_entries_of_a_calendar_are_neither_stored_nor_logged() {
    let log = Log::captured();
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Restore).await;
        let own = calendar.add_foreign(CANARY).await;
        calendar.look().await;
        match calendar.is_google() {
            true => calendar.world.google.expire_sync_tokens(),
            false => calendar.world.outlook.expire_delta_links(),
        }
        calendar.look().await;
        assert!(match calendar.is_google() {
            true => calendar.world.google.delete_event(CASEY, "primary", &own),
            false => calendar.world.outlook.delete_event(WORK, &own),
        });
        calendar.look().await;
        calendar.put(&job(2)).await;
        calendar.rename("Something else");
        calendar.look().await;
        calendar.settled().await;
        calendar.drifts(1).await;
        let bytes = calendar.world.stored().await;
        for canary in [CANARY, &own] {
            let found = bytes.windows(canary.len()).any(|w| w == canary.as_bytes());
            assert!(!found, "{canary} of {provider} is stored");
        }
        let logged = log.text();
        assert!(logged.contains("an event was changed by hand"));
        assert!(!logged.contains(CANARY), "a title is logged");
        assert!(!logged.contains(&own), "an id is logged");
    }
}
