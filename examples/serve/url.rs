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

/// What somebody gave, for a message: if it is a URL, then without its user information.
pub(crate) fn shown(given: &str) -> String {
    if given.contains("://") { without_user_info(given) } else { given.to_owned() }
}

/// A URL with `…` in the place of its user information and of the values of `password`.
///
/// A password that breaks the rules of URLs may hold anything, so all up to the last `@` goes: it may
/// be more than the user information, and is never less.
pub(crate) fn without_user_info(url: &str) -> String {
    let Some((user, host)) = url.rsplit_once('@') else {
        return without_passwords(url);
    };
    let host = without_passwords(host);
    match user.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…@{host}"),
        None => format!("…@{host}"),
    }
}

fn without_passwords(url: &str) -> String {
    const KEY: &str = "password=";

    let mut parts = url.split(KEY);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '&' || c.is_whitespace()).unwrap_or(part.len());
        shown.push_str(KEY);
        shown.push('…');
        shown.push_str(&part[end..]);
    }
    shown
}
