//! The helpers that the tests share with other programs.
//!
//! - [`targets`]: what holds for any input, as functions of the input. A fuzzer calls them (`fuzz/`),
//!   and the tests call them with the inputs that are kept in `corpus/`.
//! - [`workload`]: the writes of the process that the durability tests kill (`test_writer.rs`).
//! - [`numbers`]: random numbers that are the same in every run.
//! - [`servers`]: PostgreSQL servers.
//! - [`tools`]: programs that a test needs and that a machine may not have.
//!
//! The helpers of the tests alone are in `mod.rs`. The tests are in `main.rs` and its modules. The
//! golden list of requests and answers is in `pyaday_core::conformance::http`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target says that something does not hold by panicking"
)]

pub mod numbers;
pub mod servers;
pub mod targets;
pub mod tools;
pub mod workload;
