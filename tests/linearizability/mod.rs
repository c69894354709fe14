//! What clients were told, and whether a store that does one thing after another could have told it.

mod brute_force;
mod by_hand;
mod checker;
mod model;
mod recorder;
mod stores;

pub(crate) use model::{Answer, Call};
pub(crate) use recorder::{History, Plan, Subject, record};
