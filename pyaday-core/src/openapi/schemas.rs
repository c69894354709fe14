//! The schemas of the document.

use serde_json::{Value, json};

use super::parts::{DATE, NAME, reference};
use crate::package::{MAX_ERRORS, Metadata, PackageName, ShortDesc, Tag, Tags};

/// All schemas, keyed by their names.
pub(crate) fn schemas() -> Value {
    let tags = json!({ "type": "array", "items": reference("Tag"), "maxItems": Tags::MAX });
    let short_desc = reference("ShortDesc");
    let metadata = reference("Metadata");
    let metadata_description = format!(
        "Core metadata or other members, at most {} KiB of JSON.",
        Metadata::MAX_BYTES / 1024
    );
    let tag = format!("^[a-z0-9][a-z0-9-]{{0,{}}}$", Tag::MAX_BYTES - 1);
    let errors_description = format!(
        "All faults of an invalid package, of more than {MAX_ERRORS} the first, and then how many \
         more there are."
    );
    let package = |required: Value| {
        json!({
            "type": "object",
            "properties": {
                "name": reference(NAME), "short_desc": short_desc, "tags": tags, "metadata": metadata,
            },
            "required": required,
            "additionalProperties": false,
        })
    };
    let list = |extra: Value| {
        let mut properties = json!({ "items": { "type": "array", "items": reference("Package") } });
        let mut required = vec!["items"];
        if let Value::Object(next) = &extra
            && let Some(all) = properties.as_object_mut()
        {
            all.extend(next.clone());
            required.push("next");
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    };
    json!({
        NAME: {
            "description": "A PyPA package name. Spellings with the same PEP 503 normal form name the same package.",
            "type": "string", "minLength": 1, "maxLength": PackageName::MAX_BYTES,
            "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
            "examples": ["flask"],
        },
        "ShortDesc": {
            "description": "One line without control characters and bidirectional overrides.",
            "type": "string", "maxLength": ShortDesc::MAX_CHARS,
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$",
        },
        "Tag": { "type": "string", "pattern": tag, "examples": ["web"] },
        "Metadata": {
            "description": metadata_description,
            "type": "object",
        },
        "Package": package(json!(["name", "short_desc"])),
        "PackageUpdate": package(json!(["short_desc"])),
        "PackagePatch": {
            "description": "A JSON Merge Patch (RFC 7396): null removes a member.",
            "type": "object",
            "properties": {
                "name": reference(NAME),
                "short_desc": short_desc,
                "tags": { "anyOf": [tags, { "type": "null" }] },
                "metadata": { "anyOf": [{ "type": "object" }, { "type": "null" }] },
            },
            "additionalProperties": { "type": "null" },
        },
        "PackagePage": list(json!({
            "next": { "anyOf": [reference(NAME), { "type": "null" }] },
        })),
        DATE: {
            "description": "A date of the calendar.",
            "type": "string", "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-23"],
        },
        "Daily": {
            "description": "The package of a day, as it was shown.",
            "type": "object",
            "properties": {
                "date": reference(DATE),
                "package": reference("Package"),
                "gone": {
                    "description": "True if the package was deleted. Otherwise the member is absent.",
                    "type": "boolean",
                },
            },
            "required": ["date", "package"],
            "additionalProperties": false,
        },
        "Pin": {
            "description": "The normalised name of the package that a future day will show.",
            "type": "object",
            "properties": { "date": reference(DATE), "name": reference(NAME) },
            "required": ["date", "name"],
            "additionalProperties": false,
        },
        "Pins": {
            "description": "The pins of future days, in the order of their dates.",
            "type": "object",
            "properties": { "items": { "type": "array", "items": reference("Pin") } },
            "required": ["items"],
            "additionalProperties": false,
        },
        "PinUpdate": {
            "description": "If the member date is given, it must be the date in the URL.",
            "type": "object",
            "properties": { "date": reference(DATE), "name": reference(NAME) },
            "required": ["name"],
            "additionalProperties": false,
        },
        "Draw": { "oneOf": [reference("Package"), list(Value::Null)] },
        "Problem": {
            "description": "Problem details (RFC 9457).",
            "type": "object",
            "properties": {
                "type": { "type": "string", "format": "uri" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "errors": {
                    "description": errors_description,
                    "type": "array", "minItems": 1, "maxItems": MAX_ERRORS + 1,
                    "items": {
                        "type": "object",
                        "properties": {
                            "pointer": { "type": "string", "format": "json-pointer" },
                            "detail": { "type": "string" },
                        },
                        "required": ["pointer", "detail"],
                    },
                },
            },
            "required": ["type", "title", "status", "detail"],
        },
    })
}
