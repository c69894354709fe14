//! Databases for tests that need only a database. All of them are in one server.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::node::Node;
use crate::support::tools::{Tool, are_there};

/// The server. It ends with the process.
static SERVER: LazyLock<Node> = LazyLock::new(|| Node::start("shared"));

/// A database that only one test uses.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// Returns `None` if PostgreSQL is missing, and reports that.
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
