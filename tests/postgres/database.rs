//! Databases for tests that need only a database. All of them are in one server.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::node::Node;
use crate::support::tools::{Tool, are_there, postgres_of};

/// The servers. They end with the process.
static SERVER: LazyLock<Node> = LazyLock::new(|| Node::start("shared"));
static NEWEST: LazyLock<Node> =
    LazyLock::new(|| Node::start_of(&postgres_of(NEWEST_VERSION).unwrap(), "newest"));

/// The newest version of PostgreSQL that the store is tested with.
pub(crate) const NEWEST_VERSION: u32 = 18;

/// A database that only one test uses.
pub(crate) struct Database {
    name: String,
    server: &'static Node,
}

impl Database {
    /// Returns `None` if PostgreSQL is missing, and reports that.
    pub(crate) fn new(test: &str) -> Option<Self> {
        are_there(test, &[Tool::Postgres]).then(|| Self::of(&SERVER))
    }

    /// A database in the newest version. Returns `None` if that is missing, and reports that.
    pub(crate) fn newest(test: &str) -> Option<Self> {
        are_there(test, &[Tool::PostgresOf(NEWEST_VERSION)]).then(|| Self::of(&NEWEST))
    }

    fn of(server: &'static Node) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);

        let name = format!("database_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        server.sql(&format!("CREATE DATABASE {name}")).unwrap();
        Self { name, server }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }
}
