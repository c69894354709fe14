//! The rule for a text that is shown in one line.

use super::invalid::InvalidValue;

/// Checks that a text stays in its line and leaves the text around it alone.
///
/// Control characters (C0, DEL, C1, U+2028, U+2029) are not allowed. Characters that change the
/// direction of the surrounding text (U+202A–U+202E, U+2066–U+2069) are not allowed either: in a
/// list, such a text could change how its neighbours are displayed.
pub(crate) fn check_line(text: &str) -> Result<(), InvalidValue> {
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(InvalidValue::new("must not contain control characters or line breaks"));
    }
    if text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
        return Err(InvalidValue::new("must not contain bidirectional overrides"));
    }
    Ok(())
}
