//! The catalogue: all packages at one moment, in memory, in the order of their names. [`Published`]
//! holds the newest one for readers.

mod batch;
mod block;
mod daily;
mod draft;
mod in_thread;
mod index;
mod indexing;
mod leaf;
mod log;
mod memory;
mod packing;
mod patience;
mod picker;
mod published;
mod read;
mod row_change;
mod separator;
mod snapshot;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use draft::Draft;
pub(crate) use in_thread::in_thread;
pub use memory::MemoryStore;
pub(crate) use patience::{Pace, pause};
pub use picker::Picker;
pub use published::Published;
pub use row_change::RowChange;
pub use snapshot::Catalogue;
