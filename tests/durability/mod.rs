//! What is acknowledged is kept: facts about the SQLite store under faults.
//!
//! A scribe writes and says what it begins and what is acknowledged; a witness hears that and
//! compares it with what the file holds behind the fault. What was acknowledged must be there, what
//! was refused must not, what was in between is there or not, as a whole. Each fault has a control:
//! the same with writes that are acknowledged or synchronised in pretence only, which the witness
//! must find out.

mod crash_points;
mod damage;
mod failing_disk;
mod kill;
mod opening;
mod power_cut;
mod queue;
mod statements;
