//! The errors in the JSON of a package.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::invalid::InvalidValue;
use super::json::MalformedJson;

/// One fault of a document: a JSON Pointer to its place, and the rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{detail}", Place(pointer))]
pub struct FieldError {
    pointer: String,
    detail: Cow<'static, str>,
}

/// The pointer and a separator, which come before the message. Nothing is written for the whole
/// document.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            pointer => write!(f, "{pointer} "),
        }
    }
}

impl FieldError {
    /// The [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) pointer to the faulty value. It is
    /// empty for the whole document.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The rule, worded to follow the name of the field: `must not be empty`.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// A document that is JSON but not a valid package, with all its faults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidPackage {
    errors: Vec<FieldError>,
}

impl InvalidPackage {
    pub(crate) fn one(pointer: &str, rule: impl Into<Cow<'static, str>>) -> Self {
        let mut errors = Errors::default();
        errors.push(pointer.to_owned(), rule);
        errors.into_invalid()
    }

    /// The faults. Faults of known members come first, in the order of the representation. At most
    /// 32 faults are listed. If there are more, the last item says how many.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

impl fmt::Display for InvalidPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.errors.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

/// Why a text is not the representation of a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The text is not strict JSON.
    #[error(transparent)]
    Malformed(#[from] MalformedJson),
    /// The text is JSON, but it breaks the rule of a field.
    #[error(transparent)]
    Invalid(#[from] InvalidPackage),
}

/// The maximum number of faults in the list. A list of thousands would be many times as long as the
/// body.
pub(crate) const MAX_ERRORS: usize = 32;

/// The faults found so far: the first ones, and the number of the others.
#[derive(Default)]
pub(crate) struct Errors {
    first: Vec<FieldError>,
    more: usize,
}

impl Errors {
    /// The maximum length of an unknown member's name that a message repeats, in bytes.
    const MAX_KEY_BYTES: usize = 64;

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.more
    }

    pub(crate) fn push(&mut self, pointer: String, detail: impl Into<Cow<'static, str>>) {
        if self.first.len() < MAX_ERRORS {
            self.first.push(FieldError { pointer, detail: detail.into() });
        } else {
            self.more += 1;
        }
    }

    /// Returns the value, or records its fault.
    pub(crate) fn take<T>(&mut self, pointer: &str, result: Result<T, InvalidValue>) -> Option<T> {
        result.map_err(|invalid| self.push(pointer.to_owned(), invalid.into_rule())).ok()
    }

    /// Records the members of the object at `place` that remain after all known members were taken.
    pub(crate) fn unknown(
        &mut self,
        place: &str,
        members: &Map<String, Value>,
        rule: &'static str,
    ) {
        for unknown in members.keys() {
            if unknown.len() > Self::MAX_KEY_BYTES {
                let limit = Self::MAX_KEY_BYTES;
                let detail =
                    format!("must not have a member whose name is longer than {limit} bytes");
                self.push(place.to_owned(), detail);
            } else {
                let pointer = format!("{place}/{}", unknown.replace('~', "~0").replace('/', "~1"));
                self.push(pointer, rule);
            }
        }
    }

    pub(crate) fn into_invalid(self) -> InvalidPackage {
        let Self { first: mut errors, more } = self;
        if more > 0 {
            let detail = match more {
                1 => "has 1 more fault, which is not listed".to_owned(),
                more => format!("has {more} more faults, which are not listed"),
            };
            errors.push(FieldError { pointer: String::new(), detail: detail.into() });
        }
        InvalidPackage { errors }
    }
}
