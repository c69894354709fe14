//! The origins whose pages may use a server (CORS).

use pyaday_core::Origin;

use super::AccessError;
use crate::url::shown;

/// The methods that pages of a listed origin may use.
const ALL_METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The request fields that pages may send.
pub(super) const FIELDS: [&str; 5] =
    ["authorization", "change-note", "content-type", "if-match", "if-none-match"];

/// The response fields that pages may read, beside those that they may always read.
pub(super) const EXPOSED: [&str; 11] = [
    "accept",
    "accept-encoding",
    "accept-patch",
    "allow",
    "content-disposition",
    "content-location",
    "etag",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
];

/// The origins whose pages may use a server.
#[derive(Debug)]
pub(super) enum Origins {
    /// Pages of every origin may read. Those of other origins may not write.
    Any,
    /// Pages of these origins may read and write.
    Listed(Vec<Origin>),
}

impl Origins {
    /// Reads the origins that were given. `None` if there are none.
    pub(super) fn new(given: &[String]) -> Result<Option<Self>, AccessError> {
        match given {
            [] => return Ok(None),
            [any] if any == "*" => return Ok(Some(Self::Any)),
            several if several.iter().any(|origin| origin == "*") => {
                return Err(AccessError::AnyOriginAndOthers);
            }
            _ => {}
        }
        let origins = given.iter().map(|origin| {
            origin.parse().map_err(|rule| AccessError::Origin { origin: shown(origin), rule })
        });
        Ok(Some(Self::Listed(origins.collect::<Result<_, _>>()?)))
    }

    /// The origins whose pages may write.
    pub(super) fn listed(&self) -> &[Origin] {
        match self {
            Self::Any => &[],
            Self::Listed(origins) => origins,
        }
    }

    /// The methods that pages of these origins may use.
    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Any => &ALL_METHODS[..2],
            Self::Listed(_) => &ALL_METHODS,
        }
    }

    /// True if pages of the origin in this field may read responses.
    pub(super) fn allow(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(origins) => {
                let origin = std::str::from_utf8(origin).ok().and_then(|it| it.parse().ok());
                origin.is_some_and(|origin: Origin| origins.contains(&origin))
            }
        }
    }
}
