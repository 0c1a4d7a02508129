//! Statements, sent to a server: the one place that is written for any of them.

use std::{pin::Pin, time::Duration};

use sqlx::{
    AssertSqlSafe, ColumnIndex, Connection, Database, Decode, Encode, Executor, IntoArguments, Row as _, Type,
    database::HasStatementCache, error::DatabaseError,
};

use super::{
    fault::{Failed, Fault},
    name::Name,
    news::News,
    pool::{OptionsOf, Pool},
    statements::{Dialect, Statement, Value, Yield},
};

/// A kind of server.
pub(super) trait Server: Database + HasStatementCache {
    const DIALECT: &'static Dialect;

    /// How many rows a statement has changed.
    fn affected(result: &Self::QueryResult) -> u64;

    /// What its errors mean.
    fn fault(error: &dyn DatabaseError) -> Fault;

    /// A new connection, which the server knows by this name.
    fn connect(options: &OptionsOf<Self>, name: &Name) -> impl Future<Output = sqlx::Result<Self::Connection>> + Send;

    /// Ends the connection of this name, so that nothing comes from it any more, and says whether it was there still.
    fn end(connection: &mut Self::Connection, name: &Name) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// The news of changes to a table, if it tells of any.
    fn news(_table: &str, _options: &OptionsOf<Self>, _patience: Duration) -> Option<News> {
        None
    }
}

/// The columns of a row, all of them bytes.
pub(super) type Row = Vec<Vec<u8>>;

/// What came of a statement.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) affected: u64,
    pub(super) rows: Vec<Row>,
}

impl Answer {
    /// The number that is the text of the only row.
    pub(super) fn count(&self) -> Option<u64> {
        number(self.rows.first()?.first()?)
    }
}

/// A number that is written as text.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What will be answered.
pub(super) type Asked<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failed>> + Send + 'a>>;

/// The way to a server, of whatever kind.
pub(super) trait Driver: Send + Sync {
    /// Does all statements or none, and says what came of the last: nothing, if one has decided against them.
    fn run<'a>(&'a self, statements: &'a [Statement<'a>]) -> Asked<'a>;
}

impl<D: Speak> Driver for Pool<D> {
    fn run<'a>(&'a self, statements: &'a [Statement<'a>]) -> Asked<'a> {
        Box::pin(async move {
            let mut used = self.take().await?;
            let answer = settled::<D>(used.connection(), statements).await.map_err(Failed::at_work::<D>);
            match &answer {
                Err(Failed { fault: Fault::Lost, .. }) => used.lose(),
                Err(failed) if !failed.fault.leaves_connection() => {}
                _ => used.give_back(),
            }
            answer
        })
    }
}

/// The same, once it is as safe as the server is set to make it.
async fn settled<D: Speak>(connection: &mut D::Connection, statements: &[Statement<'_>]) -> sqlx::Result<Answer> {
    let answer = all::<D>(connection, statements).await?;
    let told = answer.affected > 0 && statements.iter().any(|statement| statement.message.is_some());
    if let Some(tells) = D::DIALECT.tells.as_ref().filter(|_| told) {
        D::ask(connection, &Statement::write(&tells.settles.into(), Vec::new())).await?;
    }
    Ok(answer)
}

async fn all<D: Speak>(connection: &mut D::Connection, statements: &[Statement<'_>]) -> sqlx::Result<Answer> {
    if let [one] = statements {
        return D::ask(connection, one).await;
    }
    let mut transaction = connection.begin().await?;
    match each::<D>(&mut transaction, statements).await {
        Ok(Some(answer)) => transaction.commit().await.map(|()| answer),
        Ok(None) => transaction.rollback().await.map(|()| Answer::default()),
        Err(error) => {
            // What it holds is let go at once, or with the connection.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// What came of the last; `None` if one of them has decided that nothing is done.
async fn each<D: Speak>(connection: &mut D::Connection, statements: &[Statement<'_>]) -> sqlx::Result<Option<Answer>> {
    let mut answer = Answer::default();
    for statement in statements {
        answer = D::ask(connection, statement).await?;
        if statement.decides && answer.affected == 0 {
            return Ok(None);
        }
    }
    Ok(Some(answer))
}

/// A kind of server that takes what we send and gives what we read.
pub(super) trait Speak: Server {
    fn ask(
        connection: &mut Self::Connection,
        statement: &Statement<'_>,
    ) -> impl Future<Output = sqlx::Result<Answer>> + Send;
}

impl<D> Speak for D
where
    D: Server,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    D::Arguments: IntoArguments<D>,
    for<'v> &'v [u8]: Encode<'v, D> + Type<D>,
    for<'v> Option<i64>: Encode<'v, D> + Type<D>,
    for<'r> Vec<u8>: Decode<'r, D> + Type<D>,
    usize: ColumnIndex<D::Row>,
{
    async fn ask(connection: &mut D::Connection, statement: &Statement<'_>) -> sqlx::Result<Answer> {
        // Its only variable part is the name of the table, which has been checked.
        let mut query = sqlx::query::<D>(AssertSqlSafe(statement.sql.clone())).persistent(statement.lasting);
        for value in &statement.values {
            query = match *value {
                Value::Bytes(bytes) => query.bind(bytes),
                Value::Number(number) => query.bind(number),
            };
        }
        if let Some(message) = &statement.message {
            query = query.bind(message.bytes());
        }
        if statement.yields == Yield::Changes {
            let affected = D::affected(&query.execute(connection).await?);
            return Ok(Answer { affected, rows: Vec::new() });
        }
        let rows = query.fetch_all(connection).await?;
        let rows = rows.iter().map(|row| (0..row.len()).map(|column| row.try_get(column)).collect());
        let answer = Answer { affected: 0, rows: rows.collect::<sqlx::Result<_>>()? };
        let affected = if statement.yields == Yield::Count { answer.count().unwrap_or_default() } else { 0 };
        Ok(Answer { affected, ..answer })
    }
}
