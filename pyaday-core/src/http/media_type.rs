//! What a request's fields say of the form its body has.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// Why a body is not what an operation takes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// By its `Content-Type`: a sentence.
    #[error("{0}")]
    MediaType(String),
    /// By its `Content-Encoding`.
    #[error("The body must not be compressed or encoded otherwise.")]
    ContentCoding,
}

/// Why a body is not what an operation takes, if it is not.
///
/// Media types compare as [RFC 9110 §8.3.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1)
/// has it. A charset may be named if it is UTF-8, which JSON is always in; a content coding only if
/// it changes nothing.
pub(crate) fn fault(headers: &HeaderMap, expected: &str) -> Option<Fault> {
    let mut content_types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (content_types.next(), content_types.next()) else {
        let detail = format!("The request must have one Content-Type; {expected} is taken.");
        return Some(Fault::MediaType(detail));
    };
    if !is_utf8_of(content_type, expected) {
        return Some(Fault::MediaType(format!("The body must be {expected}, in UTF-8.")));
    }
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let is_identity = codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    (!is_identity).then_some(Fault::ContentCoding)
}

fn is_utf8_of(value: &HeaderValue, expected: &str) -> bool {
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = split_unquoted(value);
    let media_type = parts.next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(expected)
        && parts.map(str::trim).filter(|part| !part.is_empty()).all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| is_in_order(name, value))
        })
}

/// Whether a parameter is one at all, and no charset but UTF-8.
fn is_in_order(name: &str, value: &str) -> bool {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    is_token(name)
        && (quoted.is_some() || is_token(value))
        && (!name.eq_ignore_ascii_case("charset")
            || quoted.unwrap_or(value).eq_ignore_ascii_case("utf-8"))
}

/// A token as RFC 9110 §5.6.2 has it.
fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

/// The parts of `value` between semicolons, but for those inside a quoted string.
fn split_unquoted(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == ';' && !quoted
    })
}
