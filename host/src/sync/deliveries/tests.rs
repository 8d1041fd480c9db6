use super::*;
use crate::waits::until_somebody_waits;
use calport_databases::each_database;

#[each_database(flavor = "multi_thread")]
async fn trying_again_and_whoever_states_a_booking_do_not_wait_for_each_other() {
    let (database, _folder) = Database::temporary().await;
    sqlx::query(
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, attempts) VALUES ('t', 'jobs', '1', 'ann', 'google', 1, 'failed', 20)",
    )
    .execute(database.pool())
    .await
    .unwrap();
    let ann = Subject::new("t", "ann");
    let deliveries = Deliveries::new(database.clone());
    Lanes::new(database.clone())
        .hold(&ann, "google")
        .await
        .unwrap();
    // As `owe_booking`: lanes first, then deliveries.
    let (mut booking, now) = database.write().await.unwrap();
    owe::wake_lane(&mut booking, &ann, "google", now)
        .await
        .unwrap();
    let retrying =
        tokio::spawn(async move { deliveries.retry_set_aside(&SetAside::default()).await });
    until_somebody_waits(&database).await;
    sqlx::query("UPDATE deliveries SET reason = 'stated' WHERE user_id = 'ann'")
        .execute(&mut *booking)
        .await
        .unwrap();
    booking.commit().await.unwrap();
    assert_eq!(retrying.await.unwrap().unwrap(), 1);
}

#[each_database]
async fn only_what_is_meant_is_tried_again_and_its_calendars_are_woken() {
    let (database, _folder) = Database::temporary().await;
    sqlx::query(
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, reason, attempts) VALUES ('t', 'jobs', '1', 'ann', 'google', 1, 'failed', 'x', 20), \
         ('t', 'jobs', '2', 'ann', 'google', 1, 'failed', NULL, 20), \
         ('t', 'jobs', '3', 'ann', 'google', 1, 'in_calendar', NULL, 0), \
         ('t', 'jobs', '1', 'bob', 'google', 1, 'failed', 'x', 20), \
         ('u', 'jobs', '1', 'ann', 'google', 1, 'failed', 'x', 20)",
    )
    .execute(database.pool())
    .await
    .unwrap();
    let deliveries = Deliveries::new(database.clone());
    let which = |tenant: Option<&str>, user: Option<&str>, booking: Option<&str>| SetAside {
        tenant: tenant.map(str::to_owned),
        user: user.map(str::to_owned),
        provider: None,
        booking: booking.map(str::to_owned),
    };
    for (which, retried, lanes) in [
        (which(Some("t"), Some("ann"), Some("1")), 1, 1),
        (which(Some("t"), Some("ann"), None), 1, 1),
        (which(None, None, None), 2, 3),
        (which(None, None, None), 0, 3),
    ] {
        assert_eq!(deliveries.retry_set_aside(&which).await.unwrap(), retried);
        let woken: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lanes WHERE due_at > 0")
            .fetch_one(database.pool())
            .await
            .unwrap();
        assert_eq!(woken, lanes);
    }
}
