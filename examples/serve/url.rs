//! URLs that may hold a password, which no message may show.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The URL of a store. Only [`as_str`](Self::as_str) gives the user's name and password away: what is
/// formatted has `…` in their place.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// The whole URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Url {
    type Err = Infallible;

    fn from_str(url: &str) -> Result<Self, Infallible> {
        Ok(Self(url.to_owned()))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_user_info(&self.0))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&without_user_info(&self.0), f)
    }
}

/// What somebody gave, for a message: if it may hold a password, then without it.
pub(crate) fn shown(given: &str) -> String {
    if given.contains("://") || password(given).is_some() {
        without_user_info(given)
    } else {
        given.to_owned()
    }
}

/// A URL, or the `key=value` pairs that PostgreSQL takes too, with `…` in the place of the user
/// information and of everything after the first `password=`.
///
/// A password that breaks the rules of URLs or of quotes may hold anything, so what goes may be more
/// than the secret, and is never less: all up to the last `@`, and all that follows a `password=`.
pub(crate) fn without_user_info(url: &str) -> String {
    let (beginning, rest) = url.split_at(password(url).unwrap_or(url.len()));
    let hidden = if rest.is_empty() { "" } else { "…" };
    let scheme = |text: &str| {
        let (scheme, _) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme))?;
        Some(format!("{scheme}://"))
    };
    match beginning.rsplit_once('@') {
        Some((user, host)) => {
            format!("{}…@{host}{hidden}", scheme(user).unwrap_or_default())
        }
        // What was taken for a key may be a part of the user information.
        None if rest.contains('@') => format!("{}…", scheme(beginning).unwrap_or_default()),
        None => format!("{beginning}{hidden}"),
    }
}

/// Whether this can be the scheme of a URL (RFC 3986 §3.1). Anything else may be a part of a password.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Where the value of the first key begins that may name a password.
fn password(text: &str) -> Option<usize> {
    const KEYS: [&str; 3] = ["password", "passwd", "pwd"];

    // Of the same length, byte by byte.
    let lower = text.to_ascii_lowercase();
    let value = |end: usize| {
        let rest = lower.get(end..)?;
        let value = rest.trim_start().strip_prefix('=')?;
        Some(lower.len() - value.len())
    };
    let values = KEYS.iter().filter_map(|key| {
        lower.match_indices(key).find_map(|(start, key)| value(start + key.len()))
    });
    values.min()
}
