//! For tests of transactions that are in each other's way.

use crate::db::{Database, Dialects};

/// Returns once somebody waits for a lock. Where writers take turns nobody can be seen to: it
/// returns at once.
pub(crate) async fn until_somebody_waits(database: &Database) {
    let waiting = database.dialect(Dialects {
        sqlite: "SELECT 1",
        postgres: "SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
             WHERE NOT l.granted AND a.datname = current_database()",
    });
    loop {
        let waiting: i64 = sqlx::query_scalar(waiting)
            .fetch_one(database.pool())
            .await
            .unwrap();
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}
