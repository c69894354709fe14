//! Parts of the document that the facts of operations use.

use serde_json::{Value, json};

use crate::http::facts::{Content, ResponseField};
use crate::http::media_type::JSON;
use crate::search::Search;

/// The name of the schema of a package's name.
pub(crate) const NAME: &str = "PackageName";
/// The name of the schema of a date.
pub(crate) const DATE: &str = "Date";

/// The name of the schema of a revision.
pub(crate) const REVISION: &str = "Revision";

/// A reference to the schema of a name.
pub(crate) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// The schema of a position in a list. A position in a search has a score before the name.
pub(crate) fn position() -> Value {
    json!({ "anyOf": [reference(NAME), { "type": "string", "pattern": "^[0-9]{1,15}~" }] })
}

/// The schema of a search. It is as exact as a schema can be: a schema counts characters, not
/// bytes, and cannot count only the different words.
pub(crate) fn search() -> Value {
    let (words, chars) = (Search::MAX_WORDS, Search::MAX_WORD_CHARS);
    json!({
        "type": "string",
        "maxLength": Search::MAX_BYTES,
        "pattern": format!("^[\\W_]*([^\\W_]{{1,{chars}}}([\\W_]+|$)){{0,{words}}}$"),
    })
}

/// A parameter of an operation.
pub(crate) fn parameter(name: &str, place: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "required": place == "path", "schema": schema })
}

/// Returns the same object with a description.
pub(crate) fn described(description: &str, mut object: Value) -> Value {
    object["description"] = description.into();
    object
}

/// JSON content with a schema.
pub(crate) const fn json_content(schema: fn() -> Value) -> Content {
    Content { media_type: JSON, schema }
}

/// The text for every operation that has query parameters.
pub(crate) const QUERY_DESCRIPTION: &str = "The parameter `_` and parameters whose names begin with \
    `utm_` are ignored. Any other parameter that is not listed here is refused.";

/// The URL of the resource that a `POST` has created.
pub(crate) const LOCATION: ResponseField = ResponseField {
    name: "Location",
    description: "The URL of the package.",
    is_required: true,
    is_metadata: true,
    schema: uri_reference,
};

/// The URL of the change that a `POST` has made.
pub(crate) const CHANGE_LOCATION: ResponseField =
    ResponseField { description: "The URL of the change.", ..LOCATION };

/// The URL of the resource in the response, if the request was for another URL.
pub(crate) const CONTENT_LOCATION: ResponseField = ResponseField {
    name: "Content-Location",
    description: "The URL of the day itself.",
    is_required: true,
    is_metadata: true,
    schema: uri_reference,
};

/// The link to the next page.
pub(crate) const NEXT_LINK: ResponseField = ResponseField {
    name: "Link",
    description: "The next page (RFC 8288). The last page does not have this field.",
    is_required: false,
    is_metadata: false,
    schema: || json!({ "type": "string" }),
};

fn uri_reference() -> Value {
    json!({ "type": "string", "format": "uri-reference" })
}
