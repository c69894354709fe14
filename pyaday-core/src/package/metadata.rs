//! The metadata of a package.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::invalid::InvalidValue;
use super::json;

/// A JSON object for additional data: [core metadata] with its JSON keys (`version`,
/// `requires_python`, `license_expression` …), or keys that the host defines.
///
/// The values may be any JSON values, and the keys keep their order. The serialised object has at
/// most 16 KiB. Numbers are stored as 64-bit integers or doubles, as RFC 8259 §6 advises, and other
/// numbers are rounded. Two objects are equal if their texts are equal, so the order of keys
/// matters.
///
/// Only the text is stored, because most uses need nothing else.
///
/// [core metadata]: https://packaging.python.org/en/latest/specifications/core-metadata/
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Compact JSON. The text is empty for the empty object.
    text: Box<str>,
}

impl Metadata {
    /// The maximum size of the object, in bytes of compact JSON.
    pub const MAX_BYTES: usize = 16 * 1024;
    fn too_long() -> InvalidValue {
        InvalidValue::new(format!("must be at most {} bytes of JSON", Self::MAX_BYTES))
    }

    /// Makes metadata from a text that [`as_json`](Self::as_json) returned earlier. This is for a
    /// store that has verified by other means, such as a checksum, that the text is unchanged. The
    /// text is checked, but it is not brought into compact form, so it must have that form already.
    ///
    /// # Errors
    /// The text is not strict JSON, is not an object, is too long or nests too deeply.
    pub fn from_stored_json(text: &str) -> Result<Self, InvalidValue> {
        if text == "{}" {
            return Ok(Self::default());
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Self::too_long());
        }
        // The representation of the package is one more level around this object.
        if !text.starts_with('{') || json::check(text, json::MAX_DEPTH - 1).is_err() {
            return Err(InvalidValue::new("must be a JSON object"));
        }
        Ok(Self { text: text.into() })
    }

    /// True if the object has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The object as compact JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        if self.is_empty() { "{}" } else { &self.text }
    }

    /// The members of the object, parsed from its text.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        serde_json::from_str(self.as_json()).unwrap_or_default()
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_map().serialize(serializer)
    }
}

impl TryFrom<Map<String, Value>> for Metadata {
    type Error = InvalidValue;

    fn try_from(members: Map<String, Value>) -> Result<Self, InvalidValue> {
        if members.is_empty() {
            return Ok(Self::default());
        }
        // The representation of the package is one level, and this object is another.
        if !members.values().all(|value| json::fits_depth(value, json::MAX_DEPTH - 2)) {
            let limit = json::MAX_DEPTH - 2;
            return Err(InvalidValue::new(format!("must not nest deeper than {limit} levels")));
        }
        match serde_json::to_string(&members) {
            Ok(text) if text.len() <= Self::MAX_BYTES => Ok(Self { text: text.into() }),
            Ok(_) => Err(Self::too_long()),
            Err(_) => Err(InvalidValue::new("must be representable as JSON")),
        }
    }
}
