//! Facts about the store for several machines, on real servers of the tests' own.

mod cluster;
mod database;
mod events;
mod failover;
mod histories;
mod locks;
mod node;
mod order;
mod pair;
mod partition;
mod programs;
mod proxy;
mod standby;
mod start;
pub(crate) mod stores;
mod traffic;
