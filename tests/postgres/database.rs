//! Databases for tests that need nothing more, all in one server.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::node::Node;
use crate::support::tools::{Tool, are_there};

/// The server, which ends with the process.
static SERVER: LazyLock<Node> = LazyLock::new(|| Node::start("shared"));

/// A database that a test has for itself.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// Nothing if PostgreSQL is missing, after saying so.
    pub(crate) fn new(test: &str) -> Option<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);

        if !are_there(test, &[Tool::Postgres]) {
            return None;
        }
        let name = format!("database_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        SERVER.sql(&format!("CREATE DATABASE {name}")).unwrap();
        Some(Self { name })
    }

    pub(crate) fn url(&self) -> String {
        SERVER.url(&self.name)
    }
}
