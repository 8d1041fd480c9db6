//! Bookings that have been over for long, with their participants and what was put into
//! calendars for them. One that the platform states again afterwards is found there by its
//! derived identity, as after a crash.

use super::{BATCH, Round};
use crate::db::{Database, Dialects};
use sqlx::Row;

/// The bookings to go, those that have waited longest first. A literal: statements are never
/// put together at run time.
macro_rules! over {
    ($lock:literal) => {
        concat!(
            "DELETE FROM bookings WHERE (tenant, kind, id) IN ( \
               SELECT tenant, kind, id FROM bookings WHERE ends_at IS NOT NULL \
               AND (CASE WHEN ends_at > updated_at THEN ends_at ELSE updated_at END) < $1 \
               ORDER BY (CASE WHEN ends_at > updated_at THEN ends_at ELSE updated_at END) \
               LIMIT $2",
            $lock,
            ") RETURNING tenant, kind, id"
        )
    };
}

/// The same of series, which end when they are cancelled.
macro_rules! cancelled {
    ($lock:literal) => {
        concat!(
            "DELETE FROM bookings WHERE (tenant, kind, id) IN ( \
               SELECT tenant, kind, id FROM bookings WHERE ends_at IS NULL \
               AND body LIKE '%\"status\":\"cancelled\"%' AND updated_at < $1 \
               ORDER BY updated_at LIMIT $2",
            $lock,
            ") RETURNING tenant, kind, id"
        )
    };
}

/// In PostgreSQL one that the platform is stating anew at this moment is passed over.
const FORGET: [Dialects; 2] = [
    Dialects {
        sqlite: over!(""),
        postgres: over!(" FOR UPDATE SKIP LOCKED"),
    },
    Dialects {
        sqlite: cancelled!(""),
        postgres: cancelled!(" FOR UPDATE SKIP LOCKED"),
    },
];

impl Round<'_> {
    pub(super) async fn past(&mut self, before: i64) -> Result<(), sqlx::Error> {
        for statement in FORGET {
            while self.may_go_on().await? {
                let database = &self.retention.database;
                let (bookings, deliveries) = forget(database, statement, before).await?;
                self.note("deliveries", deliveries);
                if !self.step("bookings", bookings).await {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// How many bookings went, and how many deliveries with them.
async fn forget(
    database: &Database,
    statement: Dialects,
    before: i64,
) -> Result<(u64, u64), sqlx::Error> {
    let (mut transaction, _) = database.write().await?;
    // Participants go with their booking.
    let rows = sqlx::query(database.dialect(statement))
        .bind(before)
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await?;
    let (mut bookings, mut deliveries) = (0, 0);
    for row in &rows {
        let gone = sqlx::query(
            "DELETE FROM deliveries WHERE tenant = $1 AND kind = $2 AND booking_id = $3",
        )
        .bind(row.try_get::<String, _>("tenant")?)
        .bind(row.try_get::<String, _>("kind")?)
        .bind(row.try_get::<String, _>("id")?)
        .execute(&mut *transaction)
        .await?;
        bookings += 1;
        deliveries += gone.rows_affected();
    }
    transaction.commit().await?;
    Ok((bookings, deliveries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_over_is_found_in_an_index_and_nothing_else_is_read() {
        let (database, _folder) = Database::temporary().await;
        for (statement, index) in FORGET.into_iter().zip(["past", "cancelled_series"]) {
            let explained = format!("EXPLAIN QUERY PLAN {}", statement.sqlite);
            let plan = sqlx::query(sqlx::AssertSqlSafe(explained))
                .bind(0_i64)
                .bind(BATCH)
                .fetch_all(database.pool())
                .await
                .unwrap();
            let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            let index = format!("bookings_{index}");
            assert!(steps.iter().any(|step| step.contains(&index)), "{steps:?}");
            for step in &steps {
                assert_ne!(step, "SCAN bookings", "{steps:?}");
                assert!(!step.contains("TEMP B-TREE"), "{steps:?}");
            }
        }
    }
}
