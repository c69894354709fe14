//! Facts about the SQLite store under faults: it keeps every write that it acknowledged.
//!
//! A process writes, and prints what it begins and what is acknowledged. A verifier reads these lines
//! and compares them with what the file has after the fault. A write that was acknowledged must be
//! there, and one that was refused must not. One that was not answered is there as a whole or not at
//! all. Each fault has a control: the same fault with writes that are acknowledged too early or not
//! really synchronised, which the verifier must detect.

mod crash_points;
mod damage;
mod failing_disk;
mod kill;
mod log_damage;
mod long_trim;
mod moved;
mod opening;
mod power_cut;
mod queue;
mod statements;
