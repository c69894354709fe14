//! The request field `Change-Note`: what the author of a change says about it.

use http::{HeaderMap, HeaderName, HeaderValue};
use sfv::{BareItem, Item, Parser};

use super::problem::Problem;
use crate::history::ChangeNote;

/// The field is an Item: a String, or a Display String if it has characters outside of ASCII ([RFC
/// 9651 §3.3](https://www.rfc-editor.org/rfc/rfc9651#section-3.3)).
pub(crate) const CHANGE_NOTE: HeaderName = HeaderName::from_static("change-note");

/// Reads the note of a write.
///
/// RFC 9651 §4.2 lets a field say what happens if it is malformed. Here the request is refused:
/// a note that was left out without a word could not be added later.
pub(crate) fn read(headers: &HeaderMap) -> Result<Option<ChangeNote>, Problem> {
    let mut fields = headers.get_all(CHANGE_NOTE).iter();
    match (fields.next(), fields.next()) {
        (None, _) => Ok(None),
        (Some(field), None) => parse(field).map(Some),
        (Some(_), Some(_)) => Err(Problem::invalid_note(&"must not be repeated")),
    }
}

fn parse(field: &HeaderValue) -> Result<ChangeNote, Problem> {
    let item = Parser::new(field.as_bytes()).parse::<Item>();
    let text = match item.map(|item| item.bare_item) {
        Ok(BareItem::String(text)) => String::from(text),
        Ok(BareItem::DisplayString(text)) => text,
        _ => {
            let rule = "must be a text in double quotes, such as \"moved\"; with characters outside \
                        of ASCII it is a Display String, such as %\"d%c3%a9j%c3%a0\"";
            return Err(Problem::invalid_note(&rule));
        }
    };
    text.parse().map_err(|rule| Problem::invalid_note(&rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(fields: &[&'static [u8]]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(CHANGE_NOTE, HeaderValue::from_static_bytes(field));
        }
        let note = read(&headers).map_err(drop)?;
        Ok(note.map(|note| note.as_str().to_owned()))
    }

    trait FromStaticBytes {
        fn from_static_bytes(bytes: &'static [u8]) -> Self;
    }

    impl FromStaticBytes for HeaderValue {
        fn from_static_bytes(bytes: &'static [u8]) -> Self {
            Self::from_maybe_shared(bytes::Bytes::from_static(bytes)).unwrap()
        }
    }

    #[test]
    fn a_note_is_a_string_or_a_display_string() {
        for (field, expected) in [
            (&b"\"moved\""[..], Ok(Some("moved"))),
            (b"  \"moved\"  ", Ok(Some("moved"))),
            (b"\"a \\\"b\\\" \\\\c\"", Ok(Some("a \"b\" \\c"))),
            (b"\"moved\";lang=en", Ok(Some("moved"))),
            (b"%\"d%c3%a9j%c3%a0\"", Ok(Some("d\u{e9}j\u{e0}"))),
            (b"%\"100%25\"", Ok(Some("100%"))),
            (b"moved", Err(())),
            (b"\"moved", Err(())),
            (b"\"a\", \"b\"", Err(())),
            (b"1", Err(())),
            (b"", Err(())),
            (b"\"\"", Err(())),
            (b"\"d\xc3\xa9j\xc3\xa0\"", Err(())),
            (b"%\"d%C3%A9j\"", Err(())),
            (b"%\"%ff\"", Err(())),
            (b"%\"two%0alines\"", Err(())),
            (b"%\"%e2%80%ae\"", Err(())),
        ] {
            let expected = expected.map(|note| note.map(str::to_owned));
            assert_eq!(note(&[field]), expected, "{}", String::from_utf8_lossy(field));
        }
    }

    #[test]
    fn a_note_may_be_absent_but_not_repeated() {
        assert_eq!(note(&[]), Ok(None));
        assert_eq!(note(&[b"\"a\"", b"\"b\""]), Err(()));
    }
}
