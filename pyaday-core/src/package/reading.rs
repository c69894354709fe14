//! Reads a package from the members of a JSON object.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::{Errors, InvalidPackage, PackageError};
use super::fields::FIELDS;
use super::invalid::InvalidValue;
use super::json;
use super::name::PackageName;
use super::representation::{Details, Package};
use super::tag::Tags;

impl Package {
    /// Reads a representation: a JSON object with `name`, `short_desc` and, optionally, `tags` and
    /// `metadata`.
    ///
    /// # Errors
    /// The place where the text is not strict JSON, or all faults of the fields together.
    pub fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        Ok(Fields::from_json(text)?.into_package()?)
    }
}

impl Details {
    /// Reads the body of an update: a representation whose `name` is optional.
    ///
    /// # Errors
    /// The same as for [`Package::from_json`].
    pub(crate) fn from_json(text: &[u8]) -> Result<(Option<PackageName>, Self), PackageError> {
        Ok(Fields::from_json(text)?.complete(NameIs::Optional)?)
    }
}

/// The members of a representation, not checked yet.
pub(crate) struct Fields(pub(crate) Map<String, Value>);

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum NameIs {
    Required,
    Optional,
}

pub(crate) const MISSING: &str = "is required";

impl Fields {
    pub(crate) fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        match json::parse(text)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(InvalidPackage::one("", "must be an object").into()),
        }
    }

    /// The members of this package's representation.
    pub(crate) fn of(package: &Package) -> Self {
        let mut text = Vec::new();
        package.write_json(&mut text);
        Self::of_representation(&text)
    }

    /// The members of a representation that this crate has written. No fault is expected in it.
    pub(crate) fn of_representation(text: &[u8]) -> Self {
        Self(serde_json::from_slice(text).unwrap_or_default())
    }

    /// The package with these members.
    pub(crate) fn into_package(self) -> Result<Package, InvalidPackage> {
        let (name, details) = self.complete(NameIs::Required)?;
        match name {
            Some(name) => Ok(Package { name, details }),
            None => Err(InvalidPackage::one("/name", MISSING)),
        }
    }

    /// Checks every member, so that one response reports all faults.
    pub(crate) fn complete(
        mut self,
        name_is: NameIs,
    ) -> Result<(Option<PackageName>, Details), InvalidPackage> {
        let mut errors = Errors::default();
        let name = match self.0.shift_remove("name") {
            None if name_is == NameIs::Optional => None,
            value => errors.name(value),
        };
        let mut details = Details::default();
        for field in FIELDS {
            match self.0.shift_remove(field.name) {
                Some(value) => (field.read)(value, &mut details, &mut errors),
                None if field.is_required => errors.push(format!("/{}", field.name), MISSING),
                None => {}
            }
        }
        errors.unknown("", &self.0, "is not a member of a package");
        match errors.is_empty() {
            true => Ok((name, details)),
            false => Err(errors.into_invalid()),
        }
    }
}

pub(crate) fn string(value: Value) -> Result<String, InvalidValue> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(InvalidValue::new("must be a string")),
    }
}

impl Errors {
    /// Reads the name, which is required.
    pub(crate) fn name(&mut self, value: Option<Value>) -> Option<PackageName> {
        let name = value.ok_or_else(|| InvalidValue::new(MISSING)).and_then(string);
        self.take("/name", name.and_then(|name| name.parse()))
    }

    /// Reads the tags from the JSON array at `place`. Each fault gets the pointer of its own element.
    pub(crate) fn tags(&mut self, place: &str, value: Value) -> Tags {
        let Value::Array(items) = value else {
            self.push(place.to_owned(), "must be an array of strings");
            return Tags::default();
        };
        if items.len() > Tags::MAX {
            // The faults of the single tags are not added: the response would be many times as long
            // as the body.
            self.push(place.to_owned(), Tags::too_many().into_rule());
            return Tags::default();
        }
        let mut tags = BTreeSet::new();
        for (at, item) in items.into_iter().enumerate() {
            let tag = string(item).and_then(|text| text.parse());
            tags.extend(self.take(&format!("{place}/{at}"), tag));
        }
        Tags(tags.into_iter().collect())
    }
}
