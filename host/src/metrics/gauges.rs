//! How much is waiting and connected, read from the database when somebody asks, so that
//! every replica gives the same answer.

use super::labels::Connections;
use crate::db::Database;
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use sqlx::Row;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    waiting: i64,
    oldest_due: i64,
    webhooks_waiting: i64,
    webhooks_set_aside: i64,
    connections: Vec<(String, String, i64)>,
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
             LIMIT 1000000) AS some",
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
        let rows = sqlx::query(
            "SELECT provider, CASE WHEN reconnect_reason IS NULL THEN 'connected' \
             ELSE 'needs_reconnect' END AS state, COUNT(*) AS users FROM connections \
             GROUP BY 1, 2",
        )
        .fetch_all(pool)
        .await?;
        let connections = rows
            .iter()
            .map(|row| {
                Ok((
                    row.try_get("provider")?,
                    row.try_get("state")?,
                    row.try_get("users")?,
                ))
            })
            .collect::<Result<_, sqlx::Error>>()?;
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
                "deliveries_oldest_due_seconds",
                "How long the delivery that is due longest has been due",
                self.oldest_due,
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
        let connections: Family<Connections, Gauge> = Family::default();
        for (provider, state, users) in &self.connections {
            let labels = Connections {
                provider: provider.clone(),
                state: state.clone(),
            };
            connections.get_or_create(&labels).set(*users);
        }
        registry.register("connections", "Connected accounts", connections);
        registry
    }
}

async fn webhooks(database: &Database, state: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM webhooks WHERE state = $1 LIMIT 1000000) AS some",
    )
    .bind(state)
    .fetch_one(database.pool())
    .await
}
