//! All that a host has stored, row by row.

use calport_databases::{Kind, kind};
use calport_e2e::World;
use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use std::collections::BTreeMap;

/// Every row of every table, and how often it is there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rows(BTreeMap<String, usize>);

impl Rows {
    pub(crate) async fn of(world: &World) -> Self {
        let pool = world.service.vault().database().pool();
        let tables = match kind() {
            Kind::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
            Kind::Postgres => {
                "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'"
            }
        };
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
        let mut rows = BTreeMap::new();
        for table in tables.iter().filter(|table| !table.starts_with('_')) {
            let all = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")));
            for row in all.fetch_all(pool).await.unwrap() {
                *rows.entry(format!("{table}: {}", shown(&row))).or_default() += 1;
            }
        }
        assert!(
            rows.keys().any(|row| row.starts_with("bookings: ")),
            "{rows:?}"
        );
        Self(rows)
    }

    /// What was there before and is not any more, or is there with another content.
    pub(crate) fn lost_since(&self, before: &Self) -> Vec<String> {
        let is_lost = |(row, times): &(&String, &usize)| self.0.get(*row) < Some(times);
        let lost = before.0.iter().filter(is_lost);
        lost.map(|(row, _)| row.clone()).collect()
    }
}

/// Columns are texts or whole numbers, on both kinds of database.
fn shown(row: &AnyRow) -> String {
    let columns = (0..row.len()).map(|at| match row.try_get::<Option<String>, _>(at) {
        Ok(text) => format!("{text:?}"),
        Err(_) => format!("{:?}", row.get::<Option<i64>, _>(at)),
    });
    columns.collect::<Vec<_>>().join(", ")
}
