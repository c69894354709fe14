//! A primary and a standby that confirms what the primary acknowledges.

use std::time::Instant;

use super::database::NEWEST_VERSION;
use super::events::until;
use super::node::{Node, USER};
use super::proxy::Proxy;
use crate::support::tools::{Tool, are_there, postgres_of};

/// Two servers. One of them is the primary.
pub(crate) struct Cluster {
    nodes: [Node; 2],
    primary: usize,
    /// When a server last became the primary.
    pub(crate) promoted: Instant,
}

impl Cluster {
    /// Returns `None` if PostgreSQL is missing, and reports that.
    pub(crate) fn start(test: &str) -> Option<Self> {
        are_there(test, &[Tool::Postgres]).then(|| Self::of(Node::start("one")))
    }

    /// The same, of the newest version of PostgreSQL.
    pub(crate) fn start_newest(test: &str) -> Option<Self> {
        are_there(test, &[Tool::PostgresOf(NEWEST_VERSION)])
            .then(|| Self::of(Node::start_of(&postgres_of(NEWEST_VERSION).unwrap(), "one")))
    }

    fn of(primary: Node) -> Self {
        let standby = Node::follow("two", &primary);
        let cluster = Self { nodes: [primary, standby], primary: 0, promoted: Instant::now() };
        cluster.synchronize();
        cluster
    }

    pub(crate) fn primary(&self) -> &Node {
        &self.nodes[self.primary]
    }

    pub(crate) fn standby(&self) -> &Node {
        &self.nodes[1 - self.primary]
    }

    /// The primary and the standby.
    fn both(&mut self) -> (&Node, &mut Node) {
        let [first, second] = &mut self.nodes;
        if self.primary == 0 { (first, second) } else { (second, first) }
    }

    /// The URL with both servers. A client with it connects to the primary.
    pub(crate) fn url(&self) -> String {
        url(self.nodes.each_ref().map(Node::port))
    }

    /// A separate network for one client to both servers.
    pub(crate) fn network(&self) -> Network {
        Network(self.nodes.each_ref().map(|node| (node.port(), Proxy::to(node.port()))))
    }

    /// From now on the primary acknowledges only what the standby has. The standby also has all earlier writes.
    pub(crate) fn synchronize(&self) {
        let standby = self.standby().name();
        self.set(&format!("synchronous_standby_names = '{standby}'"));
        until("the standby is synchronous", || {
            self.primary_has("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")
        });
        // After a checkpoint, all processes of the server use the new setting.
        self.primary().sql("CHECKPOINT").unwrap();
        let written = self.primary().sql("SELECT pg_current_wal_lsn()").unwrap();
        until("the standby has everything", || {
            let flushed = format!("flush_lsn >= '{written}'");
            self.primary_has(&format!("SELECT FROM pg_stat_replication WHERE {flushed}"))
        });
    }

    /// From now on the primary acknowledges writes that the standby does not have.
    pub(crate) fn desynchronize(&self) {
        self.set("synchronous_standby_names = ''");
    }

    fn set(&self, setting: &str) {
        set(self.primary(), setting);
    }

    fn primary_has(&self, rows: &str) -> Option<()> {
        let found = self.primary().sql(&format!("SELECT count(*) FROM ({rows}) AS found"));
        (found.unwrap() != "0").then_some(())
    }

    /// Kills the primary, and makes the standby the primary, without a standby.
    pub(crate) fn fail_over(&mut self) {
        self.nodes[self.primary].kill();
        self.promote();
    }

    /// Kills the primary, and makes a server the primary that was stopped earlier.
    pub(crate) fn fail_over_to_what_there_was(&mut self) {
        self.nodes[self.primary].kill();
        self.nodes[1 - self.primary].run();
        self.promote();
    }

    /// Makes the standby the primary, whatever happened to the old primary.
    pub(crate) fn promote(&mut self) {
        self.primary = 1 - self.primary;
        // The new primary has no standby to wait for.
        self.desynchronize();
        self.promoted = Instant::now();
        self.primary().promote();
    }

    /// Switches the roles of primary and standby, as an administrator does.
    pub(crate) fn switch_over(&mut self) {
        self.nodes[self.primary].stop();
        self.promote();
        let (primary, standby) = self.both();
        standby.follow_with_data(primary);
        standby.run();
        self.synchronize();
    }

    /// Starts the killed server again, as a standby with a new copy of all data.
    pub(crate) fn rejoin(&mut self) {
        let (primary, standby) = self.both();
        standby.copy(primary);
        standby.run();
        self.synchronize();
    }

    /// The same, if a server may be missing.
    pub(crate) fn repair(&mut self) {
        if !self.standby().is_running() {
            self.rejoin();
        }
    }

    /// Stops the standby: no server confirms writes.
    pub(crate) fn lose_standby(&mut self) {
        self.nodes[1 - self.primary].kill();
    }

    /// Starts the standby again with the data that it had.
    pub(crate) fn find_standby(&mut self) {
        self.nodes[1 - self.primary].run();
        self.synchronize();
    }

    pub(crate) fn restart_primary(&mut self) {
        let primary = &mut self.nodes[self.primary];
        primary.stop();
        self.promoted = Instant::now();
        primary.run();
        self.synchronize();
    }
}

/// The network between a client and the servers.
pub(crate) struct Network([(u16, Proxy); 2]);

impl Network {
    pub(crate) fn url(&self) -> String {
        url(self.0.each_ref().map(|(_, proxy)| proxy.port()))
    }

    /// The network between the client and one of the servers.
    pub(crate) fn to(&self, node: &Node) -> &Proxy {
        let (_, proxy) = self.0.iter().find(|(port, _)| *port == node.port()).unwrap();
        proxy
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Proxy> {
        self.0.iter().map(|(_, proxy)| proxy)
    }
}

/// Changes a setting of a running server.
fn set(node: &Node, setting: &str) {
    node.sql(&format!("ALTER SYSTEM SET {setting}")).unwrap();
    node.sql("SELECT pg_reload_conf()").unwrap();
}

/// The URL with servers on these ports. A client with it connects to the primary.
fn url(ports: [u16; 2]) -> String {
    let hosts = ports.map(|port| format!("127.0.0.1:{port}")).join(",");
    format!("postgres://{USER}@{hosts}/postgres?target_session_attrs=read-write")
}

#[test]
fn a_standby_has_every_acknowledged_write_of_its_primary() {
    let Some(mut cluster) = Cluster::start("failover") else { return };
    let write = |cluster: &Cluster, value| {
        let row = format!("INSERT INTO kept VALUES ({value})");
        cluster.primary().sql(&row).unwrap();
    };
    let rows = |cluster: &Cluster| cluster.primary().sql("SELECT count(*) FROM kept").unwrap();
    cluster.primary().sql("CREATE TABLE kept (value integer)").unwrap();
    write(&cluster, 1);
    cluster.fail_over();
    assert_eq!(rows(&cluster), "1");
    write(&cluster, 2);
    cluster.rejoin();
    write(&cluster, 3);
    cluster.switch_over();
    assert_eq!(rows(&cluster), "3");
    cluster.lose_standby();
    cluster.find_standby();
    write(&cluster, 4);
    cluster.restart_primary();
    cluster.fail_over();
    assert_eq!(rows(&cluster), "4");
}
