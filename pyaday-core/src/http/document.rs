//! Texts that are made for an answer.

use bytes::Bytes;
use http::HeaderValue;

/// A text that is made for an answer and has no revision of its own.
#[derive(Clone, Debug)]
pub struct Document {
    media_type: &'static str,
    text: Bytes,
    entity_tag: HeaderValue,
}

impl Document {
    pub(crate) fn new(media_type: &'static str, text: Vec<u8>) -> Self {
        // FNV-1a, 64 bits. Whoever forged a collision, a curator in a feed, would keep from a cache
        // that something has changed, and no more.
        let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let entity_tag = HeaderValue::from_maybe_shared(Bytes::from(format!("\"{hash:016x}\"")));
        let entity_tag = entity_tag.unwrap_or(HeaderValue::from_static("\"\""));
        Self { media_type, text: text.into(), entity_tag }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> Bytes {
        self.text.clone()
    }

    /// The strong entity tag, quoted: a hash of the text.
    #[must_use]
    pub fn entity_tag(&self) -> HeaderValue {
        self.entity_tag.clone()
    }
}
