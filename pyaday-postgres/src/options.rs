//! The options of a store.

use std::time::Duration;

use pyaday_core::Retention;

/// How new the data is that reads show. All reads are answered from the packages in memory, which follow
/// the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// Reads show what this process has followed so far. They are as fast as without a database. They show
    /// the writes of other processes a moment later, and go on while the database is away, for
    /// [`PostgresOptions::max_age`].
    ///
    /// A process does not follow while it writes. While it writes a large batch, no other process can
    /// write, but the age of its data grows (see the [crate's documentation](crate)).
    #[default]
    Followed,
    /// Each read first asks the database for its newest position, and waits until this process has
    /// followed that far. So a read shows every write that any process acknowledged before the read began.
    ///
    /// A read takes as long as a small statement, which all waiting reads share. While the database is
    /// away, reads are refused as soon as an attempt to connect fails, and at the latest after two seconds.
    /// A refused read is not tried again by the store.
    Latest,
}

/// The options of a store. Each method documents the default of its option.
///
/// ```
/// use pyaday_postgres::{PostgresOptions, Reads};
///
/// let options = PostgresOptions::new().schema("packages").reads(Reads::Latest);
/// ```
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    pub(crate) schema: String,
    pub(crate) reads: Reads,
    pub(crate) poll_interval: Duration,
    pub(crate) max_age: Duration,
    pub(crate) retention: Retention,
}

impl PostgresOptions {
    /// The defaults: the schema `pyaday`, and [`Reads::Followed`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            schema: "pyaday".to_owned(),
            reads: Reads::Followed,
            poll_interval: Duration::from_millis(100),
            max_age: Duration::from_secs(300),
            retention: Retention::all(),
        }
    }

    /// Sets the schema that holds the tables. The store creates it if there is none. Stores with the same
    /// schema share one catalogue; each schema holds its own. The default is `pyaday`.
    #[must_use]
    pub fn schema(self, name: impl Into<String>) -> Self {
        Self { schema: name.into(), ..self }
    }

    /// Sets how new the data is that reads show. The default is [`Reads::Followed`].
    #[must_use]
    pub fn reads(self, reads: Reads) -> Self {
        Self { reads, ..self }
    }

    /// Sets how often the store asks the database whether other processes have written. Most of the time a
    /// notification of the database reports this sooner. After a failure, the store asks again after a
    /// quarter of a second, whatever the interval is. The default is 100 milliseconds, the minimum is one.
    #[must_use]
    pub fn poll_interval(self, interval: Duration) -> Self {
        Self { poll_interval: interval.max(Duration::from_millis(1)), ..self }
    }

    /// Sets the age from which on reads are refused. The data in memory ages while the database is away,
    /// and while this process writes a large batch. The default is five minutes.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: age, ..self }
    }

    /// Sets which changes the store keeps in its log. The default is all. All processes should have the same
    /// setting, because each of them removes what its own setting does not keep.
    ///
    /// Every second the store looks for changes to remove. It removes them in small transactions, which no
    /// write waits for.
    #[must_use]
    pub fn keep_changes(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self::new()
    }
}
