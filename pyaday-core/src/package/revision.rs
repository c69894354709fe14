//! The numbers of writes.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderValue;

/// The number of a write in a store. A version of a package has the number of the write that made
/// it. Each write has a greater number than all writes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// Makes a revision from its number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The clock's microseconds since 1970. The revisions of a new store begin here. If the new
    /// store replaces an earlier one, entity tags of the earlier store do not match versions in the
    /// new one.
    #[must_use]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since_epoch.as_micros() as u64)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number as the signed integer that databases store. Revisions follow the clock's microseconds, so
    /// they fit for more than a hundred thousand years. A larger one becomes negative.
    #[must_use]
    pub const fn to_i64(self) -> i64 {
        self.0 as i64
    }

    /// The inverse of [`to_i64`](Self::to_i64). `None` if the integer is negative.
    #[must_use]
    pub const fn from_i64(integer: i64) -> Option<Self> {
        match integer {
            0.. => Some(Self(integer as u64)),
            _ => None,
        }
    }

    /// The revision as a strong entity tag, with quotes ([RFC 9110
    /// §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)). A page of a list has the
    /// store's newest revision as its entity tag, so every write changes it.
    #[must_use]
    pub fn entity_tag(self) -> HeaderValue {
        let text = Bytes::from(format!("\"{self}\""));
        #[expect(clippy::expect_used, reason = "a field value may contain quotes and digits")]
        HeaderValue::from_maybe_shared(text).expect("digits are a field value")
    }

    /// The revision of the next write: the next number, or the clock's microseconds since 1970 if
    /// those are greater. If the newest writes are lost, for example because a database fails over
    /// to a standby, the clock keeps their revisions from being used again.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1).max(Self::now())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
