//! Facts about the store for several machines, on real servers of the tests' own.

mod as_one;
mod cluster;
mod database;
mod deadlines;
mod events;
mod failing;
mod failover;
mod first_import;
mod following;
mod histories;
mod locks;
mod lost_history;
mod node;
mod order;
mod pair;
mod partition;
mod programs;
mod proxy;
mod setting_up;
mod standby;
pub(crate) mod stores;
mod traffic;

use std::time::Duration;

/// How long anything may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
