use super::*;
use crate::{subject::Subject, sync::lanes::Lanes};
use calport_databases::each_database;

#[each_database]
async fn what_is_owed_to_a_calendar_is_forgotten_only_while_it_is_not_connected() {
    let (database, _folder) = Database::temporary().await;
    sqlx::query(
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, attempts) VALUES ('t', 'jobs', '1', 'ann', 'google', 1, 'waiting', 0)",
    )
    .execute(database.pool())
    .await
    .unwrap();
    let ann = Subject::new("t", "ann");
    let lanes = Lanes::new(database.clone());
    let lane = lanes.hold(&ann, "google").await.unwrap();
    let ledger = Ledger::start(database.clone(), Webhooks::new(database.clone(), None));
    for (change, left) in [
        (
            "INSERT INTO connections (tenant, user_id, provider, account_id, account_label, \
             calendar_id, calendar_name, access_token, scopes, client_id, revision, connected_at) \
             VALUES ('t', 'ann', 'google', '', '', '', '', '', '', '', 1, 1000)",
            1,
        ),
        ("DELETE FROM connections", 0),
    ] {
        sqlx::query(change).execute(database.pool()).await.unwrap();
        ledger.note(&lane, Note::Forgotten).await.unwrap();
        let owed: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deliveries")
            .fetch_one(database.pool())
            .await
            .unwrap();
        assert_eq!(owed, left, "{change}");
    }
}
