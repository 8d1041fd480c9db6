//! Lanes that nothing is owed to and nobody is connected behind: they are left where work was
//! begun for a connection that ended meanwhile.

use super::{PAUSE, Round};
use crate::db::Database;
use sqlx::Row;

/// Lanes that are looked at in one step. Looking takes no lock.
const LOOK: i64 = 2_000;

/// A lane's key.
type Key = [String; 3];

impl Round<'_> {
    pub(super) async fn idle_lanes(&mut self, now: i64) -> Result<(), sqlx::Error> {
        let mut after: Key = Default::default();
        while self.may_go_on().await? {
            let (idle, last) = look(&self.retention.database, &after, now).await?;
            let rows = forget(&self.retention.database, &idle, now).await?;
            self.note("lanes", rows);
            let Some(last) = last else { break };
            after = last;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// The idle ones of the next lanes, and the last of those if there may be more.
async fn look(
    database: &Database,
    [tenant, user, provider]: &Key,
    now: i64,
) -> Result<(Vec<Key>, Option<Key>), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT l.tenant, l.user_id, l.provider, CASE WHEN l.due_at IS NULL \
         AND (l.claimed_until IS NULL OR l.claimed_until <= $4) \
         AND (l.paused_until IS NULL OR l.paused_until <= $4) \
         AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.tenant = l.tenant \
           AND c.user_id = l.user_id AND c.provider = l.provider) THEN 1 ELSE 0 END AS is_idle \
         FROM lanes l WHERE (l.tenant, l.user_id, l.provider) > ($1, $2, $3) \
         ORDER BY l.tenant, l.user_id, l.provider LIMIT $5",
    )
    .bind(tenant)
    .bind(user)
    .bind(provider)
    .bind(now)
    .bind(LOOK)
    .fetch_all(database.pool())
    .await?;
    let key = |row: &sqlx::any::AnyRow| -> Result<Key, sqlx::Error> {
        Ok([
            row.try_get("tenant")?,
            row.try_get("user_id")?,
            row.try_get("provider")?,
        ])
    };
    let mut idle = Vec::new();
    for row in &rows {
        if row.try_get::<i64, _>("is_idle")? == 1 {
            idle.push(key(row)?);
        }
    }
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= LOOK);
    let last = rows.last().filter(|_| is_full).map(key).transpose()?;
    Ok((idle, last))
}

/// Forgets those that are still idle.
async fn forget(database: &Database, idle: &[Key], now: i64) -> Result<u64, sqlx::Error> {
    if idle.is_empty() {
        return Ok(0);
    }
    let (mut transaction, _) = database.write().await?;
    let mut gone = 0;
    for [tenant, user, provider] in idle {
        let done = sqlx::query(
            "DELETE FROM lanes WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND due_at IS NULL AND (claimed_until IS NULL OR claimed_until <= $4) \
             AND (paused_until IS NULL OR paused_until <= $4)",
        )
        .bind(tenant)
        .bind(user)
        .bind(provider)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        gone += done.rows_affected();
    }
    transaction.commit().await?;
    Ok(gone)
}
