//! TSV and CSV: a header, and packages by its columns.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Read};
use std::str;

use serde_json::{Map, Value};

use super::fields::{Fields, Record};
use super::format::Format;
use super::given::Given;
use super::header::{Kind, kind, labels, summary};
use super::members::add;
use super::refusal::Refusal;
use super::rows::{ReadError, Row};
use super::tabs::Tabs;
use super::text::{Line, TOO_LONG, Text, content};
use super::{excerpt, foreign, listed};
use crate::package::{
    Details, Fields as StrictFields, InvalidValue, Metadata, Package, ShortDesc, Tag, Tags,
    without_guard,
};

/// The most columns that a table may have.
const MAX_COLUMNS: usize = 1_000;

/// How much of a value a message repeats, in characters.
const EXCERPT: usize = 60;

/// How much of a file is looked at to say what it seems to be, in bytes.
const LOOK: usize = 4 * 1024;

/// A table whose header was read.
pub(super) struct Table {
    splitter: Splitter,
    columns: Vec<Column>,
    has_summary: bool,
}

enum Splitter {
    Tabs(Tabs),
    Csv(Fields),
}

struct Column {
    name: String,
    kind: Kind,
}

impl Table {
    /// Reads the header, whose first line the window begins with. With `whole`, it must have a column
    /// of summaries.
    pub(super) fn open<R: Read>(
        text: &mut Text<R>,
        expected: Option<Format>,
        whole: bool,
    ) -> Result<Self, ReadError> {
        let splitter = Splitter::open(text, expected)?;
        let first_line = match text.line(0)? {
            Line::EndsAt(end) => text.window()[..end.min(LOOK)].to_owned(),
            Line::TooLong | Line::None => text.window()[..text.window().len().min(LOOK)].to_owned(),
        };
        let mut table = Self { splitter, columns: Vec::new(), has_summary: true };
        let header = match table.read_record(text)? {
            Some(result) => result.and_then(|()| columns(table.fields(), whole)),
            None => Err("is empty".to_owned()),
        };
        table.columns = match header {
            Ok(columns) => columns,
            Err(fault) => return Err(not_a_list(text, first_line, &fault)?),
        };
        table.has_summary = table.columns.iter().any(|column| column.kind == Kind::ShortDesc);
        Ok(table)
    }

    pub(super) fn next<R: Read>(&mut self, text: &mut Text<R>) -> io::Result<Option<Row>> {
        loop {
            while let Line::EndsAt(end) = text.line(0)? {
                if !content(&text.window()[..end]).is_empty() {
                    break;
                }
                text.consume_lines(1, end);
            }
            let line = text.number();
            let Some(result) = self.read_record(text)? else {
                return Ok(None);
            };
            // A spreadsheet's empty rows are nothing but delimiters.
            let is_blank = self.fields().len() > 1 && self.fields().iter().all(<[u8]>::is_empty);
            if result.is_err() || !is_blank {
                let package = match result {
                    Ok(()) => self.package(),
                    Err(fault) => Err(Refusal::new(fault)),
                };
                return Ok(Some(Row { line, package }));
            }
        }
    }

    fn fields(&self) -> &Fields {
        match &self.splitter {
            Splitter::Tabs(tabs) => tabs.fields(),
            Splitter::Csv(fields) => fields,
        }
    }

    /// Reads a record into the fields and consumes it; what is wrong with it as a record, if there is
    /// one.
    fn read_record<R: Read>(
        &mut self,
        text: &mut Text<R>,
    ) -> io::Result<Option<Result<(), String>>> {
        match (text.line(0)?, &mut self.splitter) {
            (Line::None, _) => Ok(None),
            (Line::TooLong, _) => {
                text.skip_line()?;
                Ok(Some(Err(TOO_LONG.to_owned())))
            }
            (Line::EndsAt(end), Splitter::Tabs(tabs)) => {
                let columns = (!self.columns.is_empty()).then_some(self.columns.len());
                tabs.read(text, end, columns)?;
                Ok(Some(Ok(())))
            }
            (Line::EndsAt(_), Splitter::Csv(fields)) => {
                read_quoted(fields, text, self.columns.len()).map(Some)
            }
        }
    }

    /// What the record says of a package, or all that is wrong with it.
    fn package(&self) -> Result<Given, Refusal> {
        let fields = self.fields();
        if fields.len() != self.columns.len() {
            let (columns, fields) = (self.columns.len(), fields.len());
            return Err(Refusal::new(format!("expected {columns} fields, found {fields}")));
        }
        let mut name = None;
        let mut details = Details::default();
        let mut metadata = Map::new();
        let mut faults = Faults::default();
        for (at, (column, field)) in self.columns.iter().zip(fields.iter()).enumerate() {
            let Ok(field) = str::from_utf8(field) else {
                faults.add(column.kind.pointer(), format!("{} is not UTF-8", column.name));
                continue;
            };
            let field = match self.splitter {
                Splitter::Csv(_) => without_guard(field),
                Splitter::Tabs(_) => field,
            };
            let mut note = |fault: InvalidValue| {
                faults.add(column.kind.pointer(), told(&column.name, &fault, field));
            };
            match column.kind {
                Kind::Name => name = field.trim().parse().map_err(&mut note).ok(),
                Kind::ShortDesc => {
                    let parsed: Result<ShortDesc, _> = summary(&column.name, field).parse();
                    details.short_desc = parsed.map_err(note).unwrap_or_default();
                }
                Kind::Tags => details.tags = tags(field).map_err(note).unwrap_or_default(),
                _ if field.is_empty() => {}
                Kind::Nameless => {
                    let column = format!("column {}", at + 1);
                    faults.add("", told(&column, &"has no name in the header", field));
                }
                Kind::Object if field.starts_with('{') => {
                    match StrictFields::from_json(field.as_bytes()) {
                        Ok(StrictFields(members)) => {
                            for (name, value) in members {
                                faults.check("/metadata", add(&mut metadata, name, value));
                            }
                        }
                        Err(_) => note(InvalidValue::new("must be a JSON object")),
                    }
                }
                Kind::Description | Kind::Object | Kind::Metadata => {
                    let added = add(&mut metadata, column.name.clone(), Value::from(field));
                    faults.check("/metadata", added);
                }
            }
        }
        match Metadata::try_from(metadata) {
            Ok(metadata) => details.metadata = metadata,
            Err(fault) => faults.add("/metadata", format!("the other columns together {fault}")),
        }
        match name {
            Some(name) if faults.texts.is_empty() => {
                Ok(Given::by_cells(Package::from_parts(name, details), self.has_summary))
            }
            _ => Err(Refusal::at(faults.first, faults.texts.join("; "))),
        }
    }
}

/// What is wrong with a record.
#[derive(Default)]
struct Faults {
    /// The place of the first fault in the package.
    first: &'static str,
    texts: Vec<String>,
}

impl Faults {
    fn check(&mut self, pointer: &'static str, result: Result<(), String>) {
        if let Err(text) = result {
            self.add(pointer, text);
        }
    }

    fn add(&mut self, pointer: &'static str, text: String) {
        if self.texts.is_empty() {
            self.first = pointer;
        }
        self.texts.push(text);
    }
}

impl Splitter {
    /// Finds out what separates the fields, by a line `sep=` or by what the header has.
    fn open<R: Read>(text: &mut Text<R>, expected: Option<Format>) -> Result<Self, ReadError> {
        let Line::EndsAt(end) = text.line(0)? else {
            return Ok(Self::Csv(Fields::new(b',', true)));
        };
        let header = content(&text.window()[..end]);
        let delimiter = match named_separator(header) {
            Some(separator) => {
                text.consume_lines(1, end);
                separator
            }
            None => match found_separator(header) {
                Some(separator) => separator,
                // There is only one column.
                None if expected == Some(Format::Tsv) => b'\t',
                None => b',',
            },
        };
        let found = if delimiter == b'\t' { Format::Tsv } else { Format::Csv };
        foreign::expect(expected, found).map_err(ReadError::NotAList)?;
        Ok(Self::of(delimiter, text))
    }

    fn of<R: Read>(delimiter: u8, text: &Text<R>) -> Self {
        match delimiter {
            b'\t' => Self::Tabs(Tabs::new(text.window())),
            delimiter => Self::Csv(Fields::new(delimiter, true)),
        }
    }
}

/// The separator that a line `sep=` names, as Excel reads and writes it.
fn named_separator(line: &[u8]) -> Option<u8> {
    match line.trim_ascii_start() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => Some(*separator),
        _ => None,
    }
}

/// The separator that a header has.
fn found_separator(header: &[u8]) -> Option<u8> {
    let count = |delimiter| header.iter().filter(|byte| **byte == delimiter).count();
    match (count(b'\t'), count(b';'), count(b',')) {
        (0, 0, 0) => None,
        (0, semicolons, commas) => Some(if semicolons > commas { b';' } else { b',' }),
        _ => Some(b'\t'),
    }
}

/// What to say of a text whose header, of which this is the first line, is not that of a table of
/// packages.
fn not_a_list<R: Read>(
    text: &mut Text<R>,
    first_line: Vec<u8>,
    fault: &str,
) -> io::Result<ReadError> {
    let length = text.fill_to(LOOK)?.min(LOOK);
    let beginning = [&first_line, &text.window()[..length]].concat();
    Ok(ReadError::NotAList(match foreign::text(&beginning) {
        Some(kind) => kind.to_owned(),
        None => format!("has no usable header: {fault}"),
    }))
}

/// Reads a record with fields in quotes and consumes it; what is wrong with it as a record.
fn read_quoted<R: Read>(
    fields: &mut Fields,
    text: &mut Text<R>,
    columns: usize,
) -> io::Result<Result<(), String>> {
    let (mut count, mut length) = (0, 0);
    fields.begin();
    let fault = loop {
        let end = match text.line(length)? {
            Line::EndsAt(end) => end,
            Line::None => break "a quoted field has no end".to_owned(),
            Line::TooLong => break "a quoted field does not end within 1 MiB".to_owned(),
        };
        let record = fields.push(content(&text.window()[length..end]));
        (count, length) = (count + 1, end);
        match record {
            Record::Open => {}
            Record::Complete => {
                text.consume_lines(count, length);
                return Ok(Ok(()));
            }
            Record::Malformed => {
                let delimiter = match fields.delimiter() {
                    b',' => "a comma",
                    b';' => "a semicolon",
                    _ => "a separator",
                };
                break format!("a quoted field must end before {delimiter} or a line's end");
            }
        }
    };
    // A quote that is not closed must not take the rows after it along: only the first line is given
    // up, and the second is read again as the beginning of a record. Not so where there are too many
    // fields already: then quotes were closed, and the trouble is another.
    if fields.len() <= columns {
        text.skip_line()?;
    } else {
        text.consume_lines(count, length);
    }
    Ok(Err(fault))
}

fn tags(field: &str) -> Result<Tags, InvalidValue> {
    let tags = labels(field).map(str::parse::<Tag>);
    Tags::try_from(tags.collect::<Result<BTreeSet<_>, _>>()?)
}

/// The fault of a field, with the beginning of what is in it.
fn told(column: &str, fault: &impl Display, field: &str) -> String {
    format!("{column} {fault}: \"{}\"", excerpt(field, EXCERPT))
}

/// The columns of a header.
fn columns(header: &Fields, whole: bool) -> Result<Vec<Column>, String> {
    if header.len() > MAX_COLUMNS {
        return Err(format!("there are more than {MAX_COLUMNS} columns"));
    }
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for (at, name) in header.iter().enumerate() {
        let Ok(name) = str::from_utf8(name) else {
            return Err(format!("the name of column {} is not UTF-8", at + 1));
        };
        let name = name.trim();
        let kind = kind(name);
        if kind != Kind::Nameless && columns.iter().any(|column| column.name == name) {
            return Err(told("two columns", &"have one name", name));
        }
        columns.push(Column { name: name.to_owned(), kind });
    }
    if !columns.iter().any(|column| column.kind == Kind::ShortDesc)
        && let Some(it) = columns.iter_mut().find(|column| column.kind == Kind::Description)
    {
        it.kind = Kind::ShortDesc;
    }
    let count = |kind| columns.iter().filter(|column| column.kind == kind).count();
    let found = || listed(columns.iter().map(|it| it.name.as_str()).filter(|it| !it.is_empty()));
    match (count(Kind::Name), count(Kind::ShortDesc), count(Kind::Tags)) {
        (0, _, _) => Err(format!("there is no column `name`; the columns are {}", found())),
        (_, 0, _) if whole => Err(format!(
            "there is no column `summary` or `short_desc`; the columns are {}",
            found()
        )),
        (2.., _, _) => Err(format!("there are two columns of names; the columns are {}", found())),
        (_, 2.., _) => {
            Err(format!("there are two columns of summaries; the columns are {}", found()))
        }
        (_, _, 2..) => Err(format!("there are two columns of tags; the columns are {}", found())),
        _ => Ok(columns),
    }
}
