//! Conditional requests: [RFC 9110 §13](https://www.rfc-editor.org/rfc/rfc9110#section-13).
//!
//! There are no dates to compare here, so `If-Modified-Since` and `If-Unmodified-Since` are ignored,
//! as §13.1.3 and §13.1.4 ask of a resource without a modification date.

use http::header::{GetAll, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

/// The conditions of a request, read from its fields `If-Match` and `If-None-Match`.
///
/// Most requests have none, which takes no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions(Option<Box<Fields>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    if_match: Option<EntityTags>,
    if_none_match: Option<EntityTags>,
}

/// What a request's conditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They hold: the request is done as if it had none.
    Perform,
    /// The client has the current representation already: 304 to `GET` and `HEAD`, 412 to others.
    Matched,
    /// The representation is not the one that the client means: 412.
    Failed,
}

/// The value of one of the two fields.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EntityTags {
    /// `*`: any representation.
    Any,
    /// A list. A field whose value is no list at all is an empty one: it matches nothing.
    List(Vec<EntityTag>),
}

/// An entity tag ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)); the
/// opaque part without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EntityTag {
    weak: bool,
    opaque: Box<[u8]>,
}

impl Preconditions {
    /// Reads the conditions of a request.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let if_match = EntityTags::from_fields(headers.get_all(IF_MATCH));
        let if_none_match = EntityTags::from_fields(headers.get_all(IF_NONE_MATCH));
        match (if_match, if_none_match) {
            (None, None) => Self(None),
            (if_match, if_none_match) => Self(Some(Box::new(Fields { if_match, if_none_match }))),
        }
    }

    /// True if the request has `If-Match`, whatever its value.
    #[must_use]
    pub fn has_if_match(&self) -> bool {
        self.0.as_ref().is_some_and(|fields| fields.if_match.is_some())
    }

    /// True if the request has no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Evaluates the conditions against the representation that is there, by its strong entity tag,
    /// quoted; in the order of [§13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2).
    ///
    /// `If-Match` compares strongly, `If-None-Match` weakly (§8.8.3.2).
    #[must_use]
    pub fn evaluate(&self, current: &HeaderValue) -> Verdict {
        let Some(fields) = &self.0 else {
            return Verdict::Perform;
        };
        let (current, Fields { if_match, if_none_match }) = (current.as_bytes(), &**fields);
        if if_match.as_ref().is_some_and(|tags| !tags.contain(current, Comparison::Strong)) {
            return Verdict::Failed;
        }
        if if_none_match.as_ref().is_some_and(|tags| tags.contain(current, Comparison::Weak)) {
            return Verdict::Matched;
        }
        Verdict::Perform
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Strong,
    Weak,
}

impl EntityTags {
    /// `None` if the field is absent.
    ///
    /// Several fields of a name are one list, joined before anything is read (§5.3): whoever
    /// forwards a request may have joined them.
    fn from_fields(fields: GetAll<'_, HeaderValue>) -> Option<Self> {
        let fields: Vec<_> = fields.iter().map(HeaderValue::as_bytes).collect();
        if fields.is_empty() {
            return None;
        }
        let value = fields.join(&b',');
        Some(match value.trim_ascii() {
            b"*" => Self::Any,
            value => Self::List(list(value).unwrap_or_default()),
        })
    }

    fn contain(&self, current: &[u8], comparison: Comparison) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(|tag| {
                let quoted = current.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\""));
                quoted == Some(&tag.opaque) && (comparison == Comparison::Weak || !tag.weak)
            }),
        }
    }
}

/// The entity tags of a list; `None` if the value is not one.
///
/// It is not split at its commas first: an entity tag may hold commas.
fn list(mut value: &[u8]) -> Option<Vec<EntityTag>> {
    let mut tags = Vec::new();
    loop {
        // A list may have empty elements (§5.6.1).
        while let Some(rest) = value.strip_prefix(b",") {
            value = rest.trim_ascii_start();
        }
        if value.is_empty() {
            return Some(tags);
        }
        let (tag, rest) = entity_tag(value)?;
        tags.push(tag);
        value = rest.trim_ascii_start();
        if !value.is_empty() && !value.starts_with(b",") {
            return None;
        }
    }
}

/// The entity tag that `value` begins with, and what is behind it.
fn entity_tag(value: &[u8]) -> Option<(EntityTag, &[u8])> {
    let (weak, quoted) = match value.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, value),
    };
    let opaque = quoted.strip_prefix(b"\"")?;
    let end = opaque.iter().position(|byte| *byte == b'"')?;
    let (opaque, rest) = (&opaque[..end], &opaque[end + 1..]);
    let legal = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
    opaque.iter().all(legal).then(|| (EntityTag { weak, opaque: opaque.into() }, rest))
}
