//! A fact about the task that nobody outside of the crate can bring about at will.

use pyaday_core::{Create, NormalizedName, Package, PackageStore, Write};
use pyaday_tests::servers::node::Node as Server;
use pyaday_tests::tools::{Tool, are_there};
use tokio_postgres::NoTls;

use super::*;
use crate::{PostgresOptions, PostgresStore};

/// The notification about the write of another process may arrive together with a write of this process.
/// If the own write fails before it has followed, the other write must still be shown.
#[tokio::test]
async fn a_write_that_fails_before_it_has_followed_does_not_use_up_a_notification() {
    if !are_there("a notification beside a write", &[Tool::Postgres]) {
        return;
    }
    let server = Server::start("notified");
    let url = server.url("postgres");
    let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).build().unwrap();
    let schema = Arc::new(Schema::new("pyaday").unwrap());
    let (queue, shared) = (Arc::new(Queue::default()), Arc::new(Shared::new()));
    let hour = Duration::from_secs(3_600);
    let mut node = Node::new(pool.clone(), schema, hour, Arc::clone(&queue), Arc::clone(&shared));
    node.follow().await.unwrap();

    let other = PostgresStore::connect(&url, PostgresOptions::new()).await.unwrap();
    other.create(Package::new("flask", "").unwrap(), Write::new()).await.unwrap();
    let locker = pool.get().await.unwrap();
    locker.batch_execute("BEGIN; SELECT FROM pyaday.head FOR UPDATE").await.unwrap();
    let (sender, mut outcome) = futures_channel::oneshot::channel::<Result<Create, StoreError>>();
    let operation =
        |draft: &mut Draft| draft.create(Package::new("django", "").unwrap(), &Write::new());
    let write = Pending { size: Size::ROW, operation, outcome: None, sender };
    queue.push(Box::new(write)).unwrap();

    node.work().await;
    assert!(matches!(outcome.try_recv(), Ok(Some(Err(StoreError::Unavailable { .. })))));
    let flask: NormalizedName = "flask".parse().unwrap();
    assert!(shared.read(|it| it.get(&flask)).unwrap().is_some());
}
