//! The feed identity that a host chooses.

use std::fmt;
use std::str::FromStr;

use crate::package::InvalidValue;

/// The identity of the feeds: an absolute URI ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986))
/// that the host chooses and never changes. It need not be an address that a client can open.
///
/// ```
/// use pyaday_core::FeedId;
///
/// let id: FeedId = "tag:example.org,2026:daily".parse()?;
/// assert_eq!(id.as_str(), "tag:example.org,2026:daily");
/// assert!("daily".parse::<FeedId>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedId(Box<str>);

impl FeedId {
    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeedId {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        let scheme = id.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        // The characters that a URI may contain (RFC 3986 §2).
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
        match is_scheme && id.bytes().all(is_allowed) {
            true => Ok(Self(id.into())),
            false => Err(InvalidValue::new(
                "must be an absolute URI, such as tag:example.org,2026:daily",
            )),
        }
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
