//! Writes that come faster than they are written.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use pyaday_core::{Package, PackageStore, StoreError, Write};
use pyaday_sqlite::SqliteStore;

use crate::support::files;

#[tokio::test]
async fn writes_beyond_the_queue_are_refused_and_all_others_written() {
    const WRITES: usize = 20_000;

    let path = files::fresh("queue");
    let store = SqliteStore::open(&path).unwrap();
    let mut begun = Vec::new();
    let mut refused = Vec::new();
    for number in 0..WRITES {
        let name = format!("p{number}");
        let mut write = Box::pin(store.create(Package::new(&name, "").unwrap(), Write::new()));
        // Beginning takes a fraction of what writing takes.
        match poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await {
            Poll::Pending => begun.push((name, write)),
            Poll::Ready(Err(StoreError::Unavailable { retry_after, .. })) => {
                assert_eq!(retry_after.as_secs(), 1);
                refused.push(name);
            }
            Poll::Ready(other) => panic!("{other:?}"),
        }
    }
    assert!(!refused.is_empty() && begun.len() >= 1024, "{} refused", refused.len());
    let mut names = Vec::new();
    for (name, write) in begun {
        pin!(write).await.unwrap();
        names.push(name);
    }
    drop(store);
    let catalogue = SqliteStore::open(&path).unwrap().catalogue();
    assert_eq!(catalogue.len(), names.len());
    assert!(names.iter().all(|name| catalogue.get(&name.parse().unwrap()).is_some()));
}
