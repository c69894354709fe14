//! Strict JSON: it refuses texts that RFC 8259 allows but that parsers read in different ways.
//!
//! serde_json already refuses lone surrogates and trailing text. This module adds three checks. A
//! byte order mark or invalid UTF-8 is reported with its position. An object must not have the same
//! key twice, because parsers disagree on which value counts. Nesting has a fixed maximum depth.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The maximum depth of nested arrays and objects.
pub(crate) const MAX_DEPTH: usize = 128;

/// A text that is not JSON, or that different parsers could read in different ways.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at line {line}, column {column}")]
pub struct MalformedJson {
    reason: String,
    line: usize,
    column: usize,
}

impl MalformedJson {
    /// A short description of the fault.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The line of the fault, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column of the fault in bytes, counted from 1. It is 0 if the fault is the end of the
    /// previous line.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

/// Reads one JSON text.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, MalformedJson> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(MalformedJson { reason: "a byte order mark".to_owned(), line: 1, column: 1 });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        MalformedJson {
            reason: "a byte that is not UTF-8".to_owned(),
            line: 1 + valid.iter().filter(|byte| **byte == b'\n').count(),
            column: 1 + valid.len() - start,
        }
    })?;
    read(text).map_err(|error| MalformedJson {
        reason: reason(&error),
        line: error.line(),
        column: error.column(),
    })
}

/// Checks the text and then lets serde_json build the value. serde_json decides how to represent a
/// number. A host can change that for its whole program (`arbitrary_precision`).
fn read(text: &str) -> Result<Value, serde_json::Error> {
    check(text, MAX_DEPTH)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    Value::deserialize(&mut deserializer)
}

/// Checks that a text is strict JSON that nests no deeper than `depth` levels.
pub(crate) fn check(text: &str, depth: usize) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // The check counts the depth itself, because the limit of serde_json is one level lower.
    deserializer.disable_recursion_limit();
    Check { depth }.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The message of serde_json, without the position at its end.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

/// True if `value` nests no deeper than `depth` levels of arrays and objects.
pub(crate) fn fits_depth(value: &Value, depth: usize) -> bool {
    let inner = |value: &Value| depth > 0 && fits_depth(value, depth - 1);
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(inner),
        Value::Object(members) => depth > 0 && members.values().all(inner),
        _ => true,
    }
}

/// Visits a JSON value up to a maximum depth, checks that no object has a key twice, and stores
/// nothing.
#[derive(Clone, Copy)]
struct Check {
    depth: usize,
}

impl Check {
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom(format_args!("nesting deeper than {MAX_DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Check {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while access.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut keys = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("a key that occurs twice in its object"));
            }
            access.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_parsers_read_in_different_ways_is_refused_with_its_position() {
        for (text, place) in [
            (&b"{\"a\":1}"[..], None),
            (b" [1, \"\\u00e9\"] ", None),
            (b"\xef\xbb\xbf{}", Some((1, 1))),
            (b"{\n\"a\": \"\xff\"}", Some((2, 7))),
            (b"{\"a\":1,\"a\":2}", Some((1, 10))),
            (b"{\"a\":{\"b\":1,\"b\":2}}", Some((1, 15))),
            (b"[{\"a\":1},{\"a\":2}]", None),
            (b"{} {}", Some((1, 4))),
            (b"\"\\ud800\"", Some((1, 8))),
            (b"", Some((1, 0))),
        ] {
            let found = parse(text).err().map(|error| (error.line(), error.column()));
            assert_eq!(found, place, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn json_deeper_than_the_limit_is_refused() {
        for (depth, is_read) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false)] {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            assert_eq!(parse(text.as_bytes()).is_ok(), is_read, "{depth}");
        }
    }
}
