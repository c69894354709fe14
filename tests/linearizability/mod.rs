//! Linearizability: the answers that concurrent clients got must be those of some order of their calls,
//! one after another, in which no call comes before one that ended before it began.

mod brute_force;
mod by_hand;
mod checker;
mod model;
mod recorder;
mod stores;

pub(crate) use model::{Answer, Call};
pub(crate) use recorder::{History, Plan, Subject, record};
