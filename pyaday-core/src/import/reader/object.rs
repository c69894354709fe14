//! The package that a JSON object describes: a representation, or what PyPI and other tools write.

use serde_json::{Map, Value};

use super::given::{Given, Said};
use super::header::{Kind, kind, labels, summary};
use super::listed;
use super::members::add;
use super::refusal::Refusal;
use crate::package::{Fields, MalformedJson, PackageError};

/// Members of PyPI's JSON, and of core metadata, that say nothing of a package itself, or too much
/// for metadata.
const LEFT_OUT: [&str; 13] = [
    "bugtrack_url",
    "description",
    "description_content_type",
    "docs_url",
    "downloads",
    "dynamic",
    "metadata_version",
    "package_url",
    "platform",
    "project_url",
    "release_url",
    "yanked",
    "yanked_reason",
];

/// Reads an object.
///
/// # Errors
/// Why it is not a package.
pub(super) fn read(text: &[u8]) -> Result<Given, Refusal> {
    let Fields(members) = Fields::from_json(text).map_err(|error| match error {
        PackageError::Malformed(error) => malformed(&error),
        PackageError::Invalid(error) => error.into(),
    })?;
    if !members.contains_key("short_desc") {
        return adapted(members);
    }
    let said = Said::by(&members);
    Ok(Given::by_members(without_nulls(members).into_package()?, said))
}

fn malformed(error: &MalformedJson) -> Refusal {
    let place = match error.line() {
        1 => format!("column {}", error.column()),
        line => format!("column {} of line {line} of the object", error.column()),
    };
    Refusal::new(format!("malformed JSON, {} at {place}", error.reason()))
}

/// The package of an object that is not a representation.
pub(super) fn adapted(members: Map<String, Value>) -> Result<Given, Refusal> {
    if !members.keys().any(|name| kind(name) == Kind::Name) {
        let found = listed(members.keys().map(String::as_str));
        return Err(Refusal::new(match found.as_str() {
            "" => "there is no `name`: the object is empty".to_owned(),
            found => format!("there is no `name`: the members are {found}"),
        }));
    }
    let (mut members, summary_is) = representation(members)?;
    let said = Said::by(&members);
    if summary_is.is_none() {
        members.insert("short_desc".to_owned(), Value::from(""));
    }
    match without_nulls(members).into_package() {
        Ok(package) => Ok(Given::by_members(package, said)),
        Err(invalid) => {
            let faults = invalid.errors().iter();
            let faults = faults.map(|error| match (error.pointer(), &summary_is) {
                ("/short_desc", Some(name)) => format!("/{name} {}", error.detail()),
                _ => error.to_string(),
            });
            let reason = faults.collect::<Vec<_>>().join("; ");
            let first = invalid.errors().first().map(|error| error.pointer().to_owned());
            Err(Refusal::at(first.unwrap_or_default(), reason))
        }
    }
}

/// The members that are not `null`. A new package does not have a member that the object removes.
fn without_nulls(mut members: Map<String, Value>) -> Fields {
    members.retain(|_, value| !value.is_null());
    Fields(members)
}

/// The members of a representation that say the same, and which member was the summary.
fn representation(
    members: Map<String, Value>,
) -> Result<(Map<String, Value>, Option<String>), Refusal> {
    let has_summary = members.keys().any(|name| kind(name) == Kind::ShortDesc);
    let mut representation = Map::new();
    let mut metadata = Map::new();
    let mut summary_is = None;
    for (name, value) in members {
        match (kind(&name), value) {
            (Kind::Name, Value::String(text)) => {
                representation.insert("name".to_owned(), Value::from(text.trim()));
            }
            (Kind::Name, value) => drop(representation.insert("name".to_owned(), value)),
            (Kind::ShortDesc, value) => {
                representation.insert("short_desc".to_owned(), short_desc(&name, value));
                summary_is = Some(name);
            }
            (Kind::Description, value) if !has_summary => {
                representation.insert("short_desc".to_owned(), short_desc(&name, value));
                summary_is = Some(name);
            }
            (Kind::Tags, Value::String(text)) => {
                let tags: Vec<&str> = labels(&text).collect();
                representation.insert("tags".to_owned(), Value::from(tags));
            }
            (Kind::Tags, value) => drop(representation.insert("tags".to_owned(), value)),
            (Kind::Object, Value::Object(members)) => {
                for (name, value) in members {
                    put(&mut metadata, name, value)?;
                }
            }
            (_, value) => {
                let (name, value) = core_metadata(name, value);
                if !is_nothing(&value) && !LEFT_OUT.contains(&name.as_str()) {
                    put(&mut metadata, name, value)?;
                }
            }
        }
    }
    // PyPI's `project_url` is its own page; that of core metadata is made of `project_urls`.
    if let Some(urls) = metadata.shift_remove("project_urls") {
        put(&mut metadata, "project_url".to_owned(), urls)?;
    }
    if !metadata.is_empty() {
        representation.insert("metadata".to_owned(), Value::Object(metadata));
    }
    Ok((representation, summary_is))
}

fn put(metadata: &mut Map<String, Value>, name: String, value: Value) -> Result<(), Refusal> {
    add(metadata, name, value).map_err(|fault| Refusal::at("/metadata", fault))
}

/// PyPI's JSON has `null` where there is no summary.
fn short_desc(name: &str, value: Value) -> Value {
    match value {
        Value::Null => Value::from(""),
        Value::String(text) => Value::from(summary(name, &text)),
        other => other,
    }
}

/// A member of PyPI's JSON in the spelling of core metadata.
fn core_metadata(name: String, value: Value) -> (String, Value) {
    match (name.as_str(), value) {
        ("classifiers", value) => ("classifier".to_owned(), value),
        ("project_urls", Value::Object(urls)) => {
            let urls = urls.iter().filter_map(|(label, url)| {
                url.as_str().map(|url| Value::from(format!("{label}, {url}")))
            });
            (name, urls.collect())
        }
        (_, value) => (name, value),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
