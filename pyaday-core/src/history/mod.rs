//! The history of a catalogue: what was written, when, by whom, and what was there before.
//!
//! A [`Change`] is one write of a store. The store logs a [`LoggedChange`] in the same transaction
//! in which it makes the write. All answers about the past are derived from the log and the current
//! packages:
//!
//! - The log has, for each version of a package that was replaced or removed, the revision of the
//!   write that did it. The version of a package at a revision is the first one that was replaced
//!   after this revision, if it existed by then. If no version was replaced after it, the current
//!   version is the one, if it existed by then. Otherwise there was no package of this name.
//! - A log may begin later than its store, and a store may remove its oldest changes. So a log has
//!   a beginning: a revision after which it has every change. It can answer for each moment since
//!   then, and says [`NoHistory::Forgotten`] for an earlier one.
//!
//! Opening a day is a write and has a revision, but it is not a change: a day that was shown stays
//! as it is.

mod change;
mod kind;
mod logged;
mod names;
mod note;
mod past;
mod query;
mod retention;

pub use change::Change;
pub use kind::ChangeKind;
pub use logged::{ChangeDetails, ChangedPackage, ChangedPin, LoggedChange};
pub use names::LoggedNames;
pub use note::ChangeNote;
pub use past::{NoHistory, Past};
pub use query::{ChangeOrder, ChangePage, ChangeQuery, ChangeScan};
pub use retention::Retention;
