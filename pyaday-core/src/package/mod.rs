//! The package type: its name, its fields and their rules, its JSON, and its versions.

mod cell;
mod error;
mod fields;
mod invalid;
mod json;
mod line;
mod merge_patch;
mod metadata;
mod name;
mod reading;
mod representation;
mod revision;
mod short_desc;
mod stored;
mod tag;

pub use error::{FieldError, InvalidPackage, PackageError};
pub use invalid::InvalidValue;
pub use json::MalformedJson;
pub use merge_patch::MergePatch;
pub use metadata::Metadata;
pub use name::{NormalizedName, PackageName};
pub use representation::{Details, Package};
pub use revision::Revision;
pub use short_desc::ShortDesc;
pub use stored::Stored;
pub use tag::{Tag, Tags};

pub(crate) use cell::needs_guard;
#[cfg(feature = "import")]
pub(crate) use cell::without_guard;
pub(crate) use error::{Errors, MAX_ERRORS};
pub(crate) use fields::{FIELDS, Field};
pub(crate) use line::check_line;
pub(crate) use name::{cmp_normal, is_spelling_of, normal_form};
pub(crate) use reading::{Fields, MISSING, string};
pub(crate) use stored::{description, render, spelling, write_items};
