//! A package as a curator writes it.

use memchr::memchr2;
use serde::Serialize;

use super::error::{Errors, InvalidPackage};
use super::metadata::Metadata;
use super::name::PackageName;
use super::short_desc::ShortDesc;
use super::tag::Tags;

/// A package of the catalogue: its name and its details.
///
/// Every field checks its own rules when it is created, so every `Package` is valid.
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
#[non_exhaustive]
pub struct Package {
    /// The name, in the spelling that was used when the package was created or last respelled.
    pub name: PackageName,
    /// All fields except the name.
    #[serde(flatten)]
    pub details: Details,
}

/// All fields of a package except its name. An update replaces all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Details {
    /// The short description, in one line.
    pub short_desc: ShortDesc,
    /// The tags that curators have given the package.
    #[serde(skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Core metadata, or other data that the host keeps.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

impl Details {
    /// Makes details with this description, without tags and metadata.
    #[must_use]
    pub fn new(short_desc: ShortDesc) -> Self {
        Self { short_desc, ..Self::default() }
    }

    /// Returns the same details with these tags.
    #[must_use]
    pub fn with_tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// Returns the same details with this metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata, ..self }
    }
}

impl Package {
    /// Makes a package from its parts.
    #[must_use]
    pub fn from_parts(name: PackageName, details: Details) -> Self {
        Self { name, details }
    }

    /// Makes a package without tags and metadata.
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

    /// Appends the representation as compact JSON. The result is the same as that of `serde_json`,
    /// but this is faster.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let Details { short_desc, tags, metadata } = &self.details;
        // A name has no character that JSON would escape.
        out.extend_from_slice(b"{\"name\":\"");
        out.extend_from_slice(self.name.as_str().as_bytes());
        out.extend_from_slice(b"\",\"short_desc\":");
        write_json_string(short_desc.as_str(), out);
        if !tags.is_empty() {
            out.extend_from_slice(b",\"tags\":");
            // Serialising strings into memory cannot fail.
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
