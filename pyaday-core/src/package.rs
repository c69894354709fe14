//! A package as curators write it, and the rules for each of its fields.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use memchr::memchr2;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::date::Date;
use crate::invalid::InvalidValue;
use crate::json::{self, MalformedJson};
use crate::name::PackageName;

/// A package of the catalogue: its name and what curators say of it.
///
/// Every field checks its own rules when it is made, so a package that exists is valid.
///
/// ```
/// use pyaday_core::Package;
///
/// let flask = Package::new("Flask", "A simple framework for building complex web applications.")?;
/// assert_eq!(flask.name.normalized().as_str(), "flask");
///
/// let invalid = Package::new("", "two\nlines").unwrap_err();
/// let pointers: Vec<_> = invalid.errors().iter().map(|error| error.pointer()).collect();
/// assert_eq!(pointers, ["/name", "/short_desc"]);
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Package {
    /// The name in the spelling that the package was created with.
    pub name: PackageName,
    /// Everything but the name.
    #[serde(flatten)]
    pub details: Details,
}

/// All that is said of a package beside its name; an update replaces it whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Details {
    /// What the package is for, in one line.
    pub short_desc: ShortDesc,
    /// Curators' labels.
    #[serde(skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Core metadata, or whatever else the host keeps.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

impl Package {
    /// A package without tags and metadata.
    ///
    /// # Errors
    /// All faults of the two fields.
    pub fn new(name: &str, short_desc: &str) -> Result<Self, InvalidPackage> {
        let mut errors = Errors::default();
        let name = errors.take("/name", name.parse());
        let short_desc = errors.take("/short_desc", short_desc.parse());
        match (name, short_desc) {
            (Some(name), Some(short_desc)) => {
                Ok(Self { name, details: Details { short_desc, ..Details::default() } })
            }
            _ => Err(errors.into_invalid()),
        }
    }

    /// Reads a representation: a JSON object with `name`, `short_desc` and, if there are any,
    /// `tags` and `metadata`.
    ///
    /// # Errors
    /// The place where the text is not strict JSON, or all faults of the fields at once.
    pub fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        let (name, details) = Fields::from_json(text)?.complete(NameIs::Required)?;
        match name {
            Some(name) => Ok(Self { name, details }),
            None => Err(InvalidPackage::one("/name", MISSING).into()),
        }
    }

    /// Reads an object with a `name` alone.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub(crate) fn name_from_json(text: &[u8], date: Date) -> Result<PackageName, PackageError> {
        let Fields(mut members) = Fields::from_json(text)?;
        let mut errors = Errors::default();
        let name = errors.name(members.shift_remove("name"));
        if let Some(other) = members.shift_remove("date")
            && other != date.to_string()
        {
            errors.push("/date".to_owned(), format!("must be {date}, as in the URL, or left out"));
        }
        errors.unknown(&members, "is not a member of a pin");
        match name {
            Some(name) if errors.is_empty() => Ok(name),
            _ => Err(errors.into_invalid().into()),
        }
    }

    /// Appends the representation, compact JSON: what serialising gives, in less time.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let Details { short_desc, tags, metadata } = &self.details;
        // A name has no character that JSON would escape.
        out.extend_from_slice(b"{\"name\":\"");
        out.extend_from_slice(self.name.as_str().as_bytes());
        out.extend_from_slice(b"\",\"short_desc\":");
        write_json_string(short_desc.as_str(), out);
        if !tags.is_empty() {
            out.extend_from_slice(b",\"tags\":");
            // Serialising strings into memory has no way to fail.
            drop(serde_json::to_writer(&mut *out, tags));
        }
        if !metadata.is_empty() {
            out.extend_from_slice(b",\"metadata\":");
            out.extend_from_slice(metadata.as_json().as_bytes());
        }
        out.push(b'}');
    }
}

/// Appends a text without control characters as a JSON string.
fn write_json_string(text: &str, out: &mut Vec<u8>) {
    if memchr2(b'"', b'\\', text.as_bytes()).is_some() {
        drop(serde_json::to_writer(&mut *out, text));
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

impl Details {
    /// Reads the body of an update: a representation whose `name` may be left out.
    ///
    /// # Errors
    /// As [`Package::from_json`].
    pub(crate) fn from_json(text: &[u8]) -> Result<(Option<PackageName>, Self), PackageError> {
        Ok(Fields::from_json(text)?.complete(NameIs::Optional)?)
    }
}

/// What to change about a package: a JSON Merge Patch
/// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)) of its representation.
#[derive(Clone, Debug, PartialEq)]
pub struct MergePatch(Map<String, Value>);

impl MergePatch {
    /// Reads a patch.
    ///
    /// # Errors
    /// The place where the text is not strict JSON, or that it is no object: a patch of another
    /// type would replace the package by something that is none.
    pub fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        Fields::from_json(text).map(|Fields(members)| Self(members))
    }

    /// What a package is with the patch applied.
    ///
    /// # Errors
    /// All faults of the fields that come out.
    pub fn apply(&self, package: &Package) -> Result<Package, InvalidPackage> {
        let mut merged = match serde_json::to_value(package) {
            Ok(Value::Object(members)) => members,
            // A package is an object and its keys are strings: there is no way to come here.
            _ => Map::new(),
        };
        merge(&mut merged, &self.0);
        let (name, details) = Fields(merged).complete(NameIs::Required)?;
        Ok(Package { name: name.unwrap_or_else(|| package.name.clone()), details })
    }
}

/// RFC 7396 §2, on objects.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match (value, target.get_mut(key)) {
            (Value::Null, _) => {
                target.shift_remove(key);
            }
            (Value::Object(patch), Some(Value::Object(target))) => merge(target, patch),
            (Value::Object(patch), _) => {
                let mut members = Map::new();
                merge(&mut members, patch);
                target.insert(key.clone(), Value::Object(members));
            }
            (value, _) => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The members of a representation, none of them checked yet.
struct Fields(Map<String, Value>);

#[derive(Clone, Copy, PartialEq)]
enum NameIs {
    Required,
    Optional,
}

const MISSING: &str = "is required";

impl Fields {
    fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        match json::parse(text)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(InvalidPackage::one("", "must be an object").into()),
        }
    }

    /// Checks every member, so that a client learns of all its faults at once.
    fn complete(
        mut self,
        name_is: NameIs,
    ) -> Result<(Option<PackageName>, Details), InvalidPackage> {
        let mut errors = Errors::default();
        let name = match self.0.shift_remove("name") {
            None if name_is == NameIs::Optional => None,
            value => errors.name(value),
        };
        let short_desc = match self.0.shift_remove("short_desc") {
            None => errors.take("/short_desc", Err(InvalidValue::new(MISSING))),
            Some(value) => errors.take("/short_desc", string(value).and_then(|text| text.parse())),
        };
        let tags =
            self.0.shift_remove("tags").map_or_else(Tags::default, |value| errors.tags(value));
        let metadata = match self.0.shift_remove("metadata") {
            None => None,
            Some(Value::Object(members)) => errors.take("/metadata", Metadata::try_from(members)),
            Some(_) => errors.take("/metadata", Err(InvalidValue::new("must be an object"))),
        };
        errors.unknown(&self.0, "is not a member of a package");
        match (short_desc, errors.is_empty()) {
            (Some(short_desc), true) => {
                let metadata = metadata.unwrap_or_default();
                Ok((name, Details { short_desc, tags, metadata }))
            }
            _ => Err(errors.into_invalid()),
        }
    }
}

fn string(value: Value) -> Result<String, InvalidValue> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(InvalidValue::new("must be a string")),
    }
}

/// One line on what a package is for; it may be empty.
///
/// At most 512 characters (Unicode scalar values), none of them a control character (C0, DEL, C1,
/// U+2028, U+2029) or one that overrides the direction of the text around it (U+202A–U+202E,
/// U+2066–U+2069): a summary shown in a list must not be able to disguise its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ShortDesc(Box<str>);

impl ShortDesc {
    /// The longest description, in characters.
    const MAX_CHARS: usize = 512;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShortDesc {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(InvalidValue::new("must be at most 512 characters long"));
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(InvalidValue::new("must not contain control characters or line breaks"));
        }
        if text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
            return Err(InvalidValue::new("must not contain bidirectional overrides"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ShortDesc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A curator's label: 1 to 40 of `a-z`, `0-9` and `-`, the first no `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Tag(Box<str>);

impl Tag {
    /// The longest label, in bytes.
    const MAX_BYTES: usize = 40;

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if text.is_empty()
            || text.len() > Self::MAX_BYTES
            || text.starts_with('-')
            || !text.bytes().all(inside)
        {
            return Err(InvalidValue::new(
                "must be 1 to 40 of `a-z`, `0-9` and `-`, and not begin with `-`",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A package's labels, sorted, each once, at most 32.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tags(BTreeSet<Tag>);

impl Tags {
    /// The most labels that one package has.
    const MAX: usize = 32;
    const TOO_MANY: &str = "must be at most 32 tags";

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if `tag` is among them.
    #[must_use]
    pub fn contains(&self, tag: &Tag) -> bool {
        self.0.contains(tag)
    }

    /// The labels in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }
}

impl TryFrom<BTreeSet<Tag>> for Tags {
    type Error = InvalidValue;

    fn try_from(tags: BTreeSet<Tag>) -> Result<Self, InvalidValue> {
        if tags.len() > Self::MAX {
            return Err(InvalidValue::new(Self::TOO_MANY));
        }
        Ok(Self(tags))
    }
}

/// A JSON object beside the other fields: [core metadata] in its JSON spelling (`version`,
/// `requires_python`, `license_expression` …) or the host's own keys.
///
/// Any JSON values, in the order they were given; at most 16 KiB when serialised. Numbers are
/// integers of 64 bits or doubles, as RFC 8259 §6 advises: others are rounded. Two are equal when
/// their texts are: in another order, they are other metadata.
///
/// It is kept as its text, which is most often all that is asked of it.
///
/// [core metadata]: https://packaging.python.org/en/latest/specifications/core-metadata/
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Compact JSON; nothing for the empty object.
    text: Box<str>,
}

impl Metadata {
    /// The largest object, in bytes of compact JSON.
    const MAX_BYTES: usize = 16 * 1024;
    const TOO_LONG: &str = "must be at most 16384 bytes of JSON";

    /// The metadata of which [`as_json`](Self::as_json) once gave this text, for a store that has
    /// verified by other means that the text is what it wrote: it is checked, but not brought into
    /// the compact form that it must have.
    ///
    /// # Errors
    /// It is no strict JSON, no object, too long or too deep.
    pub fn from_stored_json(text: &str) -> Result<Self, InvalidValue> {
        if text == "{}" {
            return Ok(Self::default());
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::new(Self::TOO_LONG));
        }
        // The representation around it is one level.
        if !text.starts_with('{') || json::check(text, json::MAX_DEPTH - 1).is_err() {
            return Err(InvalidValue::new("must be a JSON object"));
        }
        Ok(Self { text: text.into() })
    }

    /// True if the object has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The object as compact JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        if self.is_empty() { "{}" } else { &self.text }
    }

    /// The object's members, read from its text.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        serde_json::from_str(self.as_json()).unwrap_or_default()
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_map().serialize(serializer)
    }
}

impl TryFrom<Map<String, Value>> for Metadata {
    type Error = InvalidValue;

    fn try_from(members: Map<String, Value>) -> Result<Self, InvalidValue> {
        if members.is_empty() {
            return Ok(Self::default());
        }
        // The representation around this object is one level, the object itself another.
        if !members.values().all(|value| json::fits_depth(value, json::MAX_DEPTH - 2)) {
            return Err(InvalidValue::new("must not nest deeper than 126 levels"));
        }
        match serde_json::to_string(&members) {
            Ok(text) if text.len() <= Self::MAX_BYTES => Ok(Self { text: text.into() }),
            Ok(_) => Err(InvalidValue::new(Self::TOO_LONG)),
            Err(_) => Err(InvalidValue::new("must be expressible as JSON")),
        }
    }
}

/// One fault of a document: where, as a JSON Pointer, and which rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{detail}", Place(pointer))]
pub struct FieldError {
    pointer: String,
    detail: Cow<'static, str>,
}

/// A pointer before its message: nothing for the whole document.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            pointer => write!(f, "{pointer} "),
        }
    }
}

impl FieldError {
    /// The [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) pointer; empty for the whole document.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The rule, in words that follow the field's name: `must not be empty`.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// A document that is JSON but no package: its faults, all at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidPackage {
    errors: Vec<FieldError>,
}

impl InvalidPackage {
    fn one(pointer: &str, rule: &'static str) -> Self {
        let mut errors = Errors::default();
        errors.push(pointer.to_owned(), rule);
        errors.into_invalid()
    }

    /// The faults: those of known members first, in the order of the representation. There are at
    /// most 32, then one that says how many more there are.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

impl fmt::Display for InvalidPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.errors.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

/// Why a text is no package's representation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// It is not strict JSON.
    #[error(transparent)]
    Malformed(#[from] MalformedJson),
    /// It is JSON that breaks a field's rule.
    #[error(transparent)]
    Invalid(#[from] InvalidPackage),
}

/// The faults found so far: the first of them, and how many more there are.
#[derive(Default)]
struct Errors {
    first: Vec<FieldError>,
    more: usize,
}

impl Errors {
    /// How many faults are listed: a few help, thousands would be many times as long as the body.
    const MAX: usize = 32;
    /// The longest name of an unknown member that is repeated, in bytes.
    const MAX_KEY_BYTES: usize = 64;

    fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    fn push(&mut self, pointer: String, detail: impl Into<Cow<'static, str>>) {
        if self.first.len() < Self::MAX {
            self.first.push(FieldError { pointer, detail: detail.into() });
        } else {
            self.more += 1;
        }
    }

    /// The value, or its fault noted.
    fn take<T>(&mut self, pointer: &str, result: Result<T, InvalidValue>) -> Option<T> {
        result.map_err(|invalid| self.push(pointer.to_owned(), invalid.into_rule())).ok()
    }

    /// A name that there must be.
    fn name(&mut self, value: Option<Value>) -> Option<PackageName> {
        let name = value.ok_or_else(|| InvalidValue::new(MISSING)).and_then(string);
        self.take("/name", name.and_then(|name| name.parse()))
    }

    /// Members that are left when all that are known were taken.
    fn unknown(&mut self, members: &Map<String, Value>, rule: &'static str) {
        for unknown in members.keys() {
            if unknown.len() > Self::MAX_KEY_BYTES {
                let limit = Self::MAX_KEY_BYTES;
                let detail =
                    format!("must not have a member whose name is longer than {limit} bytes");
                self.push(String::new(), detail);
            } else {
                let pointer = format!("/{}", unknown.replace('~', "~0").replace('/', "~1"));
                self.push(pointer, rule);
            }
        }
    }

    /// The tags of a JSON array, and each one's fault noted at its own place.
    fn tags(&mut self, value: Value) -> Tags {
        let Value::Array(items) = value else {
            self.push("/tags".to_owned(), "must be an array of strings");
            return Tags::default();
        };
        if items.len() > Tags::MAX {
            // Not also what is wrong with each: the answer would be many times as long as the body.
            self.push("/tags".to_owned(), Tags::TOO_MANY);
            return Tags::default();
        }
        let mut tags = BTreeSet::new();
        for (at, item) in items.into_iter().enumerate() {
            let tag = string(item).and_then(|text| text.parse());
            tags.extend(self.take(&format!("/tags/{at}"), tag));
        }
        Tags(tags)
    }

    fn into_invalid(self) -> InvalidPackage {
        let Self { first: mut errors, more } = self;
        if more > 0 {
            let detail = match more {
                1 => "has 1 more fault, which is not listed".to_owned(),
                more => format!("has {more} more faults, which are not listed"),
            };
            errors.push(FieldError { pointer: String::new(), detail: detail.into() });
        }
        InvalidPackage { errors }
    }
}
