use super::*;
use calport_databases::each_database;

const INTERVAL: Duration = Duration::from_secs(300);

async fn execute(database: &Database, statement: &'static str) {
    sqlx::query(statement)
        .execute(database.pool())
        .await
        .unwrap();
}

async fn users(database: &Database, statement: &'static str) -> Vec<String> {
    sqlx::query_scalar(statement)
        .fetch_all(database.pool())
        .await
        .unwrap()
}

const DUE: &str = "SELECT user_id FROM watches WHERE next_poll <= 5000 ORDER BY user_id";

/// Due for long: one that can be looked at, behind all that cannot.
async fn due() -> (Database, tempfile::TempDir) {
    let (database, folder) = Database::temporary().await;
    for statement in [
        "INSERT INTO connections (tenant, user_id, provider, account_id, account_label, \
         calendar_id, calendar_name, access_token, scopes, client_id, revision, connected_at, \
         reconnect_reason, leaving_at) VALUES \
         ('t', 'dead', 'google', '', '', '', '', '', '', '', 1, 1000, 'refused', NULL), \
         ('t', 'leaving', 'google', '', '', '', '', '', '', '', 1, 1000, NULL, 1000), \
         ('t', 'paused', 'google', '', '', '', '', '', '', '', 1, 1000, NULL, NULL), \
         ('t', 'down', 'outlook', '', '', '', '', '', '', '', 1, 1000, NULL, NULL), \
         ('t', 'well', 'google', '', '', '', '', '', '', '', 1, 1000, NULL, NULL)",
        "INSERT INTO watches (tenant, user_id, provider, account_id, calendar_id, next_poll) \
         VALUES ('t', 'dead', 'google', '', '', 1000), ('t', 'leaving', 'google', '', '', 1001), \
         ('t', 'paused', 'google', '', '', 1002), ('t', 'down', 'outlook', '', '', 1003), \
         ('t', 'gone', 'google', '', '', 1004), ('t', 'well', 'google', '', '', 1005)",
        "INSERT INTO lanes (tenant, user_id, provider, paused_until) \
         VALUES ('t', 'paused', 'google', 4000000000)",
        "INSERT INTO provider_pauses (provider, paused_until, strikes, reason) \
         VALUES ('outlook', 4000000000, 1, 'down')",
    ] {
        execute(&database, statement).await;
    }
    (database, folder)
}

#[each_database]
async fn what_cannot_be_looked_at_does_not_stay_before_all_others() {
    let (database, _folder) = due().await;
    let watches = Watches::new(database.clone());
    let claimed = watches.claim(8, INTERVAL).await.unwrap();
    let claimed: Vec<_> = claimed.iter().map(|it| &*it.subject.user).collect();
    assert_eq!(claimed, ["well"]);
    assert_eq!(users(&database, DUE).await, ["well"]);
    // Their next turn comes as everybody's does.
    let next: Vec<i64> =
        sqlx::query_scalar("SELECT next_poll FROM watches WHERE user_id <> 'well'")
            .fetch_all(database.pool())
            .await
            .unwrap();
    let now = database.now().await.unwrap();
    assert!(next.iter().all(|next| (now..now + 400).contains(next)));
}

#[each_database]
async fn who_connects_again_is_looked_at_at_once() {
    let (database, _folder) = due().await;
    let watches = Watches::new(database.clone());
    watches.claim(8, INTERVAL).await.unwrap();
    execute(
        &database,
        "UPDATE connections SET reconnect_reason = NULL WHERE user_id = 'dead'",
    )
    .await;
    let (mut transaction, now) = database.write().await.unwrap();
    let dead = Subject::new("t", "dead");
    watch(&mut transaction, &dead, "google", now).await.unwrap();
    transaction.commit().await.unwrap();
    let claimed = watches.claim(8, INTERVAL).await.unwrap();
    let claimed: Vec<_> = claimed.iter().map(|it| &*it.subject.user).collect();
    assert_eq!(claimed, ["dead"]);
}
