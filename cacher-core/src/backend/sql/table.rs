//! A table on a server: made when it is missing, and asked again where that is of use.

use std::fmt;

use super::{
    driver::{Answer, Driver, Row, number},
    fault::{Failed, Fault},
    news::News,
    statements::{Statement, Statements, Value},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, lock},
};

pub(super) struct Table {
    driver: Box<dyn Driver>,
    pub(super) statements: Statements,
    /// What others tell of their changes, if they do.
    pub(super) news: Option<Arc<News>>,
    /// How large a statement may be; known since the table was seen.
    limit: Mutex<Option<u64>>,
}

/// How often it is tried, where others are in the way.
const TRIES: u32 = 6;

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

impl Table {
    pub(super) fn new(driver: Box<dyn Driver>, statements: Statements, news: Option<News>) -> Self {
        Self { driver, statements, news: news.map(Arc::new), limit: Mutex::default() }
    }

    /// What comes of statements that may be done twice: all of them or none.
    pub(super) async fn ask(&self, statements: &mut [Statement<'_>]) -> Result<Answer> {
        self.repeat(statements, true).await
    }

    /// The same for what may not.
    pub(super) async fn ask_once(&self, statements: &mut [Statement<'_>]) -> Result<Answer> {
        self.repeat(statements, false).await
    }

    /// How many rows a statement has changed.
    pub(super) async fn write(&self, statement: Statement<'_>) -> Result<u64> {
        self.ask(&mut [statement]).await.map(|answer| answer.affected)
    }

    /// The rows that a statement finds.
    pub(super) async fn read(&self, sql: &Arc<str>, values: Vec<Value<'_>>) -> Result<Vec<Row>> {
        self.ask(&mut [Statement::read(sql, values)]).await.map(|answer| answer.rows)
    }

    /// The number of rows that a statement counts.
    pub(super) async fn count(&self, sql: &Arc<str>, values: Vec<Value<'_>>) -> Result<u64> {
        let answer = self.ask(&mut [Statement::read(sql, values)]).await?;
        answer.count().ok_or_else(|| Error::new(Kind::Damaged, "the server did not count"))
    }

    async fn repeat(&self, statements: &mut [Statement<'_>], may_be_done: bool) -> Result<Answer> {
        let mut lost = !may_be_done;
        for _ in 1..TRIES {
            match self.attempt(statements).await {
                Err(Failed { fault: Fault::Lost, .. }) if !lost => lost = true,
                Err(Failed { fault: Fault::Clash, .. }) => {}
                // Removed since we have seen it.
                Err(Failed { fault: Fault::NoTable, .. }) => *lock(&self.limit) = None,
                done => return Ok(done?),
            }
        }
        Ok(self.attempt(statements).await?)
    }

    /// Where news are wanted, all that others did before are told when a change has its answer.
    async fn attempt(&self, statements: &mut [Statement<'_>]) -> Result<Answer, Failed> {
        let changes = statements.iter().any(|statement| statement.message.is_some());
        // Before it is seen that news come: whoever loses them lets it wait for none.
        let sent = self.news.as_deref().filter(|_| changes).and_then(News::send);
        if let Some(news) = &self.news {
            news.ready().await?;
            for message in statements.iter_mut().filter_map(|statement| statement.message.as_mut()) {
                news.sign(message, sent.as_ref());
            }
        }
        let limit = self.limit().await?;
        if let Some(large) = statements.iter().find(|statement| statement.size() > limit) {
            let message = format!("{} bytes are more than the {limit} that the server takes at once", large.size());
            return Err(Failed::new(Fault::Refused, message));
        }
        let answer = self.driver.run(statements).await?;
        if let Some(sent) = sent.filter(|_| answer.affected > 0) {
            sent.back().await;
        }
        Ok(answer)
    }

    async fn limit(&self) -> Result<u64, Failed> {
        let known = *lock(&self.limit);
        match known {
            Some(limit) => Ok(limit),
            None => self.prepare().await,
        }
    }

    /// Sees to it that there is such a table, and what it takes.
    async fn prepare(&self) -> Result<u64, Failed> {
        let (mut state, limit) = self.check().await?;
        if state == 0 {
            let create = self.statements.create.iter().map(|sql| Statement::write(sql, Vec::new()));
            self.driver.run(&create.collect::<Vec<_>>()).await?;
            state = self.check().await?.0;
        }
        if state != 1 {
            return Err(Failed::new(Fault::Invalid, "the table of this name is not a cache: choose another name"));
        }
        *lock(&self.limit) = Some(limit);
        Ok(limit)
    }

    async fn check(&self) -> Result<(u64, u64), Failed> {
        let answer = self.driver.run(&[Statement::read(&self.statements.check, Vec::new())]).await?;
        let row = answer.rows.first().and_then(|row| Some((number(row.first()?)?, number(row.get(1)?)?)));
        row.ok_or_else(|| Failed::new(Fault::Odd, "the server says nothing of its tables"))
    }
}
