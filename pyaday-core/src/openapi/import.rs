//! The schemas of imports.

use serde_json::{Value, json};

use super::parts::{NAME, REVISION, reference};

/// The body of an import. For formats other than JSON it is a text.
pub(super) fn rows() -> Value {
    json!({
        "description": "Rows about packages: an array of objects or an object in JSON, or a text in \
            CSV, TSV or NDJSON.",
        "anyOf": [
            { "type": "string" },
            { "type": "object" },
            { "type": "array", "items": { "type": "object" } },
        ],
    })
}

/// What became of the rows.
pub(super) fn report() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    let counts = ["added", "changed", "same", "present", "refused"];
    let name = reference(NAME);
    let members = json!({
        "description": "The members of the package that change.",
        "type": "array",
        "items": { "type": "string" },
    });
    json!({
        "description": "What became of the rows of an import, or would become of them.",
        "type": "object",
        "properties": {
            "counts": {
                "description": "The numbers of rows. `present` counts those whose packages stay as they are.",
                "type": "object",
                "properties": counts.iter()
                    .map(|name| ((*name).to_owned(), count.clone()))
                    .collect::<serde_json::Map<_, _>>(),
                "required": counts,
                "additionalProperties": false,
            },
            "rows": {
                "description": "The rows that need attention, or the first of them; all rows with \
                    `report=all`.",
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "line": { "description": "The line, counted from 1.", "type": "integer", "minimum": 1 },
                        "name": name,
                        "effect": { "type": "string", "enum": counts },
                        "members": members,
                        "pointer": {
                            "description": "The place of the first fault in the package.",
                            "type": "string", "format": "json-pointer",
                        },
                        "reason": { "description": "Why the row is refused.", "type": "string" },
                        "look_alike": {
                            "description": "Another package whose name is easily taken for this one.",
                            "$ref": format!("#/components/schemas/{NAME}"),
                        },
                    },
                    "required": ["line", "effect"],
                    "additionalProperties": false,
                },
            },
            "more": {
                "description": "How many rows need attention besides those in `rows`.",
                "type": "integer", "minimum": 1,
            },
            "change": {
                "description": "The revision of the change that was made. It is null if nothing was changed.",
                "anyOf": [reference(REVISION), { "type": "null" }],
            },
        },
        "required": ["counts", "rows", "change"],
        "additionalProperties": false,
    })
}
