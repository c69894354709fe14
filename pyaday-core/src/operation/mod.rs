//! The operations. Each has a file of its own, with its facts and its three steps. The other files
//! hold what the operations share.
//!
//! A new operation needs a new file and three lines: its module and its function here, and its row
//! in [`table`].

mod changes;
mod command;
mod costly;
mod days;
mod export;
mod feed;
mod guarded;
mod operate;
#[cfg(feature = "desk")]
mod pages;
mod pipeline;
mod steps;
mod table;
mod terms;
mod watch;

mod change_packages;
mod create_package;
mod delete_package;
mod export_packages;
#[cfg(feature = "import")]
mod import_packages;
mod list_changes;
mod list_packages;
mod list_pins;
mod patch_package;
mod pin_day;
mod read_atom_feed;
mod read_change;
mod read_day;
mod read_json_feed;
mod read_openapi;
mod read_package;
mod read_pin;
mod read_random_package;
mod read_today;
#[cfg(feature = "desk")]
mod show_asset;
#[cfg(feature = "desk")]
mod show_change;
#[cfg(feature = "desk")]
mod show_changes;
#[cfg(feature = "desk")]
mod show_day;
#[cfg(feature = "desk")]
mod show_days;
#[cfg(all(feature = "desk", feature = "import"))]
mod show_import;
#[cfg(feature = "desk")]
mod show_package;
#[cfg(feature = "desk")]
mod show_packages;
mod undo_change;
mod unpin_day;
mod update_package;

pub use command::{Command, Outcome};
pub use steps::{DecodedHead, decode_body, decode_head, encode, execute, respond};

pub(crate) use change_packages::MAX_PACKAGES;
pub use change_packages::change_packages;
pub use create_package::create_package;
pub use delete_package::delete_package;
pub use export_packages::export_packages;
#[cfg(feature = "import")]
pub use import_packages::import_packages;
pub use list_changes::list_changes;
pub use list_packages::list_packages;
pub use list_pins::list_pins;
pub use patch_package::patch_package;
pub use pin_day::pin_day;
pub use read_atom_feed::read_atom_feed;
pub use read_change::read_change;
pub use read_day::read_day;
pub use read_json_feed::read_json_feed;
pub use read_openapi::read_openapi;
pub use read_package::read_package;
pub use read_pin::read_pin;
pub use read_random_package::read_random_package;
pub use read_today::read_today;
#[cfg(feature = "desk")]
pub use show_asset::show_asset;
#[cfg(feature = "desk")]
pub use show_change::show_change;
#[cfg(feature = "desk")]
pub use show_changes::show_changes;
#[cfg(feature = "desk")]
pub use show_day::show_day;
#[cfg(feature = "desk")]
pub use show_days::show_days;
#[cfg(all(feature = "desk", feature = "import"))]
pub use show_import::show_import;
#[cfg(feature = "desk")]
pub use show_package::show_package;
#[cfg(feature = "desk")]
pub use show_packages::show_packages;
pub use undo_change::undo_change;
pub use unpin_day::unpin_day;
pub use update_package::update_package;
