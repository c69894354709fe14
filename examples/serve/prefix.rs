//! The path that the catalogue is mounted at.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::url::shown;

/// A path to mount at: `/`, or segments such as `/api/v1`.
///
/// What both frameworks' routers and every client take literally: no captures, no percent-encoding,
/// nothing that a client would resolve away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// The path before those of the endpoints: empty for `/`.
    #[must_use]
    pub fn as_path(&self) -> &str {
        &self.0
    }
}

impl FromStr for Prefix {
    type Err = Error;

    fn from_str(prefix: &str) -> Result<Self, Error> {
        match fault(prefix) {
            None if prefix == "/" => Ok(Self(String::new())),
            None => Ok(Self(prefix.to_owned())),
            Some(rule) => Err(Error::Prefix { prefix: shown(prefix), rule }),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

fn fault(prefix: &str) -> Option<&'static str> {
    let Some(path) = prefix.strip_prefix('/') else {
        return Some("must begin with `/`");
    };
    if path.is_empty() {
        return None;
    }
    // Of what a path may hold (RFC 3986 §3.3), `%`, `*` and a leading `:` mean something else to
    // one of the routers.
    let literal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@".contains(&byte);
    if !path.bytes().all(|byte| byte == b'/' || literal(byte)) {
        return Some("must consist of `/`, ASCII letters, digits and `-._~!$&'()+,;=:@`");
    }
    for segment in path.split('/') {
        match segment {
            "" => return Some("must neither end with `/` nor have an empty segment"),
            "." | ".." => return Some("must not have the segments `.` and `..`"),
            segment if segment.starts_with(':') => {
                return Some("must not have a segment that begins with `:`");
            }
            _ => {}
        }
    }
    None
}
