//! The media types of bodies, and the check that a request's body has the expected one.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// Packages and most other responses ([RFC 8259
/// §11](https://www.rfc-editor.org/rfc/rfc8259#section-11)).
pub(crate) const JSON: &str = "application/json";
/// An Atom feed ([RFC 4287 §7](https://www.rfc-editor.org/rfc/rfc4287#section-7)).
pub(crate) const ATOM: &str = "application/atom+xml";
/// A [JSON Feed](https://www.jsonfeed.org/version/1.1/).
pub(crate) const FEED_JSON: &str = "application/feed+json";
/// A page for people.
#[cfg(feature = "desk")]
pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// A merge patch ([RFC 7396 §4](https://www.rfc-editor.org/rfc/rfc7396#section-4)).
pub(crate) const MERGE_PATCH_JSON: &str = "application/merge-patch+json";
/// A problem ([RFC 9457 §6.1](https://www.rfc-editor.org/rfc/rfc9457#section-6.1)).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Packages, one a line.
pub(crate) const NDJSON: &str = "application/x-ndjson";
/// A table with commas ([RFC 4180 §3](https://www.rfc-editor.org/rfc/rfc4180#section-3)).
#[cfg(feature = "import")]
pub(crate) const CSV: &str = "text/csv";
/// A table with tabs.
#[cfg(feature = "import")]
pub(crate) const TSV: &str = "text/tab-separated-values";

/// Why an operation does not accept the body of a request.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum UnsupportedBody {
    /// The `Content-Type` is wrong. The text is a sentence for the client.
    #[error("{0}")]
    MediaType(String),
    /// The `Content-Encoding` is not supported.
    #[error("The body must not be compressed or have any other content coding.")]
    ContentCoding,
}

/// Checks that the fields of a request describe a body of one of the expected media types, and
/// returns which one.
///
/// Media types are compared as [RFC 9110
/// §8.3.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1) defines. The only charset allowed
/// is UTF-8, which JSON always uses. The only content coding allowed is `identity`, which changes
/// nothing.
pub(crate) fn check(
    headers: &HeaderMap,
    expected: &[&'static str],
) -> Result<&'static str, UnsupportedBody> {
    let listed = || expected.join(" or ");
    let mut content_types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (content_types.next(), content_types.next()) else {
        let detail =
            format!("The request must have exactly one Content-Type, which must be {}.", listed());
        return Err(UnsupportedBody::MediaType(detail));
    };
    let Some(media_type) = expected.iter().find(|expected| is_utf8_of(content_type, expected))
    else {
        let detail = format!("The body must be {}, in UTF-8.", listed());
        return Err(UnsupportedBody::MediaType(detail));
    };
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    match codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Ok(media_type),
        false => Err(UnsupportedBody::ContentCoding),
    }
}

fn is_utf8_of(value: &HeaderValue, expected: &str) -> bool {
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = split_unquoted(value);
    let media_type = parts.next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(expected)
        && parts.map(str::trim).filter(|part| !part.is_empty()).all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| is_acceptable(name, value))
        })
}

/// True if a parameter is well-formed and does not name a charset other than UTF-8.
fn is_acceptable(name: &str, value: &str) -> bool {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    is_token(name)
        && (quoted.is_some() || is_token(value))
        && (!name.eq_ignore_ascii_case("charset")
            || quoted.unwrap_or(value).eq_ignore_ascii_case("utf-8"))
}

/// True if a text is a token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

/// Splits `value` at its semicolons. A semicolon inside a quoted string does not count.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_json_in_utf_8_is_accepted() {
        for (content_type, is_accepted) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json ; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\";", true),
            ("application/json; profile=\"a;b\"", true),
            ("application/json; charset=latin1", false),
            ("application/json; charset=\"latin1\"", false),
            ("application/json; charset", false),
            ("application/json; a b=c", false),
            ("application/json; a=\"b", false),
            ("application/json; =x", false),
            ("application/jsonp", false),
            ("text/plain", false),
            ("", false),
        ] {
            let headers = headers(&[("content-type", content_type)]);
            assert_eq!(check(&headers, &[JSON]).is_ok(), is_accepted, "{content_type:?}");
        }
    }

    #[test]
    fn a_body_has_one_media_type_and_no_coding() {
        let json = ("content-type", JSON);
        assert!(matches!(check(&headers(&[]), &[JSON]), Err(UnsupportedBody::MediaType(_))));
        assert!(matches!(
            check(&headers(&[json, json]), &[JSON]),
            Err(UnsupportedBody::MediaType(_))
        ));
        for (coding, expected) in [
            ("identity", Ok(JSON)),
            ("Identity", Ok(JSON)),
            ("gzip", Err(UnsupportedBody::ContentCoding)),
            ("identity, gzip", Err(UnsupportedBody::ContentCoding)),
            ("", Err(UnsupportedBody::ContentCoding)),
        ] {
            let headers = headers(&[json, ("content-encoding", coding)]);
            assert_eq!(check(&headers, &[JSON]), expected, "{coding:?}");
        }
    }
}
