//! The rows of a file, whichever of the formats it is in.

use std::io::{self, Read};

use super::foreign;
use super::given::Given;
use super::json::Json;
use super::table::Table;
use super::text::Text;

/// A row of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line it begins in, from 1.
    pub line: u64,
    /// What it says of a package, or why it says nothing that can be used: a sentence without its
    /// end.
    pub package: Result<Given, String>,
}

/// Why a file has no rows, or no more of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading fails.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is not a list of packages. What is wrong, in words that follow the file's name.
    #[error("{0}")]
    NotAList(String),
    /// The file is damaged from here on.
    #[error("line {line}: {fault}")]
    Malformed {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        fault: &'static str,
    },
}

/// The rows of a file, in order.
pub struct Reader<R: Read> {
    text: Text<R>,
    format: Format,
}

enum Format {
    Json(Json),
    Table(Table),
}

impl<R: Read> Reader<R> {
    /// Begins to read: finds out the format, and reads the header if there is one.
    ///
    /// With `whole`, every row must be able to say all that a new package needs. Without, a table may
    /// have no column of summaries.
    ///
    /// # Errors
    /// Reading fails, or the file is not a list of packages.
    pub fn open(input: R, whole: bool) -> Result<Self, ReadError> {
        let mut text = Text::new(input);
        // The first line may be all that comes for now.
        text.line(0)?;
        if let Some(kind) = foreign::binary(text.window()) {
            return Err(ReadError::NotAList(kind.to_owned()));
        }
        text.skip_blank_lines()?;
        let begins = text.window().trim_ascii_start();
        let format = match (begins.first(), begins.get(1..).unwrap_or_default()) {
            (None, _) => return Err(ReadError::NotAList("is empty".to_owned())),
            (Some(b'{'), _) => Format::Json(Json::of_objects(&mut text, whole)?),
            (Some(b'['), after) if !foreign::is_toml_table(after) => {
                Format::Json(Json::of_array(whole))
            }
            (Some(_), _) => Format::Table(Table::open(&mut text, whole)?),
        };
        Ok(Self { text, format })
    }

    /// Reads the next row; `None` at the end of the file.
    ///
    /// # Errors
    /// Reading fails, or the file is damaged, or it turns out not to be a list of packages.
    pub fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        match &mut self.format {
            Format::Json(json) => json.next(&mut self.text),
            Format::Table(table) => Ok(table.next(&mut self.text)?),
        }
    }
}

impl<R: Read> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("line", &self.text.number()).finish_non_exhaustive()
    }
}
