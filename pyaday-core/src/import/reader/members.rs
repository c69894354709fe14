//! The metadata of a row, which comes from several places in it.

use serde_json::{Map, Value};

use super::excerpt;

/// Adds a member. Returns what is wrong if another place of the row gives it another value: one of them
/// would be lost.
pub(super) fn add(
    metadata: &mut Map<String, Value>,
    name: String,
    value: Value,
) -> Result<(), String> {
    /// How much of a name is told, in characters.
    const LENGTH: usize = 40;

    match metadata.get(&name) {
        Some(other) if *other != value => {
            let name = excerpt(&name, LENGTH);
            Err(format!("`{name}` has two values, in two places of the row: remove one of them"))
        }
        _ => {
            metadata.insert(name, value);
            Ok(())
        }
    }
}
