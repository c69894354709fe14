//! What a row says of a package.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::package::{Details, InvalidPackage, MergePatch, Package, Tag};

/// What a row says of a package, which may be less than all of it.
///
/// A clone shares the package and does not copy it.
#[derive(Clone, Debug)]
pub struct Given {
    package: Arc<Package>,
    summary: Summary,
    /// True if the package has these tags and no others, according to the row.
    has_tags: bool,
    /// The whole row as a patch, if it removes members. Few rows do.
    patch: Option<Box<MergePatch>>,
}

/// What a row says about the summary.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Summary {
    /// Nothing, so the row cannot be a new package.
    Missing,
    /// Its cell in a table is empty. A new package has an empty summary then. An existing one keeps
    /// the summary that it has.
    Empty,
    Given,
}

impl Given {
    /// A row of a table. An empty cell says nothing.
    pub(super) fn by_cells(package: Package, has_summary_column: bool) -> Self {
        let summary = match (has_summary_column, package.details.short_desc.as_str()) {
            (false, _) => Summary::Missing,
            (true, "") => Summary::Empty,
            (true, _) => Summary::Given,
        };
        let has_tags = !package.details.tags.is_empty();
        Self { package: Arc::new(package), summary, has_tags, patch: None }
    }

    /// An object whose members say this about a package.
    pub(super) fn by_members(package: Package, said: Said) -> Self {
        let Said { has_summary, has_tags, patch } = said;
        let summary = if has_summary { Summary::Given } else { Summary::Missing };
        Self { package: Arc::new(package), summary, has_tags, patch }
    }

    /// The package. What the row does not say is empty.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// The same, to share it.
    pub(in crate::import) fn shared(&self) -> &Arc<Package> {
        &self.package
    }

    /// The same, to change it.
    pub(in crate::import) fn shared_mut(&mut self) -> &mut Arc<Package> {
        &mut self.package
    }

    /// Returns the [package](Self::package) alone.
    #[must_use]
    pub fn into_package(self) -> Package {
        Arc::unwrap_or_clone(self.package)
    }

    /// True if the row has all that a new package needs: a summary, which may be empty.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.summary != Summary::Missing
    }

    /// The length of the texts of the package, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let Package { name, details } = &*self.package;
        let Details { short_desc, tags, metadata } = details;
        let tags: usize = tags.iter().map(Tag::as_str).map(str::len).sum();
        name.as_str().len() + short_desc.as_str().len() + tags + metadata.as_json().len()
    }

    /// Returns an existing package with what the row says in its place, as a JSON Merge Patch ([RFC
    /// 7396](https://www.rfc-editor.org/rfc/rfc7396)) does it. What the row does not say stays, and
    /// so does the spelling of the name.
    ///
    /// # Errors
    /// The faults of the package that would result. For example, the metadata of both together may
    /// be too long.
    pub fn merge_into(&self, existing: &Package) -> Result<Package, InvalidPackage> {
        let merged = match &self.patch {
            Some(patch) => patch.apply(existing)?,
            None => self.additions().apply(existing)?,
        };
        Ok(Package { name: existing.name.clone(), ..merged })
    }

    /// What the row says, as a patch.
    fn additions(&self) -> MergePatch {
        let mut members = Map::new();
        let Details { short_desc, tags, metadata } = &self.package.details;
        if self.summary == Summary::Given {
            members.insert("short_desc".to_owned(), short_desc.as_str().into());
        }
        if self.has_tags {
            members.insert("tags".to_owned(), tags.iter().map(Tag::as_str).collect());
        }
        if !metadata.is_empty() {
            members.insert("metadata".to_owned(), metadata.to_map().into());
        }
        MergePatch::of_members(members)
    }
}

/// What the members of an object say about a package, besides the package itself.
pub(super) struct Said {
    has_summary: bool,
    has_tags: bool,
    patch: Option<Box<MergePatch>>,
}

impl Said {
    /// The members have the names of those of a representation. A member that is `null` removes
    /// what an existing package has.
    pub(super) fn by(members: &Map<String, Value>) -> Self {
        let removes = members.values().any(has_null);
        Self {
            has_summary: members.contains_key("short_desc"),
            has_tags: members.contains_key("tags"),
            patch: removes.then(|| Box::new(MergePatch::of_members(members.clone()))),
        }
    }
}

/// True if a value is `null` or an object that has `null` in it. A `null` in an array removes
/// nothing.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}
