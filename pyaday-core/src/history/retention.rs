//! How long a store keeps its changes.

use std::time::{Duration, SystemTime};

use crate::daily::seconds;

/// Which changes a store keeps in its log. It removes a change that exceeds one of the limits, the
/// oldest first. It need not do so at once. It removes changes in small parts: a store with a database
/// does so in transactions of their own, and `MemoryStore` removes a few with each write.
///
/// ```
/// use std::time::Duration;
/// use pyaday_core::Retention;
///
/// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// let retention = Retention::all().at_most(1_000_000).for_at_most(400 * DAY);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    count: Option<usize>,
    age: Option<Duration>,
}

impl Retention {
    /// All changes are kept.
    #[must_use]
    pub const fn all() -> Self {
        Self { count: None, age: None }
    }

    /// At most this many changes are kept, the newest ones.
    #[must_use]
    pub const fn at_most(self, count: usize) -> Self {
        Self { count: Some(count), ..self }
    }

    /// Changes are kept for at most this time.
    #[must_use]
    pub const fn for_at_most(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }

    /// The maximum number of changes. `None` if there is no limit.
    #[must_use]
    pub const fn count(&self) -> Option<usize> {
        self.count
    }

    /// The moment from which on changes are kept, in seconds since 1970-01-01T00:00:00Z. Older
    /// changes are removed. `None` if there is no limit.
    #[must_use]
    pub fn since(&self, now: SystemTime) -> Option<i64> {
        Some(seconds(now.checked_sub(self.age?)?))
    }
}
