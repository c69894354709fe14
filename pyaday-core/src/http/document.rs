//! Texts that are made for an answer.

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::body::Body;
use super::response::{self, NO_CACHE};

/// A text that is made for an answer and has no revision of its own.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    media_type: &'static str,
    text: Bytes,
    entity_tag: HeaderValue,
}

impl Document {
    pub(crate) fn new(media_type: &'static str, text: Vec<u8>) -> Self {
        // FNV-1a, 64 bits. A curator who forged a collision, in a feed, could hide a change from
        // caches, and do no other harm.
        let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let entity_tag = HeaderValue::from_maybe_shared(Bytes::from(format!("\"{hash:016x}\"")));
        let entity_tag = entity_tag.unwrap_or(HeaderValue::from_static("\"\""));
        Self { media_type, text: text.into(), entity_tag }
    }

    /// The strong entity tag, quoted: a hash of the text.
    pub(crate) fn entity_tag(&self) -> HeaderValue {
        self.entity_tag.clone()
    }

    /// The response with the text.
    pub(crate) fn into_response(self) -> Response<Body> {
        response::tagged(self.media_type, NO_CACHE, self.entity_tag, self.text)
    }
}

/// A text that is rendered once for all requests, but for one place.
#[derive(Debug)]
pub(crate) struct Template {
    before: String,
    after: String,
}

impl Template {
    /// The text with the place at the first `mark`.
    pub(crate) fn new(text: &str, mark: &str) -> Self {
        let (before, after) = text.split_once(mark).unwrap_or((text, ""));
        Self { before: before.to_owned(), after: after.to_owned() }
    }

    /// The text with this in the place.
    pub(crate) fn fill(&self, place: &str) -> Vec<u8> {
        [&*self.before, place, &self.after].concat().into_bytes()
    }
}
