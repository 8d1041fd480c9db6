//! A server that several replicas share, reached directly or through a pooler.

use super::{
    DatabaseError,
    session::Connections,
    silence::{Silence, no_answer},
};
use sqlx::{
    AnyPool, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use std::{str::FromStr, time::Duration};
use url::Url;

/// Connections that one replica keeps at most: requests, 24 workers a provider and the
/// ledger share them, and none is held while a provider is asked. With three replicas that
/// is half of the 100 that PostgreSQL takes unless told otherwise.
const POOL_SIZE: u32 = 16;

/// How long a statement waits for a free connection, and a connection for its server. Then
/// the caller gets 503, and may come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may have been idle and still be used unasked: after a failover
/// those of the old server answer nothing.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);

/// Seconds since 1970, at the moment of asking and not at the transaction's begin.
pub(super) const NOW: &str = "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp())) AS BIGINT)";

/// Keeps replicas that start together from migrating together.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(3410857713025541989)";

/// The parameter of the URL that says that a pooler is in between.
const POOLER: &str = "pgbouncer";

/// The other ones, as libpq names them. What is not among them would be passed over, and a
/// mistyped `sslmode` with it.
const PARAMETERS: [&str; 10] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "application_name",
];

/// Where a server is, and who lends its connections.
pub(super) struct Place {
    url: Url,
    pub(super) connections: Connections,
}

/// Begins a transaction that may write. It waits only so long for another's locks, and may
/// be left open only so long: a replica that hangs in the middle must not hold up the others.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '10s'; \
     SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// Begins a transaction that only reads.
pub(super) const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Reads a URL, if it is of this kind.
pub(super) fn place(url: &str) -> Option<Result<Place, DatabaseError>> {
    let is_ours = ["postgres:", "postgresql:"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    is_ours.then(|| parse(url))
}

fn parse(url: &str) -> Result<Place, DatabaseError> {
    let mut url = Url::parse(url).map_err(|_| DatabaseError::Malformed)?;
    let (ours, others): (Vec<_>, Vec<_>) = url
        .query_pairs()
        .into_owned()
        .partition(|(name, _)| name == POOLER);
    let connections = match ours.as_slice() {
        [] => Connections::Own,
        [(_, is_there)] if is_there == "true" => Connections::Lent,
        [(_, is_there)] if is_there == "false" => Connections::Own,
        _ => return Err(DatabaseError::Malformed),
    };
    if let Some((name, _)) = others
        .iter()
        .find(|(name, _)| !PARAMETERS.contains(&name.as_str()))
    {
        return Err(DatabaseError::UnknownParameter(name.clone()));
    }
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    Ok(Place { url, connections })
}

/// Connects; makes and changes nothing.
pub(super) async fn connect(place: &Place, silence: &Silence) -> Result<AnyPool, DatabaseError> {
    let options = AnyConnectOptions::from_str(place.url.as_str())?;
    let silence = silence.clone();
    let pool = AnyPoolOptions::new()
        .max_connections(POOL_SIZE)
        .acquire_timeout(PATIENCE)
        // A ping before every statement would cost as much as the statement.
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    return Ok(false);
                }
                if metadata.idle_for < TRUSTED_IDLE {
                    return Ok(true);
                }
                let answered = tokio::time::timeout(PATIENCE, connection.ping()).await;
                Ok(matches!(answered, Ok(Ok(()))))
            })
        })
        // sqlx asks it as well, and would wait for ever, with the connection's place in the pool.
        .after_release(move |connection, _| {
            let is_doubted = silence.was_heard_lately();
            Box::pin(async move {
                if !is_doubted {
                    return Ok(true);
                }
                let answered = tokio::time::timeout(PATIENCE, connection.ping()).await;
                answered.unwrap_or_else(|_| Err(no_answer())).map(|()| true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// Brings the schema up to date, all of it in one transaction: replicas that start at the
/// same time take turns, and a pooler cannot put two steps on two server connections.
pub(super) async fn migrate(pool: &AnyPool) -> Result<(), DatabaseError> {
    let mut connection = pool.acquire().await?.detach();
    let mut transaction = connection.begin().await?;
    transaction.execute(MIGRATING).await?;
    // sqlx names the statements of its own bookkeeping; behind a pooler others may have used
    // these names on this server connection.
    transaction.execute("DEALLOCATE ALL").await?;
    let mut migrations = sqlx::migrate!();
    migrations.set_locking(false);
    migrations
        .run_direct(None, &mut *transaction, false)
        .await?;
    transaction.execute("DEALLOCATE ALL").await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}
