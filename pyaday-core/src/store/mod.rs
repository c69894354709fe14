//! The trait of a store, and the types of its arguments and results.

mod actor;
mod batch;
mod error;
mod id;
mod list;
mod package_store;
mod result;
mod seed;
mod selected;
mod shared;
mod swaps;
mod write;

pub use actor::Actor;
pub use batch::{Batch, Batched, Conflict, PackageSwap};
pub use error::StoreError;
pub use id::StoreId;
pub use list::{Page, Position, Query, Sort};
pub use package_store::PackageStore;
pub use result::{Create, Delete, Update};
pub use seed::Seed;
pub use selected::Selected;
pub use write::{Replacement, Write};
