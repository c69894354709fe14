//! Core metadata: the headers of a file `METADATA` or `PKG-INFO`.
//!
//! The [specification](https://packaging.python.org/en/latest/specifications/core-metadata/) has the
//! syntax of e-mail headers. The body is the long description, which is not read.

use std::io::{self, Read};

use mailparse::{MailHeader, parse_headers};
use serde_json::{Map, Value};

use super::given::Given;
use super::header::{Kind, kind};
use super::object::adapted;
use super::refusal::Refusal;
use super::rows::Row;
use super::text::{Line, TOO_LONG, Text, content};

/// The fields that a file may repeat. They become arrays.
const REPEATED: [&str; 16] = [
    "classifier",
    "dynamic",
    "import_name",
    "import_namespace",
    "license_file",
    "obsoletes",
    "obsoletes_dist",
    "platform",
    "project_url",
    "provides",
    "provides_dist",
    "provides_extra",
    "requires",
    "requires_dist",
    "requires_external",
    "supported_platform",
];

/// The only row of the file, until it is read.
#[derive(Default)]
pub(super) struct CoreMetadata {
    is_read: bool,
}

/// True if a text begins as core metadata does.
pub(super) fn begins(text: &[u8]) -> bool {
    const FIRST: &[u8] = b"metadata-version:";
    text.get(..FIRST.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(FIRST))
}

impl CoreMetadata {
    pub(super) fn next<R: Read>(&mut self, text: &mut Text<R>) -> io::Result<Option<Row>> {
        if std::mem::replace(&mut self.is_read, true) {
            return Ok(None);
        }
        let line = text.number();
        let mut length = 0;
        let package = loop {
            match text.line(length)? {
                Line::EndsAt(end) if content(&text.window()[length..end]).is_empty() => {
                    break package(&text.window()[..length]);
                }
                Line::EndsAt(end) => length = end,
                Line::None => break package(&text.window()[..length]),
                Line::TooLong => break Err(Refusal::new(TOO_LONG)),
            }
        };
        Ok(Some(Row { line, package }))
    }
}

fn package(headers: &[u8]) -> Result<Given, Refusal> {
    let (headers, _) = parse_headers(headers)
        .map_err(|error| Refusal::new(format!("the headers are malformed: {error}")))?;
    let mut members = Map::new();
    // A summary is optional here, and the file says all that there is to say.
    members.insert("summary".to_owned(), Value::from(""));
    for header in &headers {
        let (name, value) = field(header)?;
        // Old tools wrote this if there was nothing to write.
        if value.is_empty() || value == "UNKNOWN" {
            continue;
        }
        if REPEATED.contains(&name.as_str()) {
            let name = if name == "project_url" { "project_urls".to_owned() } else { name };
            let values = members.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(values) = values {
                values.push(value.into());
            }
        } else if name == "keywords" {
            members.insert(name, keywords(&value));
        } else if kind(&name) != Kind::Tags {
            members.insert(name, value.into());
        }
    }
    adapted(members)
}

/// The name of a header, as a key of the JSON form of core metadata, and its value.
fn field(header: &MailHeader<'_>) -> Result<(String, String), Refusal> {
    let name = header.get_key_ref().trim().to_ascii_lowercase().replace('-', "_");
    match header.get_value_utf8() {
        Ok(value) => Ok((name, value.trim().to_owned())),
        Err(_) => Err(Refusal::new(format!("the field `{}` is not UTF-8", header.get_key_ref()))),
    }
}

/// Keywords are separated by commas. Old tools separated them by spaces.
fn keywords(value: &str) -> Value {
    let separator = |c: char| if value.contains(',') { c == ',' } else { c.is_whitespace() };
    let keywords = value.split(separator).map(str::trim).filter(|keyword| !keyword.is_empty());
    keywords.map(Value::from).collect()
}
