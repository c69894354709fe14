//! A package as a curator writes it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::error::{Errors, InvalidPackage};
use super::fields::FIELDS;
use super::invalid::InvalidValue;
use super::metadata::Metadata;
use super::name::PackageName;
use super::reading::Fields;
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
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Package {
    /// The name, in the spelling that was used when the package was created or last respelled.
    pub name: PackageName,
    /// All fields except the name.
    pub details: Details,
}

/// All fields of a package except its name. An update replaces all of them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Details {
    /// The short description, in one line.
    pub short_desc: ShortDesc,
    /// The tags that curators have given the package.
    pub tags: Tags,
    /// Core metadata, or other data that the host keeps.
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

    /// The names of the columns in which a store with tables keeps a package. Such a store has more columns
    /// of its own, for the normalised name and the revision.
    #[must_use]
    pub fn column_names() -> impl ExactSizeIterator<Item = &'static str> + Clone {
        COLUMN_NAMES.iter().copied()
    }

    /// The texts of the columns. A text never contains the character NUL.
    pub fn columns(&self) -> impl Iterator<Item = Cow<'_, str>> {
        [Cow::Borrowed(self.name.as_str())].into_iter().chain(self.details.columns())
    }

    /// Makes a package from the texts that [`columns`](Self::columns) returned earlier.
    ///
    /// # Errors
    /// A text is missing, or it is not the text of a valid field.
    pub fn restore<'a>(columns: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidValue> {
        let mut columns = columns.into_iter();
        let mut next = || columns.next().ok_or_else(|| InvalidValue::new("must not be missing"));
        let (name, mut details) = (next()?.parse()?, Details::default());
        for field in FIELDS {
            (field.restore)(next()?, &mut details)?;
        }
        Ok(Self { name, details })
    }

    /// Appends the representation as compact JSON. Nothing else in this crate writes a package.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        // A name has no character that JSON would escape.
        out.extend_from_slice(b"{\"name\":\"");
        out.extend_from_slice(self.name.as_str().as_bytes());
        out.push(b'"');
        for field in FIELDS {
            let before = out.len();
            out.extend_from_slice(b",\"");
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            let start = out.len();
            (field.write)(&self.details, out);
            if out.len() == start {
                out.truncate(before);
            }
        }
        out.push(b'}');
    }
}

/// The name, and the fields in the order of the representation.
const COLUMN_NAMES: [&str; FIELDS.len() + 1] = {
    let mut names = ["name"; FIELDS.len() + 1];
    let mut at = 0;
    while at < FIELDS.len() {
        names[at + 1] = FIELDS[at].name;
        at += 1;
    }
    names
};

impl Details {
    /// The texts of the columns in which a store with tables keeps these fields, in the order of
    /// [`Package::column_names`].
    pub fn columns(&self) -> impl Iterator<Item = Cow<'_, str>> {
        FIELDS.iter().map(|field| (field.text)(self))
    }
}

/// The result is the representation. This parses it again, so it is slower than
/// [`Stored::representation`](super::Stored::representation).
impl Serialize for Package {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::of(self).0.serialize(serializer)
    }
}
