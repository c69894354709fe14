//! Texts in the cells of CSV files, which spreadsheets might run.
//!
//! A spreadsheet takes a cell for a formula if it begins with one of a few characters, and a formula
//! in a downloaded file can read other cells and send them elsewhere. So an export puts an apostrophe
//! before such a text, and an import removes it. The export also puts one before a text that would
//! otherwise lose its own apostrophe, so the import finds exactly the text that was exported.

/// The apostrophe, which tells a spreadsheet that the rest of the cell is text.
const GUARD: char = '\'';

/// True if an export writes this text with an apostrophe before it.
pub(crate) fn needs_guard(text: &str) -> bool {
    would_run(text) || has_guard(text)
}

/// True if a text is a formula to a spreadsheet.
fn would_run(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// True if an import removes the first character of a cell.
fn has_guard(cell: &str) -> bool {
    let rest = cell.strip_prefix(GUARD);
    rest.is_some_and(|rest| rest.starts_with(GUARD) || would_run(rest))
}

/// The text for which an export writes this cell.
#[cfg(feature = "import")]
pub(crate) fn without_guard(cell: &str) -> &str {
    if has_guard(cell) { &cell[GUARD.len_utf8()..] } else { cell }
}

#[cfg(all(test, feature = "import"))]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_spreadsheets_would_run_is_guarded_and_found_again() {
        for (text, cell) in [
            ("", ""),
            ("a", "a"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("\ra", "'\ra"),
            ("a=1", "a=1"),
            ("'", "'"),
            ("'a", "'a"),
            ("'=1", "''=1"),
            ("''", "'''"),
            ("''a", "'''a"),
            ("'\u{e9}", "'\u{e9}"),
        ] {
            let guard = if needs_guard(text) { "'" } else { "" };
            assert_eq!(format!("{guard}{text}"), cell, "{text:?}");
            assert_eq!(without_guard(cell), text, "{cell:?}");
        }
    }
}
