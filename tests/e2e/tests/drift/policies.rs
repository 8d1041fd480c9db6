//! What is done about what is seen.

use crate::calendar::{Calendar, MOVED, PROVIDERS, START, job};
use calport_host::sync::Policy;
use serde_json::{Value, json};

/// How one look and what follows it left the only event.
async fn put_back(calendar: &Calendar) {
    calendar.look().await;
    let shown = calendar.settled().await;
    assert_eq!(
        (&shown["state"], &shown["drift"]),
        (&json!("in_calendar"), &Value::Null),
        "{shown}"
    );
    assert!(START.starts_with(&calendar.start()));
    assert_eq!(calendar.title(), "Deep clean");
}

#[calport_databases::each_database]
async fn restore_puts_back_what_was_moved_deleted_or_renamed_and_tells_it() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Restore).await;
        calendar.drag();
        put_back(&calendar).await;
        calendar.delete();
        put_back(&calendar).await;
        calendar.rename("Mine");
        put_back(&calendar).await;
        calendar.look().await;
        let told = calendar.drifts(3).await;
        let what: Vec<_> = told.iter().map(|told| &told["what"]).collect();
        assert_eq!(what, ["moved", "deleted", "changed"]);
        assert!(told.iter().all(|told| told["policy"] == "restore"));
    }
}

#[calport_databases::each_database]
async fn an_app_that_keeps_moving_an_event_back_wins_after_three_times() {
    let calendar = Calendar::booked("google", Policy::Restore).await;
    for _ in 0..3 {
        calendar.drag();
        put_back(&calendar).await;
    }
    calendar.drag();
    for _ in 0..3 {
        calendar.look().await;
        let shown = calendar.settled().await;
        assert_eq!(shown["drift"]["what"], "moved", "{shown}");
        assert!(MOVED.starts_with(&calendar.start()));
    }
    let told = calendar.drifts(4).await;
    assert_eq!(told[2]["policy"], "restore");
    assert_eq!(told[3]["policy"], "report");
    // A day later it may be put back again.
    let pool = calendar.world.service.vault().database().pool();
    sqlx::query("UPDATE deliveries SET restoring_since = restoring_since - 86400")
        .execute(pool)
        .await
        .unwrap();
    calendar.put(&job(2)).await;
    calendar.drag();
    put_back(&calendar).await;
}

#[calport_databases::each_database]
async fn accept_keeps_the_time_that_was_chosen_until_the_platform_states_another() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Accept).await;
        calendar.drag();
        calendar.look().await;
        assert_eq!(calendar.drifts(1).await[0]["policy"], "accept");
        let mut renamed = job(2);
        renamed["title"] = json!("Deeper clean");
        let shown = calendar.put(&renamed).await;
        assert_eq!(shown["state"], "in_calendar", "{shown}");
        assert_eq!(shown["drift"]["what"], "moved");
        assert_eq!(calendar.title(), "Deeper clean", "what is new is shown");
        assert!(MOVED.starts_with(&calendar.start()), "at the time chosen");
        calendar.look().await;
        calendar.drifts(1).await;
        let mut elsewhen = renamed;
        elsewhen["revision"] = json!(3);
        elsewhen["start"] = json!("2027-06-01T09:00:00Z");
        let shown = calendar.put(&elsewhen).await;
        assert_eq!(shown["drift"], Value::Null);
        assert_eq!(calendar.start(), "2027-06-01T09:00");
    }
}

#[calport_databases::each_database]
async fn accept_leaves_out_what_was_deleted_until_the_platform_states_another_time() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Accept).await;
        calendar.delete();
        calendar.look().await;
        let mut renamed = job(2);
        renamed["title"] = json!("Deeper clean");
        let shown = calendar.put(&renamed).await;
        assert_eq!(
            (&shown["state"], &shown["drift"]["what"]),
            (&json!("failed"), &json!("deleted"))
        );
        assert!(calendar.events().is_empty());
        let mut elsewhen = renamed;
        elsewhen["revision"] = json!(3);
        elsewhen["start"] = json!("2027-06-01T09:00:00Z");
        let shown = calendar.put(&elsewhen).await;
        assert_eq!(
            (&shown["state"], &shown["drift"]),
            (&json!("in_calendar"), &Value::Null)
        );
        assert_eq!(calendar.start(), "2027-06-01T09:00");
        calendar.drifts(1).await;
    }
}

#[calport_databases::each_database]
async fn reconnecting_and_trying_again_do_not_silently_put_back_what_was_reported() {
    use calport_e2e::accounts::CASEY;
    use calport_standins::ConsentChoice;
    for (policy, deleted) in [
        (Policy::Report, true),
        (Policy::Report, false),
        (Policy::Accept, true),
        (Policy::Accept, false),
    ] {
        let calendar = Calendar::booked("google", policy).await;
        match deleted {
            true => drop(calendar.delete()),
            false => calendar.drag(),
        }
        calendar.look().await;
        let before = calendar.settled().await;
        calendar
            .world
            .connect("ann", CASEY, &ConsentChoice::Allow)
            .await
            .unwrap();
        let after = calendar.settled().await;
        assert_eq!(after, before, "{policy:?}");
        assert_eq!(calendar.events().len(), usize::from(!deleted));
    }
}
