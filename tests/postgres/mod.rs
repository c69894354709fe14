//! Facts about the PostgreSQL store, on real servers that the tests start.

mod as_one;
mod cluster;
mod database;
mod deadlines;
mod failing;
mod failover;
mod first_import;
mod following;
mod histories;
mod history;
mod locks;
mod lost_history;
mod order;
mod pair;
mod partition;
mod proxy;
mod setting_up;
mod standby;
pub(crate) mod stores;
mod tls;
mod traffic;

use pyaday_tests::servers::{PATIENCE, events, node};
