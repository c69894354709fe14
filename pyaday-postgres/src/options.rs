//! What a host decides of a store.

use std::time::Duration;

/// Where a store answers reads from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// From all packages in memory, which follow the database: as fast as without one, and a moment
    /// behind it.
    #[default]
    Memory,
    /// From the database, by SQL: what was written anywhere is seen at once, and the process needs
    /// little memory.
    Database,
}

/// What a host decides of a store; what it leaves out is as the methods say.
///
/// ```
/// use pyaday_postgres::{Options, Reads};
///
/// let options = Options::new().schema("packages").reads(Reads::Database);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) schema: String,
    pub(crate) reads: Reads,
    pub(crate) poll_interval: Duration,
    pub(crate) max_age: Duration,
}

impl Options {
    /// The schema `pyaday`, reads from memory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schema: "pyaday".to_owned(),
            reads: Reads::Memory,
            poll_interval: Duration::from_millis(100),
            max_age: Duration::from_secs(300),
        }
    }

    /// The schema that holds the tables; it is created if there is none. Stores of one schema are one
    /// catalogue, of two they are two. `pyaday`, unless told otherwise.
    #[must_use]
    pub fn schema(self, name: impl Into<String>) -> Self {
        Self { schema: name.into(), ..self }
    }

    /// Where reads are answered from. From memory, unless told otherwise.
    #[must_use]
    pub fn reads(self, reads: Reads) -> Self {
        Self { reads, ..self }
    }

    /// How often the database is asked whether others have written, for reads from memory. They are
    /// told of it besides, mostly sooner. Every 100 milliseconds, unless told otherwise.
    #[must_use]
    pub fn poll_interval(self, interval: Duration) -> Self {
        Self { poll_interval: interval.max(Duration::from_millis(1)), ..self }
    }

    /// How old what is in memory may become while the database is away, until reads are refused. 5
    /// minutes, unless told otherwise.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: age, ..self }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
