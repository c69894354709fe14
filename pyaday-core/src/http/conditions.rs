//! Conditional requests: [RFC 9110 §13](https://www.rfc-editor.org/rfc/rfc9110#section-13).
//!
//! The catalogue has no modification dates, so `If-Modified-Since` and `If-Unmodified-Since` are
//! ignored, as §13.1.3 and §13.1.4 require.

use http::header::{GetAll, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method};

/// The conditions of a request, read from its fields `If-Match` and `If-None-Match`.
///
/// Most requests have no conditions. They need no allocation for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions(Option<Box<Fields>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    /// True if the method is safe. A malformed field of such a request does no harm.
    is_read: bool,
    if_match: Option<EntityTags>,
    if_none_match: Option<EntityTags>,
}

/// The result of evaluating the conditions of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evaluation {
    /// The conditions hold. The request is carried out as if it had none.
    Perform,
    /// The client already has the current representation: 304 for `GET` and `HEAD`, 412 for other
    /// methods.
    Matched,
    /// The current representation is not the one that the client expects: 412.
    Failed(Failure),
}

/// Why the conditions of a request do not hold. The message to the client depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The representation has changed. The client can read it again and repeat the request.
    Changed,
    /// The request is a write, and `If-None-Match` excludes the current representation.
    Exists,
    /// The request is a write with `If-Match`, and no representation exists yet.
    Absent,
    /// The client sent an entity tag in `If-Match` that a proxy has changed, so it never matches.
    /// It is weak (`W/"1"`), or it has the suffix of a content coding (`"1-gzip"`). The client must
    /// first get the original entity tag.
    Weakened,
    /// The request is a write, and RFC 9110 does not allow the value of its `If-Match` or
    /// `If-None-Match`. So the expected version is not known.
    Malformed,
}

/// The value of one of the two fields.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EntityTags {
    /// `*`: any representation.
    Any,
    /// A list, which may be empty.
    List(Vec<EntityTag>),
    /// Neither `*` nor a list. It matches nothing.
    Malformed,
}

/// An entity tag ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)). The
/// opaque part has no quotes here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EntityTag {
    weak: bool,
    opaque: Box<[u8]>,
}

impl Preconditions {
    /// Reads the conditions of a request.
    ///
    /// The method decides what a malformed field means. In a request with a safe method ([RFC 9110
    /// §9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1)) the field matches nothing.
    /// Any other request is refused.
    #[must_use]
    pub fn from_headers(method: &Method, headers: &HeaderMap) -> Self {
        let if_match = EntityTags::from_fields(headers.get_all(IF_MATCH));
        let if_none_match = EntityTags::from_fields(headers.get_all(IF_NONE_MATCH));
        match (if_match, if_none_match) {
            (None, None) => Self(None),
            (if_match, if_none_match) => {
                let is_read = method.is_safe();
                Self(Some(Box::new(Fields { is_read, if_match, if_none_match })))
            }
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

    /// Evaluates the conditions against the current representation, in the order of
    /// [§13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2). `current` is its strong
    /// entity tag, with quotes.
    ///
    /// `If-Match` uses the strong comparison and `If-None-Match` the weak one (§8.8.3.2). For a
    /// write, a malformed field always makes the conditions fail.
    #[must_use]
    pub fn evaluate(&self, current: &HeaderValue) -> Evaluation {
        let Some(fields) = &self.0 else {
            return Evaluation::Perform;
        };
        let current = current.as_bytes();
        if fields.is_malformed_write() {
            return Evaluation::Failed(Failure::Malformed);
        }
        if let Some(tags) = &fields.if_match
            && !tags.contain(current, Comparison::Strong)
        {
            return Evaluation::Failed(tags.failure());
        }
        let if_none_match = fields.if_none_match.as_ref();
        if if_none_match.is_some_and(|tags| tags.contain(current, Comparison::Weak)) {
            return Evaluation::Matched;
        }
        Evaluation::Perform
    }

    /// Evaluates the conditions of a write if no representation exists yet. `If-Match` is then
    /// false, with any value, and `If-None-Match` is true (§13.1.1, §13.1.2).
    #[must_use]
    pub fn evaluate_absent(&self) -> Evaluation {
        match &self.0 {
            Some(fields) if fields.is_malformed_write() => Evaluation::Failed(Failure::Malformed),
            Some(fields) => {
                let if_match = fields.if_match.as_ref();
                if_match.map_or(Evaluation::Perform, |_| Evaluation::Failed(Failure::Absent))
            }
            None => Evaluation::Perform,
        }
    }
}

impl Fields {
    fn is_malformed_write(&self) -> bool {
        let mut fields = [&self.if_match, &self.if_none_match].into_iter().flatten();
        !self.is_read && fields.any(|tags| *tags == EntityTags::Malformed)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Strong,
    Weak,
}

impl EntityTags {
    /// Returns `None` if the field is absent.
    ///
    /// Several fields with one name are one list (§5.3), because a proxy may have joined them. So
    /// they are joined before they are parsed.
    fn from_fields(fields: GetAll<'_, HeaderValue>) -> Option<Self> {
        let fields: Vec<_> = fields.iter().map(HeaderValue::as_bytes).collect();
        if fields.is_empty() {
            return None;
        }
        let value = fields.join(&b',');
        Some(match value.trim_ascii() {
            b"*" => Self::Any,
            value => list(value).map_or(Self::Malformed, Self::List),
        })
    }

    /// Why none of the entity tags matches.
    fn failure(&self) -> Failure {
        match self {
            Self::List(tags) if tags.iter().any(EntityTag::is_weakened) => Failure::Weakened,
            _ => Failure::Changed,
        }
    }

    fn contain(&self, current: &[u8], comparison: Comparison) -> bool {
        match self {
            Self::Any => true,
            Self::Malformed => false,
            Self::List(tags) => tags.iter().any(|tag| {
                let quoted = current.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\""));
                quoted == Some(&tag.opaque) && (comparison == Comparison::Weak || !tag.weak)
            }),
        }
    }
}

impl EntityTag {
    /// True if a proxy that compresses responses has changed one of the catalogue's entity tags.
    /// The catalogue's own are strong, and none ends with a suffix that Apache or another server
    /// adds (`"1-gzip"`).
    fn is_weakened(&self) -> bool {
        const SUFFIXES: [&[u8]; 4] = [b"-gzip", b"-br", b"-zstd", b"-deflate"];
        self.weak || SUFFIXES.iter().any(|suffix| self.opaque.ends_with(suffix))
    }
}

/// Parses a list of entity tags. Returns `None` if the value is not such a list.
///
/// The value is not split at its commas first, because an entity tag may contain commas.
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

/// Splits `value` into the entity tag at its start and the rest.
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

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: HeaderValue = HeaderValue::from_static("\"1\"");

    fn evaluate(method: &Method, fields: &[(&'static str, &'static str)]) -> Evaluation {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Preconditions::from_headers(method, &headers).evaluate(&CURRENT)
    }

    #[test]
    fn a_read_is_answered_as_its_conditions_say() {
        let changed = Evaluation::Failed(Failure::Changed);
        let weakened = Evaluation::Failed(Failure::Weakened);
        for (name, value, verdict) in [
            ("if-match", "\"1\"", Evaluation::Perform),
            ("if-match", "\"0\", \"1\"", Evaluation::Perform),
            ("if-match", "*", Evaluation::Perform),
            ("if-match", "\"2\"", changed),
            ("if-match", "W/\"1\"", weakened),
            ("if-match", "\"1-gzip\"", weakened),
            ("if-match", "1", changed),
            ("if-match", "", changed),
            ("if-match", ", \"0\",, \"1\" ,", Evaluation::Perform),
            ("if-none-match", "\"1\"", Evaluation::Matched),
            ("if-none-match", "W/\"1\"", Evaluation::Matched),
            ("if-none-match", "*", Evaluation::Matched),
            ("if-none-match", "\"a,b\", \"1\"", Evaluation::Matched),
            ("if-none-match", "\"2\"", Evaluation::Perform),
            ("if-none-match", "1", Evaluation::Perform),
        ] {
            assert_eq!(evaluate(&Method::GET, &[(name, value)]), verdict, "{name}: {value}");
        }
    }

    #[test]
    fn a_malformed_condition_refuses_a_write() {
        for name in ["if-match", "if-none-match"] {
            for value in ["1", "*, \"1\"", "\"1\" \"2\"", "\"1", "\"1 2\"", "w/\"1\""] {
                let verdict = evaluate(&Method::PUT, &[(name, value)]);
                assert_eq!(verdict, Evaluation::Failed(Failure::Malformed), "{name}: {value}");
            }
        }
    }

    #[test]
    fn several_fields_are_one_list() {
        let fields = [("if-match", "\"0\""), ("if-match", "\"1\"")];
        assert_eq!(evaluate(&Method::PUT, &fields), Evaluation::Perform);
    }

    #[test]
    fn if_match_is_evaluated_before_if_none_match() {
        for (if_match, verdict) in
            [("\"2\"", Evaluation::Failed(Failure::Changed)), ("\"1\"", Evaluation::Matched)]
        {
            let fields = [("if-none-match", "\"1\""), ("if-match", if_match)];
            assert_eq!(evaluate(&Method::GET, &fields), verdict, "{if_match}");
        }
    }

    #[test]
    fn if_match_fails_if_nothing_exists() {
        for (name, value, verdict) in [
            ("if-match", "*", Evaluation::Failed(Failure::Absent)),
            ("if-match", "\"1\"", Evaluation::Failed(Failure::Absent)),
            ("if-match", "1", Evaluation::Failed(Failure::Malformed)),
            ("if-none-match", "*", Evaluation::Perform),
            ("if-none-match", "1", Evaluation::Failed(Failure::Malformed)),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )]);
            let conditions = Preconditions::from_headers(&Method::PUT, &headers);
            assert_eq!(conditions.evaluate_absent(), verdict, "{name}: {value}");
        }
    }
}
