//! Texts that are rendered for a response.

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::body::Body;
use super::response::{self, NO_CACHE};

/// A text that is rendered for a response and has no revision of its own.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    media_type: &'static str,
    text: Bytes,
    entity_tag: HeaderValue,
}

impl Document {
    pub(crate) fn new(media_type: &'static str, text: Vec<u8>) -> Self {
        // FNV-1a, 64 bits. It is not collision-resistant: a curator who made two feeds with the
        // same hash could hide a change of the feed from caches. No other harm is possible.
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

    /// The response that contains the text.
    pub(crate) fn into_response(self) -> Response<Body> {
        self.into_cached_response(NO_CACHE)
    }

    /// The response that contains the text, with this `Cache-Control`.
    pub(crate) fn into_cached_response(self, cache_control: HeaderValue) -> Response<Body> {
        response::tagged(self.media_type, cache_control, self.entity_tag, self.text)
    }
}

/// A text that is rendered once for all requests, except for one place that differs.
#[derive(Debug)]
pub(crate) struct Template {
    before: String,
    after: String,
}

impl Template {
    /// Makes the template. The first occurrence of `mark` in `text` is the place to fill.
    pub(crate) fn new(text: &str, mark: &str) -> Self {
        let (before, after) = text.split_once(mark).unwrap_or((text, ""));
        Self { before: before.to_owned(), after: after.to_owned() }
    }

    /// Returns the text with `place` filled in.
    pub(crate) fn fill(&self, place: &str) -> Vec<u8> {
        [&*self.before, place, &self.after].concat().into_bytes()
    }
}
