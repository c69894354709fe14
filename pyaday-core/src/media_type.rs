//! What a request's fields say of the form its body has.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// Why a body is not what an operation takes, if it is not: a sentence.
///
/// Media types compare as [RFC 9110 §8.3.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1)
/// has it. A charset may be named if it is UTF-8, which JSON is always in; a content coding only if
/// it changes nothing.
pub(crate) fn fault(headers: &HeaderMap, expected: &str) -> Option<String> {
    let mut content_types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (content_types.next(), content_types.next()) else {
        return Some(format!("The request must have one Content-Type; {expected} is taken."));
    };
    if !is_utf8_of(content_type, expected) {
        return Some(format!("The body must be {expected}, in UTF-8."));
    }
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    if !codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Some("The body must not be compressed or encoded otherwise.".to_owned());
    }
    None
}

fn is_utf8_of(value: &HeaderValue, expected: &str) -> bool {
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = split_unquoted(value);
    let media_type = parts.next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(expected)
        && parts.map(str::trim).filter(|part| !part.is_empty()).all(|parameter| {
            match parameter.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                    value.trim_matches('"').eq_ignore_ascii_case("utf-8")
                }
                Some((name, _)) => !name.is_empty(),
                None => false,
            }
        })
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
