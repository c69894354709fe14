//! The metadata of a package.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::invalid::InvalidValue;
use super::json;

/// A JSON object beside the other fields: [core metadata] in its JSON spelling (`version`,
/// `requires_python`, `license_expression` …) or the host's own keys.
///
/// Any JSON values, in the order they were given; at most 16 KiB when serialised. Numbers are
/// integers of 64 bits or doubles, as RFC 8259 §6 advises: others are rounded. Two are equal when
/// their texts are: in another order, they are other metadata.
///
/// It is kept as its text, which is most often all that is asked of it.
///
/// [core metadata]: https://packaging.python.org/en/latest/specifications/core-metadata/
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Compact JSON; nothing for the empty object.
    text: Box<str>,
}

impl Metadata {
    /// The largest object, in bytes of compact JSON.
    pub const MAX_BYTES: usize = 16 * 1024;
    fn too_long() -> InvalidValue {
        InvalidValue::new(format!("must be at most {} bytes of JSON", Self::MAX_BYTES))
    }

    /// The metadata of which [`as_json`](Self::as_json) once gave this text, for a store that has
    /// verified by other means that the text is what it wrote: it is checked, but not brought into
    /// the compact form that it must have.
    ///
    /// # Errors
    /// It is no strict JSON, no object, too long or too deep.
    pub fn from_stored_json(text: &str) -> Result<Self, InvalidValue> {
        if text == "{}" {
            return Ok(Self::default());
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Self::too_long());
        }
        // The representation around it is one level.
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

    /// The object's members, read from its text.
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
        // The representation around this object is one level, the object itself another.
        if !members.values().all(|value| json::fits_depth(value, json::MAX_DEPTH - 2)) {
            let limit = json::MAX_DEPTH - 2;
            return Err(InvalidValue::new(format!("must not nest deeper than {limit} levels")));
        }
        match serde_json::to_string(&members) {
            Ok(text) if text.len() <= Self::MAX_BYTES => Ok(Self { text: text.into() }),
            Ok(_) => Err(Self::too_long()),
            Err(_) => Err(InvalidValue::new("must be expressible as JSON")),
        }
    }
}
