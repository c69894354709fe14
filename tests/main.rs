//! The facts, by what they are about.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says that something does not hold by panicking"
)]

mod client;
mod conditions;
mod conformance;
mod corpus;
mod daily;
mod durability;
mod faults;
mod files;
mod golden;
mod histories;
mod homes;
mod http2;
mod layers;
mod links;
mod mounts;
mod names;
mod openapi;
mod options;
mod packages;
mod poem;
mod postgres;
mod races;

use pyaday_tests::tools;
