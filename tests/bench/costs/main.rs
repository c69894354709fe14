//! What a call costs, where that is the same in every run: allocations and instructions. A change
//! that makes it dearer fails here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says that something does not hold by panicking"
)]

mod allocations;
mod instructions;
