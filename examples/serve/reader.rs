//! Reads the packages that are in files as people have them, whatever wrote them.
//!
//! A [`Reader`] takes any [`Read`](std::io::Read) and gives one [`Row`] after another: a package, or
//! the reason why the row is not one, with its line. It prints nothing and knows no store. Its memory
//! does not grow with the file: at most 1 MiB is taken for one row.
//!
//! The format is told by the content, never by the name of a file:
//!
//! - TSV and CSV with a header, also with semicolons or a `sep=` line, with quotes as Excel writes
//!   them, and with lines that end with a carriage return alone;
//! - JSON objects, one a line or each over several lines, or in an array;
//! - pages of this service's own list (`{"items":[…]}`), and PyPI's JSON (`{"info":{…}}`);
//! - in UTF-8, or in UTF-16 with a byte order mark.
//!
//! A file of another kind is an error that says what the file seems to be.

mod fields;
mod foreign;
mod given;
mod header;
mod json;
mod object;
mod rows;
mod scan;
mod table;
mod tabs;
mod text;

pub use given::Given;
pub use rows::{ReadError, Reader, Row};

use std::borrow::Cow;

/// The beginning of a text, up to so many characters.
pub(crate) fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Names for a message: quoted, the first few of them, each at most so long.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    /// How many are named.
    const MOST: usize = 12;
    /// How much of each, in characters.
    const LENGTH: usize = 40;

    let mut names = names.map(|name| format!("`{}`", excerpt(name, LENGTH)));
    let mut list: Vec<_> = names.by_ref().take(MOST).collect();
    match names.count() {
        0 => {}
        more => list.push(format!("and {more} more")),
    }
    list.join(", ")
}
