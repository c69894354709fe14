//! Packages as CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)).

use crate::package::{Package, Tag, needs_guard};

/// The line before the packages.
pub(super) const HEADER: &[u8] = b"name,short_desc,tags,metadata\r\n";

/// Writes a package as a line.
pub(super) fn write(package: &Package, out: &mut Vec<u8>) {
    let details = &package.details;
    let tags: Vec<_> = details.tags.iter().map(Tag::as_str).collect();
    let metadata = if details.metadata.is_empty() { "" } else { details.metadata.as_json() };
    cell(package.name.as_str(), out);
    for value in [details.short_desc.as_str(), &tags.join(" "), metadata] {
        out.push(b',');
        cell(value, out);
    }
    out.extend(b"\r\n");
}

/// Writes a cell. If a spreadsheet would take it for a formula, a `'` stands before it.
fn cell(value: &str, out: &mut Vec<u8>) {
    let guard = if needs_guard(value) { "'" } else { "" };
    let needs_quotes = value.contains([',', '"', '\r', '\n']) || value.trim() != value;
    if !needs_quotes {
        out.extend(guard.bytes());
        out.extend(value.bytes());
        return;
    }
    out.push(b'"');
    out.extend(guard.bytes());
    for byte in value.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str) -> String {
        let mut out = Vec::new();
        cell(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cell_is_quoted_and_guarded_where_that_is_needed() {
        for (value, expected) in [
            ("", ""),
            ("two words", "two words"),
            ("a, b", "\"a, b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            (" a", "\" a\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-v", "'-v"),
            ("@me", "'@me"),
            ("\t=1", "\"'\t=1\""),
            ("=a,b", "\"'=a,b\""),
            ("'=1", "''=1"),
            ("''", "''"),
            ("'a'", "'a'"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(written(value), expected, "{value:?}");
        }
    }
}
