//! What a catalogue asks of the place where its packages are kept, and the words of the answers.

mod error;
mod id;
mod list;
mod package_store;
mod result;
mod seed;
mod shared;
mod write;

pub use error::StoreError;
pub use id::StoreId;
pub use list::{Page, Query};
pub use package_store::PackageStore;
pub use result::{Create, Delete, Update};
pub use seed::Seed;
pub use write::{Replacement, Write};
