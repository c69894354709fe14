//! PostgreSQL servers of a test's own, and waiting for what they do.

pub mod events;
pub mod node;
pub mod programs;

use std::time::Duration;

/// How long anything may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);
