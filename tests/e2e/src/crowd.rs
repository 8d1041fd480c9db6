//! Many users with much behind them, written straight into PostgreSQL, so that what is
//! measured or planned is measured and planned at size.

use crate::rest::Failure;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, raw_sql};
use std::collections::BTreeMap;

/// Past bookings of each user.
pub const BOOKINGS_EACH: usize = 10;

/// The tables that grow with users and bookings.
const LARGE: [&str; 7] = [
    "connections",
    "bookings",
    "participants",
    "deliveries",
    "lanes",
    "watches",
    "feed_tokens",
];

/// A crowd in a database whose schema is there, with one real user to be like.
#[derive(Debug)]
pub struct Crowd {
    connection: PgConnection,
    like: String,
    size: usize,
}

impl Crowd {
    /// No one yet; all are to be like this connected user.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn like(database: &str, user: &str) -> Result<Self, Failure> {
        Ok(Self {
            connection: PgConnection::connect(database).await?,
            like: user.to_owned(),
            size: 0,
        })
    }

    /// The name of one of them.
    pub fn user(number: usize) -> String {
        format!("crowd-{number}")
    }

    /// Lets the crowd grow: each new user is connected with Google, has been in ten bookings
    /// that are over and in one that lies ahead, and has a feed.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn grow_to(&mut self, size: usize) -> Result<(), Failure> {
        let (first, last) = (self.size, size.saturating_sub(1));
        let like = self.like.clone();
        // Whatever columns there are: all but the name is as with the one.
        for (table, other) in [
            ("connections", ""),
            (
                "lanes",
                ", 'due_at', NULL, 'claim', NULL, 'claimed_until', NULL",
            ),
            ("watches", ", 'next_poll', 4000000000, 'claim', NULL"),
        ] {
            self.run(format!(
                "INSERT INTO {table} SELECT made.* FROM {table} t, \
                 generate_series({first}, {last}) number, \
                 LATERAL jsonb_populate_record(NULL::{table}, to_jsonb(t) || \
                 jsonb_build_object('user_id', 'crowd-' || number{other})) made \
                 WHERE t.user_id = '{like}' AND t.provider = 'google'"
            ))
            .await?;
        }
        self.run(format!(
            "INSERT INTO feed_tokens (token_hash, tenant, user_id, created_at) \
             SELECT 'hash-' || number, 'default', 'crowd-' || number, 1700000000 \
             FROM generate_series({first}, {last}) number"
        ))
        .await?;
        let end = "CASE nth WHEN 0 THEN 1953806400 ELSE 1700000000 + 1000 * nth END";
        let each = format!(
            "generate_series({first}, {last}) number, generate_series(0, {BOOKINGS_EACH}) nth"
        );
        let body = "jsonb_build_object('revision', 1, 'status', 'confirmed', 'title', 'Clean', \
             'start', '2031-12-01T10:00:00Z', 'end', '2031-12-01T12:00:00Z', 'zone', 'UTC', \
             'participants', jsonb_build_array(jsonb_build_object('user', 'crowd-' || number, \
             'role', 'customer')))::text";
        for insert in [
            format!(
                "INSERT INTO bookings (tenant, kind, id, revision, body, ends_at, updated_at) \
                 SELECT 'default', 'jobs', 'b-' || number || '-' || nth, 1, {body}, {end}, \
                 1700000000 FROM {each}"
            ),
            format!(
                "INSERT INTO participants (tenant, kind, booking_id, user_id, role) \
                 SELECT 'default', 'jobs', 'b-' || number || '-' || nth, 'crowd-' || number, \
                 'customer' FROM {each}"
            ),
            format!(
                "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, \
                 generation, state, attempts) SELECT 'default', 'jobs', \
                 'b-' || number || '-' || nth, 'crowd-' || number, 'google', 1, 'in_calendar', 0 \
                 FROM {each}"
            ),
        ] {
            self.run(insert).await?;
        }
        self.run("VACUUM ANALYZE".to_owned()).await?;
        self.size = size;
        Ok(())
    }

    /// Has some calendars due.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn owe(&mut self, calendars: usize) -> Result<(), Failure> {
        self.run(format!(
            "UPDATE lanes SET due_at = 1700000000 WHERE (tenant, user_id, provider) IN \
             (SELECT 'default', 'crowd-' || number, 'google' \
             FROM generate_series(0, {}) number)",
            calendars.saturating_sub(1)
        ))
        .await
    }

    /// How often each of the tables that grow was read from one end to the other.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn whole_reads(&mut self) -> Result<BTreeMap<String, i64>, Failure> {
        // What other connections have counted is told a second late at the most.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let rows = sqlx::query("SELECT relname::text, seq_scan FROM pg_stat_user_tables")
            .fetch_all(&mut self.connection)
            .await?;
        let mut reads = BTreeMap::new();
        for row in &rows {
            let (table, times): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            if LARGE.contains(&table.as_str()) {
                reads.insert(table, times);
            }
        }
        Ok(reads)
    }

    async fn run(&mut self, statement: String) -> Result<(), Failure> {
        let statement = raw_sql(AssertSqlSafe(statement));
        self.connection.execute(statement).await?;
        Ok(())
    }
}
