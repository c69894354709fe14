//! The fields of a package besides its name. Each field has one row here, which is all that JSON, the stores
//! and the OpenAPI document need to know of it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use memchr::memchr2;
use serde_json::{Value, json};

use super::error::Errors;
use super::invalid::InvalidValue;
use super::metadata::Metadata;
use super::reading::string;
use super::representation::Details;
use super::short_desc::ShortDesc;
use super::tag::{Tag, Tags};

/// What the rest of the crate needs to know of a field.
pub(crate) struct Field {
    /// The name of its member in JSON, and of its column in a store with tables.
    pub(crate) name: &'static str,
    /// False if the member may be left out. It is then left out if it is empty.
    pub(crate) is_required: bool,
    /// The schema of the member, for the OpenAPI document.
    pub(crate) schema: fn() -> Value,
    /// Reads the member, and records its faults.
    pub(super) read: fn(Value, &mut Details, &mut Errors),
    /// Appends the member's value. If the member is to be left out, it appends nothing.
    pub(super) write: fn(&Details, &mut Vec<u8>),
    /// The text of the column.
    pub(super) text: fn(&Details) -> Cow<'_, str>,
    /// Reads the text of the column.
    pub(super) restore: fn(&str, &mut Details) -> Result<(), InvalidValue>,
}

#[cfg(feature = "import")]
impl Field {
    /// The text of the field's column, which is different for different values.
    pub(crate) fn text_of<'a>(&self, details: &'a Details) -> Cow<'a, str> {
        (self.text)(details)
    }
}

/// The fields, in the order of the representation.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        name: "short_desc",
        is_required: true,
        schema: || {
            json!({
                "description": "One line without control characters and bidirectional overrides.",
                "type": "string",
                "maxLength": ShortDesc::MAX_CHARS,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$",
            })
        },
        read: |value, details, errors| {
            let short_desc = string(value).and_then(|text| text.parse());
            details.short_desc = errors.take("/short_desc", short_desc).unwrap_or_default();
        },
        write: |details, out| write_string(details.short_desc.as_str(), out),
        text: |details| details.short_desc.as_str().into(),
        restore: |text, details| {
            details.short_desc = text.parse()?;
            Ok(())
        },
    },
    Field {
        name: "tags",
        is_required: false,
        schema: || {
            let tag = json!({ "$ref": "#/components/schemas/Tag" });
            json!({ "type": "array", "items": tag, "maxItems": Tags::MAX })
        },
        read: |value, details, errors| details.tags = errors.tags("/tags", value),
        write: |details, out| {
            if !details.tags.is_empty() {
                // Serialising strings into memory cannot fail.
                drop(serde_json::to_writer(out, &details.tags));
            }
        },
        text: |details| match details.tags.is_empty() {
            true => "[]".into(),
            // Serialising strings into memory cannot fail.
            false => serde_json::to_string(&details.tags).unwrap_or_default().into(),
        },
        restore: |text, details| {
            details.tags = stored_tags(text)?;
            Ok(())
        },
    },
    Field {
        name: "metadata",
        is_required: false,
        schema: || {
            let limit = Metadata::MAX_BYTES / 1024;
            let description =
                format!("Core metadata or other members, at most {limit} KiB of JSON.");
            json!({ "description": description, "type": "object" })
        },
        read: |value, details, errors| {
            let metadata = match value {
                Value::Object(members) => Metadata::try_from(members),
                _ => Err(InvalidValue::new("must be an object")),
            };
            details.metadata = errors.take("/metadata", metadata).unwrap_or_default();
        },
        write: |details, out| {
            if !details.metadata.is_empty() {
                out.extend_from_slice(details.metadata.as_json().as_bytes());
            }
        },
        text: |details| details.metadata.as_json().into(),
        restore: |text, details| {
            details.metadata = Metadata::from_stored_json(text)?;
            Ok(())
        },
    },
];

/// Appends a text without control characters as a JSON string.
fn write_string(text: &str, out: &mut Vec<u8>) {
    if memchr2(b'"', b'\\', text.as_bytes()).is_some() {
        drop(serde_json::to_writer(&mut *out, text));
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn stored_tags(text: &str) -> Result<Tags, InvalidValue> {
    if text == "[]" {
        return Ok(Tags::default());
    }
    let tags = serde_json::from_str::<Vec<Cow<'_, str>>>(text);
    let tags = tags.map_err(|_| InvalidValue::new("must be an array of strings"))?;
    tags.iter().map(|tag| tag.parse()).collect::<Result<BTreeSet<Tag>, _>>()?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The derived `Debug` lists all fields of the type.
    #[test]
    fn every_field_of_the_type_has_a_row() {
        let details = format!("{:#?}", Details::default());
        let of_type = details.lines().filter_map(|line| {
            let line = line.strip_prefix("    ")?;
            line.split_once(':').map(|(name, _)| name).filter(|name| !name.starts_with(' '))
        });
        assert!(of_type.eq(FIELDS.iter().map(|field| field.name)), "{details}");
    }
}
