//! How much is waiting and connected, read from the database when somebody asks, so that
//! every replica gives the same answer.

use super::labels::Connections;
use crate::db::Database;
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use sqlx::Row;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    waiting: i64,
    oldest_due: i64,
    webhooks_waiting: i64,
    webhooks_set_aside: i64,
    connections: Vec<(String, &'static str, i64)>,
}

impl Gauges {
    /// Reads them. Waiting rows are counted in an index, and not beyond a million.
    ///
    /// # Errors
    /// The database failed.
    pub async fn read(database: &Database) -> Result<Self, sqlx::Error> {
        let pool = database.pool();
        let waiting = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE state = 'waiting' \
             LIMIT 1000000) AS counted",
        )
        .fetch_one(pool)
        .await?;
        let now = database.now().await?;
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT next_try FROM deliveries WHERE state = 'waiting' AND next_try <= $1 \
             ORDER BY next_try LIMIT 1",
        )
        .bind(now)
        .fetch_optional(pool)
        .await?;
        let [webhooks_waiting, webhooks_set_aside] = [
            webhooks(database, "waiting").await?,
            webhooks(database, "set_aside").await?,
        ];
        // Counted in two indexes: reading the rows, with all that is sealed in them, takes
        // 190 ms for 100,000 connections, and this 5.
        let rows = sqlx::query(
            "SELECT c.provider, COUNT(*) AS users, (SELECT COUNT(*) FROM connections d \
             WHERE d.provider = c.provider AND d.reconnect_reason IS NOT NULL) AS dead \
             FROM connections c GROUP BY c.provider",
        )
        .fetch_all(pool)
        .await?;
        let mut connections = Vec::new();
        for row in &rows {
            let provider: String = row.try_get("provider")?;
            let (users, dead): (i64, i64) = (row.try_get("users")?, row.try_get("dead")?);
            connections.push((provider.clone(), "connected", users.saturating_sub(dead)));
            connections.push((provider, "needs_reconnect", dead));
        }
        Ok(Self {
            waiting,
            oldest_due: oldest.map_or(0, |due| now.saturating_sub(due)),
            webhooks_waiting,
            webhooks_set_aside,
            connections,
        })
    }

    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("calport");
        for (name, help, value) in [
            (
                "deliveries_waiting",
                "Bookings that are on their way into a calendar",
                self.waiting,
            ),
            (
                "webhooks_waiting",
                "What the platform has not yet been told",
                self.webhooks_waiting,
            ),
            (
                "webhooks_set_aside",
                "What the platform could not be told and will not be",
                self.webhooks_set_aside,
            ),
        ] {
            let gauge: Gauge = Gauge::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
        let oldest_due: Gauge = Gauge::default();
        oldest_due.set(self.oldest_due);
        registry.register_with_unit(
            "deliveries_oldest_due",
            "How long the delivery that is due longest has been due",
            Unit::Seconds,
            oldest_due,
        );
        let connections: Family<Connections, Gauge> = Family::default();
        for (provider, state, users) in &self.connections {
            let labels = Connections {
                provider: provider.clone(),
                state,
            };
            connections.get_or_create(&labels).set(*users);
        }
        registry.register("connections", "Connected accounts", connections);
        registry
    }
}

async fn webhooks(database: &Database, state: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM webhooks WHERE state = $1 LIMIT 1000000) AS counted",
    )
    .bind(state)
    .fetch_one(database.pool())
    .await
}
