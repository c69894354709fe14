//! The schemas of the document.

use serde_json::{Value, json};

use super::parts::{DATE, NAME, REVISION, position, reference, search};
use crate::history::{ChangeKind, ChangeNote};
use crate::operation::MAX_PACKAGES;
use crate::package::{FIELDS, Field, MAX_ERRORS, PackageName, Tag, Tags};
use crate::store::{Actor, Page};

/// All schemas, keyed by their names.
pub(crate) fn schemas() -> Value {
    let tag = format!("^[a-z0-9][a-z0-9-]{{0,{}}}$", Tag::MAX_BYTES - 1);
    let errors_description = format!(
        "All faults of an invalid package, of more than {MAX_ERRORS} the first, and then how many \
         more there are."
    );
    let package = |is_name_required: bool| {
        json!({
            "type": "object",
            "properties": members(|_, schema| schema),
            "required": required_members(is_name_required),
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
    let what = what();
    let changed_packages = json!({ "type": "array", "items": reference("ChangedPackage") });
    let changed_pins = json!({ "type": "array", "items": reference("ChangedPin"), "minItems": 1 });
    let next_change = json!({
        "description": "Where the next page begins: the value of the parameter before, or of after if the request has it. It is null on the last page.",
        "anyOf": [reference(REVISION), { "type": "null" }],
    });
    let mut schemas = json!({
        NAME: {
            "description": "A PyPA package name. Spellings with the same PEP 503 normal form name the same package.",
            "type": "string", "minLength": 1, "maxLength": PackageName::MAX_BYTES,
            "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
            "examples": ["flask"],
        },
        "Tag": { "type": "string", "pattern": tag, "examples": ["web"] },
        "Package": package(true),
        "PackageUpdate": package(false),
        "PackagePatch": {
            "description": "A JSON Merge Patch (RFC 7396): null removes a member.",
            "type": "object",
            "properties": members(|field, schema| match field.is_required {
                true => schema,
                false => json!({ "anyOf": [schema, { "type": "null" }] }),
            }),
            "additionalProperties": { "type": "null" },
        },
        "PackagePage": list(json!({
            "next": {
                "description": "The value of the parameter after for the next page. It is null on the last page.",
                "anyOf": [position(), { "type": "null" }],
            },
            "total": {
                "description": "The number of packages on all pages together. Only the first page has it.",
                "type": "integer", "minimum": 0,
            },
            "did_you_mean": {
                "description": "Names that the client may have meant. Only the first page of a search has them.",
                "type": "array", "items": reference(NAME), "minItems": 1, "maxItems": Page::MAX_SUGGESTIONS,
            },
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
        REVISION: {
            "description": "The number of a write. Later writes have greater numbers.",
            "type": "string", "pattern": "^[0-9]{1,20}$", "examples": ["1795435200000000"],
        },
        "Change": change(json!({})),
        "ChangePage": {
            "description": "A page of changes. It may have fewer changes than the limit, even none, although there is a next page.",
            "type": "object",
            "properties": {
                "items": { "type": "array", "items": reference("Change") },
                "next": next_change,
            },
            "required": ["items", "next"],
            "additionalProperties": false,
        },
        "ChangeDetails": change(json!({
            "packages": changed_packages,
            "pins": changed_pins,
            "next": {
                "description": "The value of the parameter after for the next page. It is null on the last page.",
                "anyOf": [reference(NAME), { "type": "null" }],
            },
        })),
        "ChangedPackage": {
            "description": "A package before and after the change. It is null where the package did not exist.",
            "type": "object",
            "properties": {
                "name": reference(NAME),
                "before": nullable("Package"),
                "after": nullable("Package"),
            },
            "required": ["name", "before", "after"],
            "additionalProperties": false,
        },
        "ChangedPin": {
            "description": "The package that is pinned to a day, before and after the change. It is null where there was no pin.",
            "type": "object",
            "properties": { "date": reference(DATE), "before": nullable(NAME), "after": nullable(NAME) },
            "required": ["date", "before", "after"],
            "additionalProperties": false,
        },
        "BulkChange": bulk_change(),
        "Preview": {
            "description": "What a write would do: the number of packages and pins, the first packages, and all pins.",
            "type": "object",
            "properties": {
                "what": what,
                "count": { "type": "integer", "minimum": 0 },
                "packages": changed_packages,
                "pins": changed_pins,
            },
            "required": ["what", "count", "packages"],
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
    });
    #[cfg(feature = "import")]
    {
        schemas["ImportedRows"] = super::import::rows();
        schemas["ImportReport"] = super::import::report();
    }
    for field in FIELDS {
        schemas[component(field)] = (field.schema)();
    }
    schemas
}

/// The schema of a change with these members besides its own.
fn change(more: Value) -> Value {
    let mut schema = json!({
        "description": "A write: when it was made, by whom, and what it did.",
        "type": "object",
        "properties": {
            "revision": reference(REVISION),
            "at": { "type": "string", "format": "date-time" },
            "by": {
                "description": "Who made the write. It is null if this is not known.",
                "type": ["string", "null"], "maxLength": Actor::MAX_BYTES,
            },
            "what": what(),
            "count": {
                "description": "The number of packages and pins that the write changed.",
                "type": "integer", "minimum": 1,
            },
            "note": { "type": "string", "minLength": 1, "maxLength": ChangeNote::MAX_CHARS },
        },
        "required": ["revision", "at", "by", "what", "count"],
        "additionalProperties": false,
    });
    if let (Some(properties), Value::Object(more)) = (schema["properties"].as_object_mut(), more) {
        let required = more.keys().filter(|name| *name != "pins").cloned().map(Value::from);
        let required: Vec<_> = required.collect();
        properties.extend(more);
        if let Some(all) = schema["required"].as_array_mut() {
            all.extend(required);
        }
    }
    schema
}

/// The schema of a request that changes many packages.
fn bulk_change() -> Value {
    let tags = |description: &str| {
        json!({
            "description": description,
            "type": "array", "items": reference("Tag"), "maxItems": Tags::MAX,
        })
    };
    let names = json!({ "type": "array", "items": reference(NAME), "maxItems": MAX_PACKAGES });
    let tag = tags("Labels, each of which the package carries.");
    json!({
        "description": "Which packages are changed, and how: tags are added and removed, or the packages are deleted. All of them are changed, or none. A package that needs no change stays as it is.",
        "type": "object",
        "properties": {
            "select": {
                "description": "The names of the packages, each of which must exist, or what the list of packages is asked for.",
                "oneOf": [
                    {
                        "type": "object",
                        "properties": { "names": names },
                        "required": ["names"],
                        "additionalProperties": false,
                    },
                    {
                        "type": "object",
                        "properties": { "q": search(), "tag": tag },
                        "minProperties": 1,
                        "additionalProperties": false,
                    },
                ],
            },
            "add_tags": tags("Labels that each package carries afterwards."),
            "remove_tags": tags("Labels that no package carries afterwards."),
            "delete": {
                "description": "True if the packages are deleted. Then no tags are added or removed.",
                "type": "boolean", "default": false,
            },
        },
        "required": ["select"],
        "additionalProperties": false,
    })
}

/// The schema of what a change did.
fn what() -> Value {
    let kinds: Vec<_> = ChangeKind::ALL.iter().map(|kind| kind.as_str()).collect();
    json!({ "description": "What the change did.", "type": "string", "enum": kinds })
}

/// A value of the schema with this name, or null.
fn nullable(schema: &str) -> Value {
    json!({ "anyOf": [reference(schema), { "type": "null" }] })
}

/// The members of a package: the name, and each field with the schema that `of` makes of its own.
fn members(of: impl Fn(&Field, Value) -> Value) -> Value {
    let mut members = json!({ "name": reference(NAME) });
    for field in FIELDS {
        members[field.name] = of(field, reference(&component(field)));
    }
    members
}

fn required_members(is_name_required: bool) -> Vec<&'static str> {
    let name = is_name_required.then_some("name");
    let fields = FIELDS.iter().filter(|field| field.is_required).map(|field| field.name);
    name.into_iter().chain(fields).collect()
}

/// The name of the schema of a field: `ShortDesc` for `short_desc`.
fn component(field: &Field) -> String {
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    field.name.split('_').map(capitalised).collect()
}
