//! What holds on every framework and every store: facts about the crates through their public
//! doors. The tests are in `main.rs` and its modules; the requests and answers in `golden/`.
//!
//! Here is what they share with other programs: what holds for any input at all, as functions of it,
//! for a fuzzer (`fuzz/`) to drive and for the tests to replay what it found worth keeping
//! (`corpus/`); what a process writes that is there to be killed (`scribe.rs`); PostgreSQL servers; and
//! what a test does that a machine has not all the tools for.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target says that something does not hold by panicking"
)]

pub mod journal;
pub mod numbers;
pub mod servers;
pub mod targets;
pub mod tools;
