//! Reads that are answered by the database.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{ClientWrapper, Object, Pool};
use futures_util::future::BoxFuture;
use pyaday_core::daily::{Daily, Day, Pinned};
use pyaday_core::{Date, NormalizedName, Page, Query, Seed, StoreError, StoreId, Stored, Tag};
use rand::rngs::SmallRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;

use crate::connection::within;
use crate::error::Fault;
use crate::follow::{READ, begin_snapshot};
use crate::rows::{head, journal, package};
use crate::schema::Schema;
use crate::shared::Shared;

/// What asks the database.
#[derive(Debug)]
pub(crate) struct Direct {
    pub(crate) pool: Pool,
    pub(crate) schema: Arc<Schema>,
    pub(crate) runtime: Handle,
    pub(crate) shared: Arc<Shared>,
}

/// A question on a connection.
trait Question<T>:
    for<'a> FnOnce(&'a ClientWrapper, &'a Schema) -> BoxFuture<'a, Result<T, Fault>> + Send + 'static
{
}

impl<T, F> Question<T> for F where
    F: for<'a> FnOnce(&'a ClientWrapper, &'a Schema) -> BoxFuture<'a, Result<T, Fault>>
        + Send
        + 'static
{
}

impl Direct {
    /// Asks in a task of the store's runtime: the connections live there, whoever asks.
    async fn ask<T: Send + 'static>(
        &self,
        deadline: Duration,
        question: impl Question<T>,
    ) -> Result<T, StoreError> {
        if !self.shared.is_set_up() {
            return Err(self.shared.fault().refused());
        }
        let (pool, schema) = (self.pool.clone(), Arc::clone(&self.schema));
        let asking =
            self.runtime.spawn(async move { ask(&pool, &schema, deadline, question).await });
        let fault = match asking.await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => fault,
            Err(ended) if ended.is_panic() => Fault::Bug,
            Err(_) => Fault::Ended,
        };
        Err(fault.refused())
    }

    pub(crate) async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        let name = name.clone();
        self.ask(READ, |client, schema| Box::pin(read(client, schema, name))).await
    }

    pub(crate) async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        self.ask(READ, move |client, schema| Box::pin(random(client, schema, seed))).await
    }

    pub(crate) async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        let tag = tag.cloned();
        self.ask(READ, move |client, schema| Box::pin(sample(client, schema, count, tag, seed)))
            .await
    }

    pub(crate) async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        let query = query.clone();
        self.ask(READ, |client, schema| Box::pin(list(client, schema, query))).await
    }

    pub(crate) async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.ask(READ, move |client, schema| Box::pin(daily(client, schema, date))).await
    }

    pub(crate) async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.ask(READ, move |client, schema| Box::pin(recent(client, schema, until, count))).await
    }

    pub(crate) async fn pins(
        &self,
        last_open: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Pinned>, StoreError> {
        self.ask(READ, move |client, schema| Box::pin(pins(client, schema, last_open, count))).await
    }

    pub(crate) async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        self.ask(READ, move |client, schema| Box::pin(pinned(client, schema, date))).await
    }

    pub(crate) async fn id(&self) -> Result<StoreId, StoreError> {
        self.ask(READ, move |client, schema| {
            Box::pin(async { Ok(head::read(client, schema).await?.store) })
        })
        .await
    }
}

async fn ask<T>(
    pool: &Pool,
    schema: &Schema,
    deadline: Duration,
    question: impl Question<T>,
) -> Result<T, Fault> {
    let begin = Instant::now();
    let connection = connection(pool).await?;
    let rest = deadline.saturating_sub(begin.elapsed());
    let answer = within(rest, question(&connection, schema)).await;
    if answer.is_err() {
        // Whatever is wrong with it, nobody is to meet it again.
        drop(Object::take(connection));
    }
    answer
}

/// A connection of the pool. The deadline is not the pool's, which needs to know the runtime for that
/// and may be the host's.
async fn connection(pool: &Pool) -> Result<Object, Fault> {
    match timeout(READ, pool.get()).await {
        Ok(connection) => connection.map_err(|error| Fault::of_pool(error, READ)),
        Err(_) => {
            let status = pool.status();
            Err(match status.size >= status.max_size {
                true => Fault::Exhausted(READ),
                false => Fault::Late(READ),
            })
        }
    }
}

async fn read(
    client: &ClientWrapper,
    schema: &Schema,
    name: NormalizedName,
) -> Result<Option<Stored>, Fault> {
    let columns = package::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT {columns} FROM pyaday.package AS package WHERE normalized_name = $1"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let row = client.query_opt(&statement, &[&name.as_str()]).await?;
    row.map(|row| package::stored(&row, 0)).transpose()
}

/// Numbers for a seed, the same for the same seed.
fn numbers(seed: Seed) -> SmallRng {
    let mut own = <SmallRng as SeedableRng>::Seed::default();
    for (to, from) in own.iter_mut().zip(seed.bits()) {
        *to = from;
    }
    SmallRng::from_seed(own)
}

/// Slots have no gaps, so the remainder of a number below the greatest multiple of how many there
/// are is a slot, and each equally likely. A number above it is passed over, which happens once in
/// billions of times.
async fn random(
    client: &ClientWrapper,
    schema: &Schema,
    seed: Seed,
) -> Result<Option<Stored>, Fault> {
    /// How many numbers are tried in one statement.
    const PROBES: usize = 4;
    /// Numbers are below this.
    const LIMIT: i64 = 1 << 62;

    let columns = package::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT head.packages, {columns}
         FROM pyaday.head AS head
         LEFT JOIN LATERAL (
             SELECT number % head.packages AS slot
             FROM unnest($1::bigint[]) WITH ORDINALITY AS probes (number, place)
             WHERE head.packages > 0 AND number < {LIMIT} - {LIMIT} % head.packages
             ORDER BY place LIMIT 1
         ) AS probe ON true
         LEFT JOIN pyaday.package AS package ON package.slot = probe.slot"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let mut numbers = numbers(seed);
    loop {
        let probes: [i64; PROBES] = std::array::from_fn(|_| numbers.random_range(0..LIMIT));
        let row = client.query_one(&statement, &[&probes.as_slice()]).await?;
        if row.try_get::<_, i64>(0)? == 0 {
            return Ok(None);
        }
        if row.try_get::<_, Option<&str>>(1)?.is_some() {
            return package::stored(&row, 1).map(Some);
        }
    }
}

async fn sample(
    client: &ClientWrapper,
    schema: &Schema,
    count: NonZeroUsize,
    tag: Option<Tag>,
    seed: Seed,
) -> Result<Vec<Stored>, Fault> {
    begin_snapshot(client).await?;
    let slots: Vec<i64> = match tag {
        None => {
            let packages = head::read(client, schema).await?.packages;
            draw(packages as usize, count, seed).map(|slot| slot as i64).collect()
        }
        Some(tag) => {
            let sql = schema
                .sql("SELECT slot FROM pyaday.package WHERE tags @> ARRAY[$1::text] ORDER BY slot");
            let statement = client.prepare_cached(&sql).await?;
            let rows = client.query(&statement, &[&tag.as_str()]).await?;
            let tagged = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
            draw(tagged.len(), count, seed).map(|at| tagged[at]).collect()
        }
    };
    let columns = package::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT {columns}
         FROM unnest($1::bigint[]) WITH ORDINALITY AS drawn (slot, place)
         JOIN pyaday.package AS package USING (slot)
         ORDER BY drawn.place"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &[&slots]).await?;
    client.batch_execute("COMMIT").await?;
    rows.iter().map(|row| package::stored(row, 0)).collect()
}

/// Different places in random order.
fn draw(len: usize, count: NonZeroUsize, seed: Seed) -> impl Iterator<Item = usize> {
    index::sample(&mut numbers(seed), len, count.get().min(len)).into_iter()
}

async fn list(client: &ClientWrapper, schema: &Schema, query: Query) -> Result<Page, Fault> {
    let after = query.after.as_ref().map_or("", NormalizedName::as_str);
    let limit = i64::try_from(query.limit.get()).unwrap_or(i64::MAX - 1);
    let rows = limit.saturating_add(1);
    let tags: Vec<_> = query.tags.iter().map(Tag::as_str).collect();
    let patterns: Vec<_> =
        query.words.iter().filter(|it| !it.is_empty()).map(|it| pattern(it)).collect();

    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&after, &rows];
    let mut conditions = String::new();
    if !tags.is_empty() {
        parameters.push(&tags);
        conditions.push_str(" AND tags @> $3");
    }
    for pattern in &patterns {
        match pattern {
            Some(pattern) => {
                parameters.push(pattern);
                conditions.push_str(&format!(" AND search LIKE ${}", parameters.len()));
            }
            None => conditions.push_str(" AND false"),
        }
    }
    let columns = package::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT head.revision, package.normalized_name, {columns}
         FROM pyaday.head AS head
         LEFT JOIN LATERAL (
             SELECT * FROM pyaday.package
             WHERE normalized_name > $1{conditions}
             ORDER BY normalized_name LIMIT $2
         ) AS package ON true
         ORDER BY package.normalized_name"
    ));
    // Prepared once for all words and tags, it would be planned for none, without the indexes.
    let rows = match parameters.len() {
        2 => client.query(&client.prepare_cached(&sql).await?, &parameters).await?,
        _ => client.query(&sql, &parameters).await?,
    };
    page(&rows, query.limit.get())
}

/// What a search text is like that holds a word; `None` if none can hold it.
fn pattern(word: &str) -> Option<String> {
    if word.contains(['\0', package::NAME_END]) {
        return None;
    }
    let mut lower = String::new();
    package::push_lower(&mut lower, word);
    let mut pattern = String::from("%");
    for c in lower.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Some(pattern)
}

/// The page of rows that were asked for with one more than the limit.
fn page(rows: &[tokio_postgres::Row], limit: usize) -> Result<Page, Fault> {
    let Some(first) = rows.first() else {
        return Err(Fault::Damaged("the table head is empty".to_owned()));
    };
    let revision = super::rows::revision(first.try_get(0)?)?;
    let is_empty = first.try_get::<_, Option<&str>>(1)?.is_none();
    let found = if is_empty { &[] } else { rows };
    let shown = &found[..found.len().min(limit)];
    let items = shown.iter().map(|row| package::stored(row, 2)).collect::<Result<Vec<_>, _>>()?;
    let next = match shown.last().filter(|_| found.len() > limit) {
        Some(last) => last.try_get::<_, &str>(1)?.parse().ok(),
        None => None,
    };
    Ok(Page::new(items, next, revision))
}

async fn daily(client: &ClientWrapper, schema: &Schema, date: Date) -> Result<Day, Fault> {
    let columns = journal::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT (SELECT min(date) FROM pyaday.daily), package.normalized_name IS NULL, {columns}
         FROM pyaday.head
         LEFT JOIN pyaday.daily AS daily ON daily.date = $1
         LEFT JOIN pyaday.package AS package USING (normalized_name)"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let row = client.query_one(&statement, &[&date.to_string()]).await?;
    if row.try_get::<_, Option<&str>>(2)?.is_some() {
        return Ok(Day::Shown(journal::read(&row, 2)?.with_gone(row.try_get(1)?)));
    }
    let first: Option<&str> = row.try_get(0)?;
    Ok(Day::Unopened { first: first.and_then(|first| first.parse().ok()) })
}

async fn recent(
    client: &ClientWrapper,
    schema: &Schema,
    until: Date,
    count: NonZeroUsize,
) -> Result<Vec<Daily>, Fault> {
    let columns = journal::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT package.normalized_name IS NULL, {columns}
         FROM pyaday.daily AS daily
         LEFT JOIN pyaday.package AS package USING (normalized_name)
         WHERE daily.date <= $1 ORDER BY daily.date DESC LIMIT $2"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let count = i64::try_from(count.get()).unwrap_or(i64::MAX);
    let rows = client.query(&statement, &[&until.to_string(), &count]).await?;
    rows.iter().map(|row| Ok(journal::read(row, 1)?.with_gone(row.try_get(0)?))).collect()
}

async fn pins(
    client: &ClientWrapper,
    schema: &Schema,
    last_open: Date,
    count: NonZeroUsize,
) -> Result<Vec<Pinned>, Fault> {
    let columns = journal::PIN_COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT {columns} FROM pyaday.pin AS pin WHERE date > $1 ORDER BY date LIMIT $2"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let count = i64::try_from(count.get()).unwrap_or(i64::MAX);
    let rows = client.query(&statement, &[&last_open.to_string(), &count]).await?;
    rows.iter().map(|row| journal::read_pin(row, 0)).collect()
}

async fn pinned(
    client: &ClientWrapper,
    schema: &Schema,
    date: Date,
) -> Result<Option<Pinned>, Fault> {
    let columns = journal::PIN_COLUMNS;
    let sql = schema.sql(&format!("SELECT {columns} FROM pyaday.pin AS pin WHERE date = $1"));
    let statement = client.prepare_cached(&sql).await?;
    let row = client.query_opt(&statement, &[&date.to_string()]).await?;
    row.map(|row| journal::read_pin(&row, 0)).transpose()
}
