//! How statements reach the database: alone, or together in a transaction. Behind a pooler
//! every statement must be part of a transaction and must leave no name behind, for the next
//! one may go to another server connection.

use super::silence::Silence;
use futures::{
    TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Any, AnyPool, Describe, Either, Execute, Executor, SqlStr,
    any::{AnyArguments, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
    error::BoxDynError,
};
use std::ops::{Deref, DerefMut};

/// Whether a database's server connections are ours as long as we want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// They are: statements are prepared once and kept by name.
    Own,
    /// A pooler lends them, for one transaction at a time.
    Lent,
}

/// For reads and single writes; each is a transaction of its own.
#[derive(Clone, Debug)]
pub struct Pool {
    pool: AnyPool,
    connections: Connections,
    /// Of a server; a file answers or fails.
    silence: Option<Silence>,
}

/// Several statements that happen together or not at all. One that is dropped has not
/// happened.
#[derive(Debug)]
pub struct Transaction(Session);

/// Where the statements of a transaction go.
#[derive(Debug)]
pub struct Session {
    inner: sqlx::Transaction<'static, Any>,
    connections: Connections,
    is_shared: bool,
    silence: Option<Silence>,
}

/// An answer in time, where there is a server that may be silent.
async fn answer<T>(
    silence: Option<&Silence>,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match silence {
        Some(silence) => silence.broken_by(answer).await,
        None => answer.await,
    }
}

/// The same for each step of a statement.
fn answers<'e>(silence: Option<&Silence>, steps: Steps<'e>) -> Steps<'e> {
    match silence {
        Some(silence) => silence.broken_by_each(steps),
        None => steps,
    }
}

impl Pool {
    pub(super) fn new(pool: AnyPool, connections: Connections, silence: Option<Silence>) -> Self {
        Self {
            pool,
            connections,
            silence,
        }
    }

    /// `begin`: the statement that begins it, where it is not `BEGIN`. `is_shared`: whether
    /// others may write meanwhile.
    pub(super) async fn begin(
        &self,
        begin: &'static str,
        is_shared: bool,
    ) -> Result<Transaction, sqlx::Error> {
        Ok(Transaction(Session {
            inner: answer(self.silence.as_ref(), self.pool.begin_with(begin)).await?,
            connections: self.connections,
            is_shared,
            silence: self.silence.clone(),
        }))
    }

    pub(super) fn any(&self) -> &AnyPool {
        &self.pool
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Transaction {
    /// Makes it happen.
    ///
    /// # Errors
    /// It has not happened, or the connection was lost before it could be known.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        answer(self.0.silence.as_ref(), self.0.inner.commit()).await
    }

    /// Undoes it, and says whether that was heard.
    ///
    /// # Errors
    /// The connection was lost; it has not happened all the same.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        answer(self.0.silence.as_ref(), self.0.inner.rollback()).await
    }

    /// Whether others may write while it goes on.
    pub(super) fn is_shared(&self) -> bool {
        self.0.is_shared
    }
}

impl Deref for Transaction {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}

/// The same statement, not to be kept by a name.
struct Nameless<E>(E);

impl<'q, E: Execute<'q, Any>> Execute<'q, Any> for Nameless<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&AnyStatement> {
        self.0.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<AnyArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}

type Steps<'e> = BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, sqlx::Error>>;

impl<'c> Executor<'c> for &'c mut Session {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let steps = match self.connections {
            Connections::Own => self.inner.fetch_many(query),
            Connections::Lent => self.inner.fetch_many(Nameless(query)),
        };
        answers(self.silence.as_ref(), steps)
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<AnyRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let first = match self.connections {
            Connections::Own => self.inner.fetch_optional(query),
            Connections::Lent => self.inner.fetch_optional(Nameless(query)),
        };
        Box::pin(answer(self.silence.as_ref(), first))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.inner.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.inner.describe(sql)
    }
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        match self.connections {
            Connections::Own => answers(self.silence.as_ref(), self.pool.fetch_many(query)),
            Connections::Lent => Box::pin(
                async move {
                    let mut transaction = self.begin("BEGIN", true).await?;
                    let all: Vec<_> = transaction.fetch_many(query).try_collect().await?;
                    transaction.commit().await?;
                    Ok::<_, sqlx::Error>(stream::iter(all.into_iter().map(Ok)))
                }
                .try_flatten_stream(),
            ),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<AnyRow>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        match self.connections {
            Connections::Own => {
                let first = self.pool.fetch_optional(query);
                Box::pin(answer(self.silence.as_ref(), first))
            }
            Connections::Lent => Box::pin(async move {
                let mut transaction = self.begin("BEGIN", true).await?;
                let first = transaction.fetch_optional(query).await?;
                transaction.commit().await?;
                Ok(first)
            }),
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, sqlx::Error>>
    where
        'p: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, sqlx::Error>>
    where
        'p: 'e,
    {
        self.pool.describe(sql)
    }
}
