//! The number of a write.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderValue;

/// Which write of its store made a version of a package: a number that grows with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// The revision of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The clock's microseconds since 1970: where the revisions of a new store begin, so that an
    /// entity tag of an earlier store in its place never names a version in this one.
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

    /// The revision as a strong entity tag, quoted
    /// ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)): that of the page
    /// of a list, which any write makes another.
    #[must_use]
    pub fn entity_tag(self) -> HeaderValue {
        let text = Bytes::from(format!("\"{self}\""));
        #[expect(clippy::expect_used, reason = "quotes and digits are what a field value may hold")]
        HeaderValue::from_maybe_shared(text).expect("digits are a field value")
    }

    /// The revision of the write that comes after this one: the next number, or the clock's
    /// microseconds if those are greater. So a revision that was lost, with a database's primary for
    /// one, is not given to another write later.
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
