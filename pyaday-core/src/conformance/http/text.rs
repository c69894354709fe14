//! Reads requests from the list, and writes responses as the list does.

use std::fmt::Write as _;

use super::REVISION;
use super::client::{Request, Response};

/// The place of the mount's prefix in the target of a request.
const MOUNT: &[u8] = b"{mount}";

pub(super) fn parse(request: &str, mount: &str) -> Request {
    let mut lines = request.lines().map(|line| {
        let line = line.strip_prefix("> ").or_else(|| line.strip_prefix('>'));
        expand(line.expect("a request line begins with >"))
    });
    let start = numbered(&lines.next().unwrap());
    let space = start.iter().position(|byte| *byte == b' ').expect("a method and a path");
    let target = &start[space + 1..];
    let place = target.windows(MOUNT.len()).position(|window| window == MOUNT);
    let (before, after) = place.map_or((0, 0), |place| (place, place + MOUNT.len()));
    let mut parsed = Request {
        method: String::from_utf8(start[..space].to_vec()).unwrap(),
        target: [&target[..before], mount.as_bytes(), &target[after..]].concat(),
        ..Request::default()
    };
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').expect("a field has a colon");
        let name = String::from_utf8(line[..colon].to_vec()).unwrap();
        let value = line[colon + 1..].trim_ascii();
        let value = match name.to_ascii_lowercase().as_str() {
            "if-match" | "if-none-match" => with_revisions(value),
            _ => value.to_vec(),
        };
        parsed.headers.push((name, value));
    }
    parsed.body = lines.collect::<Vec<_>>().join(&b'\n');
    parsed
}

/// The entity tags of a field, those of revisions as a store has them.
fn with_revisions(field: &[u8]) -> Vec<u8> {
    let parts = field.split(|byte| *byte == b'"').map(|part| {
        let (number, rest) = match part.iter().position(|byte| *byte == b'-') {
            Some(at) => part.split_at(at),
            None => (part, &b""[..]),
        };
        match std::str::from_utf8(number).ok().and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => [(REVISION.get() + number).to_string().as_bytes(), rest].concat(),
            None => part.to_vec(),
        }
    });
    parts.collect::<Vec<_>>().join(&b'"')
}

/// The first line of a request, with `{1}` replaced by the revision with this number.
fn numbered(line: &[u8]) -> Vec<u8> {
    let mut parts = line.split(|byte| *byte == b'{');
    let mut numbered = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        let end = part.iter().position(|byte| *byte == b'}').unwrap_or_default();
        let number = std::str::from_utf8(&part[..end]).ok().and_then(|it| it.parse::<u64>().ok());
        match number {
            Some(number) => {
                numbered.extend((REVISION.get() + number).to_string().bytes());
                numbered.extend(&part[end + 1..]);
            }
            None => {
                numbered.push(b'{');
                numbered.extend(part);
            }
        }
    }
    numbered
}

/// A text with the revisions of the store as the list writes them.
fn without_revisions(text: &str) -> String {
    /// More writes than a scenario makes. A greater number is no revision.
    const WRITES: u64 = 1_000;

    let parts = text.split_inclusive(|c: char| !c.is_ascii_digit());
    let parts = parts.map(|part| {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        match digits.parse::<u64>().ok().and_then(|number| number.checked_sub(REVISION.get())) {
            Some(number @ ..WRITES) => format!("{{{number}}}{}", &part[digits.len()..]),
            _ => part.to_owned(),
        }
    });
    parts.collect()
}

/// An entity tag as the list writes it.
fn without_revision(tag: &str) -> String {
    let digits: String = tag.chars().skip(1).take_while(char::is_ascii_digit).collect();
    match digits.parse::<u64>().ok().and_then(|revision| revision.checked_sub(REVISION.get())) {
        Some(number) => tag.replacen(&digits, &number.to_string(), 1),
        None => tag.to_owned(),
    }
}

/// A text with the UUIDs that are made of the store's identity as the list writes them.
fn without_identity(text: &str) -> String {
    const PREFIX: &str = "urn:uuid:";
    let mut parts = text.split(PREFIX);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| before + PREFIX + "(the store's)" + &part[36..])
}

/// A line of a request with its escapes resolved.
fn expand(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(hex) = rest.strip_prefix("\\x").and_then(|after| after.get(..2)) {
            bytes.push(u8::from_str_radix(hex, 16).expect("two hexadecimal digits"));
            rest = &rest[4..];
        } else if let Some((count, text, after)) = repetition(rest) {
            bytes.extend(text.repeat(count).as_bytes());
            rest = after;
        } else {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    bytes
}

/// `{3*a}` at the beginning of a text, and what comes after it.
fn repetition(text: &str) -> Option<(usize, &str, &str)> {
    let (count, rest) = text.strip_prefix('{')?.split_once('*')?;
    let (repeated, after) = rest.split_once('}')?;
    Some((count.parse().ok()?, repeated, after))
}

/// A page as the list writes it: each element on a line of its own, and the stylesheet and the script
/// without the hashes of their content.
fn page(text: &str) -> String {
    const ASSET: &str = "desk/assets/desk-";
    let text = text.replace('\n', "(a line break)").replace("><", ">\n<");
    let mut parts = text.split(ASSET);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| before + ASSET + "(hash)" + &part[16..])
}

/// A response in the form of the list. `mount` is where the client finds the catalogue.
#[must_use]
pub fn show(response: &Response, mount: &str) -> String {
    let mut shown = format!("< {}\n", response.status);
    let length = response.body.len().to_string();
    for (name, value) in &response.headers {
        match (name.as_str(), value.as_str()) {
            ("x-content-type-options", "nosniff") => {}
            ("content-length", value) if value == length && value != "0" => {}
            // It changes with the document, to which other tests hold it.
            ("etag", value) if value.len() == 18 => shown.push_str("< etag: (the document's)\n"),
            ("etag", value) => writeln!(shown, "< etag: {}", without_revision(value)).unwrap(),
            // The mount's prefix is as the client sent it.
            ("location" | "content-location" | "link", value) => {
                let paths = ["/packages/", "/packages?", "/daily/", "/changes/", "/changes?"];
                let value = paths.into_iter().fold(value.to_owned(), |value, path| {
                    value.replacen(&format!("{mount}{path}"), &format!("{{mount}}{path}"), 1)
                });
                writeln!(shown, "< {name}: {}", without_revisions(&value)).unwrap();
            }
            (name, value) => writeln!(shown, "< {name}: {value}").unwrap(),
        }
    }
    if response.header("x-content-type-options").is_none() {
        shown.push_str("< (the host's own response)\n");
    }
    if response.body.starts_with(b"{\"openapi\":") {
        shown.push_str("<\n< (the document)\n");
    } else if !response.body.is_empty() {
        // The absolute links of feeds, and the names of their entries.
        let text = ["example.org", "/pyaday", "localhost", ":8080", ":"].into_iter().fold(
            response.text(),
            |text, before| {
                ["/daily", "/desk"].into_iter().fold(text, |text, path| {
                    text.replace(
                        &format!("{before}{mount}{path}"),
                        &format!("{before}{{mount}}{path}"),
                    )
                })
            },
        );
        let text = without_revisions(&without_identity(&text));
        let is_page = response.header("content-type").is_some_and(|it| it.starts_with("text/html"));
        let text = if is_page { page(&text) } else { text };
        shown.push_str("<\n");
        text.lines().for_each(|line| writeln!(shown, "< {line}").unwrap());
    }
    shown
}
