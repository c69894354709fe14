//! JSON: objects one a line, objects over several lines, an array of them, or a document that holds
//! them. Values are taken one by one, so that only one is in memory.

use std::io::{self, Read};

use super::format::Format;
use super::refusal::Refusal;
use super::rows::{ReadError, Row};
use super::scan::{Part, Scan, members};
use super::text::{Line, MAX_BYTES, TOO_LONG, Text, content};
use super::{foreign, object};

/// What is wrong with a longer value.
const VALUE_TOO_LONG: &str = "the object is longer than 1 MiB";

/// How much of a document is looked at to find out what it is, in bytes.
const LOOK: usize = 64 * 1024;

/// Where the next value is to be found.
pub(super) struct Json {
    place: Place,
    /// Where an array ends, the next value is to be found here.
    around: Place,
    /// True until the first value was looked at.
    is_first: bool,
    /// True if values must have all that a new package needs.
    whole: bool,
    /// True if the text must be one JSON text. Otherwise it is taken as people have it: commas may be
    /// missing, or be too many.
    is_single: bool,
    /// What came last in the array or document.
    last: Last,
    /// Those members of the document so far that tell what it is, each once, if it is one that holds
    /// packages.
    document: Vec<(String, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// On a line of its own, whatever is wrong with the lines before it.
    Line,
    /// One after the other.
    Sequence,
    /// In an array.
    Array,
    /// At the beginning of a document that holds packages.
    Document,
    /// In such a document.
    Members,
    /// Nowhere any more.
    End,
}

/// What comes before a place in an array or document.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Last {
    /// Its beginning.
    Begin,
    Value,
    Comma,
}

impl Json {
    /// An array, which the text begins with.
    pub(super) fn of_array(expected: Option<Format>, whole: bool) -> Self {
        let is_single = expected == Some(Format::Json);
        Self { is_single, ..Self::at(Place::Sequence, whole) }
    }

    fn at(place: Place, whole: bool) -> Self {
        let (around, document) = (Place::End, Vec::new());
        let last = Last::Begin;
        Self { place, around, is_first: true, whole, is_single: false, last, document }
    }

    /// Objects, the first of which the text begins with.
    pub(super) fn of_objects<R: Read>(
        text: &mut Text<R>,
        expected: Option<Format>,
        whole: bool,
    ) -> Result<Self, ReadError> {
        let end = match text.line(0)? {
            Line::EndsAt(end) => end,
            Line::TooLong | Line::None => MAX_BYTES.min(text.window().len()),
        };
        let is_json = expected == Some(Format::Json);
        let place = match Extent::of(&text.window()[..end]) {
            Extent::Line if is_json && first_after(text, end)?.is_none() => Place::Sequence,
            Extent::Line => Place::Line,
            Extent::Open { .. } if is_json => Place::Sequence,
            // A line end in a string makes this line malformed, and no more than this line.
            Extent::Open { in_string: true } if end < MAX_BYTES => Place::Line,
            Extent::Open { .. } => {
                let next = first_after(text, end)?;
                if next == Some(b'{') { Place::Line } else { Place::Sequence }
            }
        };
        let found = if place == Place::Line { Format::Ndjson } else { Format::Json };
        foreign::expect(expected, found).map_err(ReadError::NotAList)?;
        if place == Place::Sequence {
            text.fill_to(LOOK)?;
        }
        let end = if place == Place::Line { end } else { text.window().len() };
        let members = members(&text.window()[..end]);
        if let Some(kind) = foreign::document(&members, whole) {
            return Err(ReadError::NotAList(kind.to_owned()));
        }
        let holds = |name: &str, first| members.iter().any(|it| it.0 == name && it.1 == first);
        let is_package = members.iter().any(|(name, _)| name == "name");
        let holds_packages = holds("items", b'[') || holds("info", b'{') || holds("projects", b'[');
        let place = if holds_packages && !is_package { Place::Document } else { place };
        Ok(Self { is_single: is_json, ..Self::at(place, whole) })
    }

    /// Reads the next value.
    pub(super) fn next<R: Read>(&mut self, text: &mut Text<R>) -> Result<Option<Row>, ReadError> {
        if self.place == Place::Line {
            return next_line(text);
        }
        loop {
            let Some(byte) = skip_to_value(text)? else {
                return self.end(text);
            };
            if matches!(self.place, Place::Array | Place::Members) {
                self.separate(text, byte)?;
            }
            match (self.place, byte) {
                (Place::Array, b']') => self.go(text, self.around),
                (Place::Members, b'}') => {
                    self.document.clear();
                    self.go(text, if self.is_single { Place::End } else { Place::Document });
                }
                (Place::Array | Place::Members, b',') => text.consume(1),
                (Place::Document, b'{') => self.enter(text, Place::Members),
                (Place::Sequence, b'[') => {
                    self.around = Place::End;
                    self.enter(text, Place::Array);
                }
                (Place::Members, b'"') => {
                    if let Some(row) = self.member(text)? {
                        return Ok(Some(row));
                    }
                }
                (Place::Sequence | Place::Array, _) if begins_value(byte) => {
                    if self.is_single && self.place == Place::Sequence {
                        self.place = Place::End;
                    }
                    return self.value(text).map(Some);
                }
                (Place::End, _) => {
                    return Err(malformed(
                        text,
                        "there is something after the end of the JSON text",
                    ));
                }
                _ => return Err(malformed(text, "this is not JSON")),
            }
        }
    }

    /// Consumes a byte, and goes on elsewhere.
    fn go<R: Read>(&mut self, text: &mut Text<R>, place: Place) {
        text.consume(1);
        self.place = place;
    }

    /// Consumes the byte that begins an array or a document.
    fn enter<R: Read>(&mut self, text: &mut Text<R>, place: Place) {
        self.last = Last::Begin;
        self.go(text, place);
    }

    /// Notes a value, a comma or the end of an array or document. If the text must be JSON, there must
    /// be a comma between two values, and nowhere else.
    fn separate<R: Read>(&mut self, text: &Text<R>, byte: u8) -> Result<(), ReadError> {
        let next = if byte == b',' { Last::Comma } else { Last::Value };
        let last = std::mem::replace(&mut self.last, next);
        let is_end = matches!(byte, b']' | b'}');
        match (last, byte) {
            _ if !self.is_single => Ok(()),
            (Last::Value, b',') => Ok(()),
            (Last::Begin | Last::Comma, b',') => {
                Err(malformed(text, "a value is missing before this comma"))
            }
            (Last::Comma, _) if is_end => {
                Err(malformed(text, "a value is missing after the last comma"))
            }
            (Last::Value, _) if !is_end => {
                Err(malformed(text, "a comma is missing before this value"))
            }
            _ => Ok(()),
        }
    }

    /// What the end of the text means.
    fn end<R: Read>(&self, text: &Text<R>) -> Result<Option<Row>, ReadError> {
        match self.place {
            Place::Array => Err(malformed(text, "the file ends within a JSON array")),
            Place::Members => Err(malformed(text, "the file ends within a JSON object")),
            _ => Ok(None),
        }
    }

    /// A member of a document: packages, or to be skipped.
    fn member<R: Read>(&mut self, text: &mut Text<R>) -> Result<Option<Row>, ReadError> {
        let Some(end) = value_end(text)? else {
            return Err(malformed(text, "the name of this member has no end"));
        };
        let name: String = serde_json::from_slice(&text.window()[..end])
            .map_err(|_| malformed(text, "the name of this member is not JSON"))?;
        text.consume(end);
        if skip_to_value(text)? != Some(b':') {
            return Err(malformed(text, "a member has no value"));
        }
        text.consume(1);
        let first = skip_to_value(text)?.unwrap_or_default();
        let is_known = || self.document.iter().any(|(known, _)| *known == name);
        if self.is_first && foreign::tells_document(&name) && !is_known() {
            self.document.push((name.clone(), first));
            if let Some(kind) = foreign::document(&self.document, self.whole) {
                return Err(ReadError::NotAList(kind.to_owned()));
            }
        }
        match (name.as_str(), first) {
            ("items" | "projects", b'[') => {
                self.around = Place::Members;
                self.enter(text, Place::Array);
                Ok(None)
            }
            ("info", b'{') => self.value(text).map(Some),
            (_, byte) if begins_value(byte) => skip_value(text).map(|()| None),
            _ => Err(malformed(text, "a member has no value")),
        }
    }

    /// The row of the value that the window begins with.
    fn value<R: Read>(&mut self, text: &mut Text<R>) -> Result<Row, ReadError> {
        let line = text.number();
        let Some(end) = value_end(text)? else {
            if text.window().len() <= MAX_BYTES {
                return Err(malformed(text, "the file ends within a JSON value that begins here"));
            }
            skip_value(text)?;
            return Ok(Row { line, package: Err(Refusal::new(VALUE_TOO_LONG)) });
        };
        let value = &text.window()[..end];
        if std::mem::take(&mut self.is_first)
            && self.whole
            && let Some(kind) = foreign::element(&members(value))
        {
            return Err(ReadError::NotAList(kind.to_owned()));
        }
        let package = object::read(value);
        text.consume(end);
        Ok(Row { line, package })
    }
}

/// How much of a value is on its first line.
enum Extent {
    /// All of it, and nothing else.
    Line,
    /// It goes on, or something else follows.
    Open { in_string: bool },
}

impl Extent {
    fn of(line: &[u8]) -> Self {
        let mut scan = Scan::default();
        let line = line.trim_ascii();
        for (at, byte) in line.iter().enumerate() {
            if scan.next(*byte) == Part::Last {
                let is_all = at + 1 == line.len();
                return if is_all { Self::Line } else { Self::Open { in_string: false } };
            }
        }
        Self::Open { in_string: scan.is_in_string() }
    }
}

fn next_line<R: Read>(text: &mut Text<R>) -> Result<Option<Row>, ReadError> {
    text.skip_blank_lines()?;
    let line = text.number();
    Ok(match text.line(0)? {
        Line::None => None,
        Line::TooLong => {
            text.skip_line()?;
            Some(Row { line, package: Err(Refusal::new(TOO_LONG)) })
        }
        Line::EndsAt(end) => {
            let package = object::read(content(&text.window()[..end]));
            text.consume_lines(1, end);
            Some(Row { line, package })
        }
    })
}

/// The first byte after a place in the window that is no white space.
fn first_after<R: Read>(text: &mut Text<R>, mut at: usize) -> io::Result<Option<u8>> {
    while at < MAX_BYTES {
        match text.byte(at)? {
            Some(byte) if byte.is_ascii_whitespace() => at += 1,
            other => return Ok(other),
        }
    }
    Ok(None)
}

/// Consumes white space; the byte after it, which stays.
fn skip_to_value<R: Read>(text: &mut Text<R>) -> io::Result<Option<u8>> {
    loop {
        let window = text.window();
        let space = window.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let first = window.get(space).copied();
        text.consume(space);
        if first.is_some() || text.fill_to(1)? == 0 {
            return Ok(first);
        }
    }
}

fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b't' | b'f' | b'n') || byte.is_ascii_digit()
}

/// Where the value ends that the window begins with; `None` if it does not end within a fixed length,
/// or at all.
fn value_end<R: Read>(text: &mut Text<R>) -> io::Result<Option<usize>> {
    let mut scan = Scan::default();
    let mut at = 0;
    loop {
        while let Some(byte) = text.window().get(at) {
            match scan.next(*byte) {
                Part::Inside => at += 1,
                Part::Last => return Ok(Some(at + 1)),
                Part::After => return Ok(Some(at)),
            }
            if at > MAX_BYTES {
                return Ok(None);
            }
        }
        if text.fill_to(at + 1)? == at {
            return Ok(None);
        }
    }
}

/// Consumes a value, however long it is.
fn skip_value<R: Read>(text: &mut Text<R>) -> Result<(), ReadError> {
    let mut scan = Scan::default();
    loop {
        let mut parts = text.window().iter().map(|byte| scan.next(*byte)).enumerate();
        let end = parts.find(|(_, part)| *part != Part::Inside);
        match end {
            Some((at, Part::Last)) => text.consume(at + 1),
            Some((at, _)) => text.consume(at),
            None => {
                text.consume(text.window().len());
                if text.fill_to(1)? == 0 {
                    return Err(malformed(text, "the file ends within a JSON value"));
                }
                continue;
            }
        }
        return Ok(());
    }
}

fn malformed<R: Read>(text: &Text<R>, fault: &'static str) -> ReadError {
    ReadError::Malformed { line: text.number(), fault }
}
