//! Facts about the store for several machines, on real servers of the tests' own.

mod cluster;
mod database;
mod events;
mod failover;
mod node;
mod programs;
mod proxy;
pub(crate) mod stores;
mod traffic;
