//! The rows of a file, whichever of the formats it is in.

use std::fmt;
use std::io::{self, Read};

use super::core_metadata::{self, CoreMetadata};
use super::foreign;
use super::format::Format;
use super::given::Given;
use super::json::Json;
use super::refusal::Refusal;
use super::table::Table;
use super::text::{Line, Text};

/// A row of a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The line that it begins in, counted from 1.
    pub line: u64,
    /// What it says of a package, or why it says nothing that can be used.
    pub package: Result<Given, Refusal>,
}

/// Why a file has no rows, or no more of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading fails.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is not a list of packages, or not in the expected format. The text says what is
    /// wrong, in words that follow the name of the file: `is empty`.
    #[error("{0}")]
    NotAList(String),
    /// The file is damaged from here on.
    #[error("line {line}: {fault}")]
    Malformed {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        fault: &'static str,
    },
}

/// How a file is read. By default its content decides the format, and each row must be able to be a
/// new package.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReaderBuilder {
    format: Option<Format>,
    is_partial: bool,
}

impl ReaderBuilder {
    /// Makes the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects this format. A file that is in another one is refused.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    /// Whether rows may say less than a new package needs, because they are about packages that
    /// exist. For example, a table may then lack a column of summaries. The default is `false`.
    #[must_use]
    pub fn partial(self, is_partial: bool) -> Self {
        Self { is_partial, ..self }
    }

    /// Begins to read: finds out the format, and reads the header if there is one.
    ///
    /// # Errors
    /// Reading fails, or the file is not a list of packages.
    pub fn open<R: Read>(self, input: R) -> Result<Reader<R>, ReadError> {
        let mut text = Text::new(input);
        // The first line may be all that comes for now. So nothing after it may decide.
        let end = match text.line(0)? {
            Line::EndsAt(end) => end,
            Line::TooLong | Line::None => text.window().len(),
        };
        if let Some(kind) = foreign::binary(&text.window()[..end]) {
            return Err(ReadError::NotAList(kind.to_owned()));
        }
        text.skip_blank_lines()?;
        let begins = text.window().trim_ascii_start();
        let (whole, is_metadata) = (!self.is_partial, core_metadata::begins(begins));
        let rows = match (begins.first(), begins.get(1..).unwrap_or_default()) {
            (None, _) => return Err(ReadError::NotAList("is empty".to_owned())),
            (Some(b'{'), _) => Rows::Json(Json::of_objects(&mut text, self.format, whole)?),
            (Some(b'['), after) if !foreign::is_toml_table(after) => {
                self.admit(Format::Json)?;
                Rows::Json(Json::of_array(self.format, whole))
            }
            (Some(_), _) if is_metadata || self.format == Some(Format::Metadata) => {
                self.admit(Format::Metadata)?;
                Rows::Metadata(CoreMetadata::default())
            }
            (Some(_), _) if matches!(self.format, Some(Format::Json | Format::Ndjson)) => {
                let fault = "does not begin with an object or an array of JSON";
                return Err(ReadError::NotAList(fault.to_owned()));
            }
            (Some(_), _) => Rows::Table(Table::open(&mut text, self.format, whole)?),
        };
        Ok(Reader { text, rows, has_ended: false })
    }

    fn admit(self, format: Format) -> Result<(), ReadError> {
        foreign::expect(self.format, format).map_err(ReadError::NotAList)
    }
}

/// Reads the rows of a file, in their order.
pub struct Reader<R: Read> {
    text: Text<R>,
    rows: Rows,
    has_ended: bool,
}

enum Rows {
    Json(Json),
    Table(Table),
    Metadata(CoreMetadata),
}

impl<R: Read> Reader<R> {
    /// Begins to read a file that is in any of the formats.
    ///
    /// # Errors
    /// Reading fails, or the file is not a list of packages.
    pub fn open(input: R) -> Result<Self, ReadError> {
        ReaderBuilder::new().open(input)
    }

    /// Reads the next row. Returns `None` at the end of the file, and after an error.
    ///
    /// # Errors
    /// Reading fails, or the file is damaged, or it turns out not to be a list of packages.
    pub fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        if self.has_ended {
            return Ok(None);
        }
        let row = match &mut self.rows {
            Rows::Json(json) => json.next(&mut self.text),
            Rows::Table(table) => table.next(&mut self.text).map_err(ReadError::from),
            Rows::Metadata(metadata) => metadata.next(&mut self.text).map_err(ReadError::from),
        };
        self.has_ended = !matches!(row, Ok(Some(_)));
        row
    }
}

/// The same as [`next_row`](Reader::next_row).
impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

impl<R: Read> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("line", &self.text.number()).finish_non_exhaustive()
    }
}
