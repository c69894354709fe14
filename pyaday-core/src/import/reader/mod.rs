//! Reads the packages that are in files as people have them, whatever wrote them.

mod core_metadata;
mod fields;
mod foreign;
mod format;
mod given;
mod header;
mod json;
mod members;
mod object;
mod refusal;
mod rows;
mod scan;
mod table;
mod tabs;
mod text;

pub use format::Format;
pub use given::Given;
pub use refusal::Refusal;
pub use rows::{ReadError, Reader, ReaderBuilder, Row};

use std::borrow::Cow;

/// The beginning of a text, up to so many characters.
fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
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
