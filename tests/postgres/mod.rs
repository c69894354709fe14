//! Facts about the store for several machines, on real servers of the tests' own.

mod cluster;
mod database;
mod events;
mod failing;
mod following;
mod node;
mod programs;
mod proxy;
mod setting_up;
pub(crate) mod stores;

use std::time::Duration;

/// How long anything may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
