//! What a row says of a package.

use pyaday_core::{Details, InvalidPackage, MergePatch, Metadata, Package, Tag};

/// What a row says of a package, which may be less than all of it.
#[derive(Clone, Debug)]
pub struct Given {
    package: Package,
    says: Says,
    has_summary: bool,
}

#[derive(Clone, Debug)]
enum Says {
    /// All that is not empty in the package: an empty cell of a table says nothing.
    WhatIsNotEmpty,
    /// The members of a JSON object.
    Members(MergePatch),
}

impl Given {
    /// A row of a table, where an empty cell says nothing.
    pub(super) fn by_cells(package: Package, has_summary: bool) -> Self {
        Self { package, says: Says::WhatIsNotEmpty, has_summary }
    }

    /// A JSON object, as a patch. It may lack a summary, which is empty in `package` then.
    pub(super) fn by_members(package: Package, patch: MergePatch, has_summary: bool) -> Self {
        Self { package, says: Says::Members(patch), has_summary }
    }

    /// The package, with what the row does not say left empty.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// The same, without what is needed to merge it.
    #[must_use]
    pub fn into_package(self) -> Package {
        self.package
    }

    /// True if the row has all that a new package needs: a summary, which may be empty.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.has_summary
    }

    /// The length of the texts of the package, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let Package { name, details, .. } = &self.package;
        let tags: usize = details.tags.iter().map(Tag::as_str).map(str::len).sum();
        let short_desc = details.short_desc.as_str().len();
        name.as_str().len() + short_desc + tags + details.metadata.as_json().len()
    }

    /// The details of an existing package with those that the row gives in their place. What the row
    /// does not say stays, and metadata are merged member by member
    /// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)).
    ///
    /// # Errors
    /// What is wrong with the details that come out: for example, the metadata of both together are
    /// too long.
    pub fn merge_into(&self, existing: &Package) -> Result<Details, String> {
        match &self.says {
            Says::WhatIsNotEmpty => merge_cells(&self.package.details, existing),
            Says::Members(patch) => patch
                .apply(existing)
                .map(|package| package.details)
                .map_err(|error: InvalidPackage| error.to_string()),
        }
    }
}

fn merge_cells(given: &Details, existing: &Package) -> Result<Details, String> {
    let mut details = existing.details.clone();
    if !given.short_desc.as_str().is_empty() {
        details.short_desc = given.short_desc.clone();
    }
    if !given.tags.is_empty() {
        details.tags = given.tags.clone();
    }
    if !given.metadata.is_empty() {
        let mut members = details.metadata.to_map();
        members.extend(given.metadata.to_map());
        details.metadata =
            Metadata::try_from(members).map_err(|fault| format!("the merged metadata {fault}"))?;
    }
    Ok(details)
}
