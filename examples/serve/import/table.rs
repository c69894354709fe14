//! TSV and CSV: a header, and packages by its columns.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Read};
use std::str;

use pyaday_core::{Details, InvalidValue, Metadata, Package, ShortDesc, Tag, Tags};
use serde_json::{Map, Value};

use super::fields::{Fields, Record};
use super::lines::{Line, Lines, TOO_LONG, content};
use super::rows::{ReadError, Row};
use crate::error::excerpt;

/// The most columns that a table may have.
const MAX_COLUMNS: usize = 1_000;

/// How much of a value a message repeats, in characters.
const EXCERPT: usize = 60;

/// A table whose header was read.
pub(super) struct Table {
    fields: Fields,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Name,
    ShortDesc,
    Tags,
    Metadata,
}

impl Table {
    /// Reads the header, whose first line the window begins with.
    pub(super) fn open<R: Read>(lines: &mut Lines<R>) -> Result<Self, ReadError> {
        let tabs = match lines.line(0)? {
            Line::EndsAt(end) => lines.window()[..end].contains(&b'\t'),
            Line::TooLong | Line::None => false,
        };
        let fields = if tabs { Fields::tsv() } else { Fields::csv() };
        let mut table = Self { fields, columns: Vec::new() };
        let header = match table.read_record(lines)? {
            Some((_, result)) => result.and_then(|()| columns(&table.fields)),
            None => Err("is empty".to_owned()),
        };
        table.columns =
            header.map_err(|fault| ReadError::Header(format!("has no usable header: {fault}")))?;
        Ok(table)
    }

    pub(super) fn next<R: Read>(&mut self, lines: &mut Lines<R>) -> io::Result<Option<Row>> {
        while let Line::EndsAt(end) = lines.line(0)? {
            if !content(&lines.window()[..end]).is_empty() {
                break;
            }
            lines.consume(1, end);
        }
        let line = lines.number();
        let Some((bytes, result)) = self.read_record(lines)? else {
            return Ok(None);
        };
        Ok(Some(Row { line, bytes, package: result.and_then(|()| self.package()) }))
    }

    /// Reads a record into the fields; returns its length and what is wrong with it as a record.
    fn read_record<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
    ) -> io::Result<Option<(u64, Result<(), String>)>> {
        let (mut count, mut length) = (0, 0);
        self.fields.begin();
        let fault = loop {
            let end = match lines.line(length)? {
                Line::EndsAt(end) => end,
                Line::None if count == 0 => return Ok(None),
                Line::None => break "a quoted field has no end".to_owned(),
                Line::TooLong if count == 0 => break TOO_LONG.to_owned(),
                Line::TooLong => break "a quoted field does not end within 1 MiB".to_owned(),
            };
            let record = self.fields.push(content(&lines.window()[length..end]));
            (count, length) = (count + 1, end);
            match record {
                Record::Open => {}
                Record::Complete => {
                    lines.consume(count, length);
                    return Ok(Some((length as u64, Ok(()))));
                }
                Record::Malformed => {
                    break "a quoted field must end before a comma or a line's end".to_owned();
                }
            }
        };
        Ok(Some((self.skip_malformed(lines, count, length)?, Err(fault))))
    }

    /// Is done with a record that is none, after so many lines and bytes of it; returns its length.
    ///
    /// A quote that is not closed must not take the rows behind it along: only the first line is
    /// given up, and the second is read again as the beginning of a record. Not so where there are
    /// too many fields already: then quotes were closed, and the trouble is another.
    fn skip_malformed<R: Read>(
        &self,
        lines: &mut Lines<R>,
        count: u64,
        length: usize,
    ) -> io::Result<u64> {
        if self.fields.len() <= self.columns.len() {
            return lines.skip_line();
        }
        lines.consume(count, length);
        Ok(length as u64)
    }

    /// The package of the record, or all that is wrong with it.
    fn package(&self) -> Result<Package, String> {
        if self.fields.len() != self.columns.len() {
            let (columns, fields) = (self.columns.len(), self.fields.len());
            return Err(format!("expected {columns} fields, found {fields}"));
        }
        let mut name = None;
        let mut details = Details::default();
        let mut metadata = Map::new();
        let mut faults = Vec::new();
        for (column, field) in self.columns.iter().zip(self.fields.iter()) {
            let Ok(field) = str::from_utf8(field) else {
                faults.push(format!("{} is not UTF-8", column.name));
                continue;
            };
            let mut note = |fault: InvalidValue| faults.push(told(&column.name, &fault, field));
            match column.kind {
                Kind::Name => name = field.parse().map_err(&mut note).ok(),
                Kind::ShortDesc => {
                    let parsed: Result<ShortDesc, _> = field.parse();
                    details.short_desc = parsed.map_err(note).unwrap_or_default();
                }
                Kind::Tags => details.tags = tags(field).map_err(note).unwrap_or_default(),
                Kind::Metadata if field.is_empty() => {}
                Kind::Metadata => {
                    metadata.insert(column.name.clone(), Value::from(field));
                }
            }
        }
        match Metadata::try_from(metadata) {
            Ok(metadata) => details.metadata = metadata,
            Err(fault) => faults.push(format!("the other columns together {fault}")),
        }
        match name {
            Some(name) if faults.is_empty() => Ok(Package { name, details }),
            _ => Err(faults.join("; ")),
        }
    }
}

fn tags(field: &str) -> Result<Tags, InvalidValue> {
    let separator = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let tags = field.split(separator).filter(|tag| !tag.is_empty()).map(str::parse::<Tag>);
    Tags::try_from(tags.collect::<Result<BTreeSet<_>, _>>()?)
}

/// The fault of a field, with the beginning of what is in it.
fn told(column: &str, fault: &impl Display, field: &str) -> String {
    format!("{column} {fault}: \"{}\"", excerpt(field, EXCERPT))
}

/// The columns of a header.
fn columns(header: &Fields) -> Result<Vec<Column>, String> {
    if header.len() > MAX_COLUMNS {
        return Err(format!("there are more than {MAX_COLUMNS} columns"));
    }
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for (at, name) in header.iter().enumerate() {
        let Ok(name) = str::from_utf8(name) else {
            return Err(format!("the name of column {} is not UTF-8", at + 1));
        };
        let kind = match name {
            "" => return Err(format!("column {} has no name", at + 1)),
            "name" => Kind::Name,
            "summary" | "short_desc" => Kind::ShortDesc,
            "tags" => Kind::Tags,
            _ => Kind::Metadata,
        };
        if columns.iter().any(|column| column.name == name) {
            return Err(told("two columns", &"have one name", name));
        }
        columns.push(Column { name: name.to_owned(), kind });
    }
    let count = |kind| columns.iter().filter(|column| column.kind == kind).count();
    match (count(Kind::Name), count(Kind::ShortDesc)) {
        (0, _) => Err("there is no column `name`".to_owned()),
        (_, 0) => Err("there is no column `summary` or `short_desc`".to_owned()),
        (_, 2) => Err("there are both columns `summary` and `short_desc`".to_owned()),
        _ => Ok(columns),
    }
}
