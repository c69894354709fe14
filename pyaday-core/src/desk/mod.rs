//! The desk: pages for people.
//!
//! Everything here turns values into HTML. Nothing here reads a store or a request: the operations do
//! that. All texts go through the templates, which escape them.

mod asset;
mod changes;
mod day;
mod days;
mod difference;
mod edit;
mod facts;
mod frame;
#[cfg(feature = "import")]
mod import;
mod links;
mod package;
mod packages;
mod refusal;
mod text;
mod viewer;

pub(crate) use asset::Asset;
pub(crate) use changes::{ChangeDetailsPage, ChangesPage, Filters, Gone, PACKAGES_IN_LIST};
pub(crate) use day::DayPage;
pub(crate) use days::{DaysPage, Month};
pub(crate) use edit::MetadataForm;
pub(crate) use frame::{Frame, Section};
#[cfg(feature = "import")]
pub(crate) use import::import_page;
pub(crate) use links::Links;
pub(crate) use package::PackagePage;
pub(crate) use packages::PackagesPage;
pub(crate) use refusal::refusal;
pub(crate) use viewer::Viewer;
