//! The facts, by what they are about.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says that something does not hold by panicking"
)]

mod access;
mod bulk;
mod concurrent_requests;
mod conditions;
mod conformance;
mod daily;
mod desk;
mod durability;
mod export;
mod fuzz_inputs;
mod golden;
mod history;
mod imports;
mod linearizability;
mod links;
mod middleware;
mod mounts;
mod names;
mod openapi;
mod options;
mod packages;
mod poem;
mod postgres;
mod round_trip;
mod search;
mod store_failures;
mod support;
mod watch;
