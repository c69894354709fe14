//! The rows of a file, whichever of the formats it is in.

use std::io::{self, Read};

use pyaday_core::{Package, PackageError};

use super::lines::{Line, Lines, TOO_LONG, content};
use super::table::Table;

/// A row of a file.
pub(super) struct Row {
    /// The line it begins in, from 1.
    pub(super) line: u64,
    /// How long it is.
    pub(super) bytes: u64,
    /// The package, or what is wrong.
    pub(super) package: Result<Package, String>,
}

/// Why there are no rows, or no more.
pub(super) enum ReadError {
    Read(io::Error),
    /// What is wrong with the beginning, in words that follow the file's name.
    Header(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// The rows of a file, in order.
pub(super) struct Rows<R> {
    lines: Lines<R>,
    format: Format,
}

enum Format {
    Ndjson,
    Table(Table),
}

impl<R: Read> Rows<R> {
    /// Tells the format by how the text begins, never by the name of a file.
    pub(super) fn open(input: R) -> Result<Self, ReadError> {
        let mut lines = Lines::new(input)?;
        skip_blank_lines(&mut lines)?;
        let format = match lines.window().trim_ascii_start().first() {
            None => return Err(ReadError::Header("is empty".to_owned())),
            Some(b'{') => Format::Ndjson,
            Some(_) => Format::Table(Table::open(&mut lines)?),
        };
        Ok(Self { lines, format })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        match &mut self.format {
            Format::Ndjson => next_json(&mut self.lines),
            Format::Table(table) => table.next(&mut self.lines),
        }
    }
}

fn next_json<R: Read>(lines: &mut Lines<R>) -> io::Result<Option<Row>> {
    skip_blank_lines(lines)?;
    let line = lines.number();
    Ok(match lines.line(0)? {
        Line::None => None,
        Line::TooLong => {
            Some(Row { line, bytes: lines.skip_line()?, package: Err(TOO_LONG.to_owned()) })
        }
        Line::EndsAt(end) => {
            let text = content(&lines.window()[..end]);
            let package = Package::from_json(text).map_err(|error| match error {
                // The place of the fault is told as one of a document of its own.
                PackageError::Malformed(error) => {
                    format!("malformed JSON, {} at column {}", error.reason(), error.column())
                }
                PackageError::Invalid(error) => error.to_string(),
            });
            lines.consume(1, end);
            Some(Row { line, bytes: end as u64, package })
        }
    })
}

/// Is done with lines of nothing but white space.
fn skip_blank_lines<R: Read>(lines: &mut Lines<R>) -> io::Result<()> {
    while let Line::EndsAt(end) = lines.line(0)? {
        if !lines.window()[..end].trim_ascii().is_empty() {
            break;
        }
        lines.consume(1, end);
    }
    Ok(())
}
