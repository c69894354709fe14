//! The URL under which clients reach a host.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::package::InvalidValue;

/// An absolute `http` or `https` URL that is put before paths. It has no user, no query and no
/// fragment, and it does not end with a slash.
///
/// ```
/// use pyaday_core::PublicUrl;
///
/// let url: PublicUrl = "https://example.org/pyaday/".parse()?;
/// assert_eq!(url.as_str(), "https://example.org/pyaday");
/// assert!("example.org".parse::<PublicUrl>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicUrl(Box<str>);

impl PublicUrl {
    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme and authority of the URL.
    pub(crate) fn origin(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let path = self.0[authority..].find('/').map(|at| authority + at);
        &self.0[..path.unwrap_or(self.0.len())]
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidValue;

    fn from_str(url: &str) -> Result<Self, InvalidValue> {
        match broken_rule(url) {
            None => Ok(Self(url.trim_end_matches('/').into())),
            Some(rule) => Err(InvalidValue::new(rule)),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The rule that a text breaks if it is not a public URL.
fn broken_rule(url: &str) -> Option<&'static str> {
    const FORM: &str =
        "must be an http or https URL with a host, such as https://example.org/pyaday";

    if url.contains(['?', '#']) {
        return Some("must not have a query or a fragment");
    }
    // The parser accepts these characters, but a URI must not contain them (RFC 3986 §2).
    if !url.is_ascii() || url.contains(['"', '{', '}']) {
        return Some("must have other characters percent-encoded");
    }
    let Ok(uri) = url.parse::<Uri>() else {
        return Some(FORM);
    };
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Some(FORM);
    };
    if authority.as_str().contains('@') {
        return Some("must not have a user name or a password");
    }
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    let is_port = |port: &str| port.strip_prefix(':').is_some_and(|it| it.parse::<u16>().is_ok());
    if authority.host().is_empty() || !port.is_empty() && !is_port(port) {
        return Some(FORM);
    }
    None
}
