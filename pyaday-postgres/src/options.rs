//! What a host decides of a store.

use std::time::Duration;

/// How new what a store shows is. All reads are answered from the packages in memory, which follow the
/// database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// Reads show what this process has followed so far. They are as fast as without a database, show
    /// what others wrote a moment later, and go on while the database is away.
    #[default]
    Followed,
    /// Each read first asks the database for its newest position, and waits until this process has
    /// followed that far. So it shows every write that was acknowledged anywhere before it began.
    ///
    /// It takes as long as a small statement, which all reads share that wait for it to be sent. While
    /// the database is away, reads are refused within two seconds.
    Latest,
}

/// What a host decides of a store; what it leaves out is as the methods say.
///
/// ```
/// use pyaday_postgres::{Options, Reads};
///
/// let options = Options::new().schema("packages").reads(Reads::Latest);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) schema: String,
    pub(crate) reads: Reads,
    pub(crate) poll_interval: Duration,
    pub(crate) max_age: Duration,
}

impl Options {
    /// The schema `pyaday`, and reads that show what was followed.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schema: "pyaday".to_owned(),
            reads: Reads::Followed,
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

    /// How new what reads show is. [`Reads::Followed`], unless this says otherwise.
    #[must_use]
    pub fn reads(self, reads: Reads) -> Self {
        Self { reads, ..self }
    }

    /// How often the database is asked whether others have written, besides the
    /// notifications by which it mostly says so sooner. Every 100 milliseconds, unless told otherwise.
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
