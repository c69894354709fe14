//! Texts in the cells of CSV files, which spreadsheets might run.
//!
//! A spreadsheet takes a cell for a formula if it begins with one of a few characters, and a formula
//! in a downloaded file can read other cells and send them elsewhere. So an export puts an apostrophe
//! before such a text, and an import removes it. A text that begins with apostrophes before such a
//! character gets another one too. So the import finds exactly the text that was exported, and no other
//! text is changed, whichever program wrote the file.

/// The apostrophe, which tells a spreadsheet that the rest of the cell is text.
const GUARD: char = '\'';

/// True if an export writes this text with an apostrophe before it: it is a formula to a spreadsheet,
/// or a formula after apostrophes.
pub(crate) fn needs_guard(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text for which an export writes this cell.
#[cfg(feature = "import")]
pub(crate) fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(text) if needs_guard(text) => text,
        _ => cell,
    }
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
            ("''=1", "'''=1"),
            ("''", "''"),
            ("''a'' is quoted", "''a'' is quoted"),
            ("'\u{e9}", "'\u{e9}"),
        ] {
            let guard = if needs_guard(text) { "'" } else { "" };
            assert_eq!(format!("{guard}{text}"), cell, "{text:?}");
            assert_eq!(without_guard(cell), text, "{cell:?}");
        }
    }
}
