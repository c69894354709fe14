//! A disk that has no space or no life left, while a store is open.

use std::fs;

use pyaday_core::{Create, Package, PackageStore, StoreError};
use pyaday_sqlite::SqliteStore;

use super::disk::{Disk, Kind};

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_space_and_reads_go_on() {
    let Some(disk) = Disk::new(&Kind::EXT4, "a full disk") else { return };
    let path = disk.mounted.join("catalogue.db");
    let store = SqliteStore::open(&path).unwrap();
    created(&store, "before").await.unwrap();
    let filler = disk.fill();

    let mut refused = None;
    // What is left in blocks that are begun takes a few.
    for number in 0..1000 {
        match created(&store, &format!("p{number}")).await {
            Ok(()) => {}
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
                refused = Some(format!("p{number}"));
                break;
            }
        }
    }
    let refused = refused.expect("the disk is full");
    assert!(is_there(&store, "before").await && !is_there(&store, &refused).await);
    // A write that changes nothing needs no space.
    created(&store, "before").await.unwrap();

    fs::remove_file(filler).unwrap();
    created(&store, "behind").await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    for (name, expected) in [("before", true), (&refused, false), ("behind", true)] {
        assert_eq!(is_there(&store, name).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_disk_that_fails_refuses_writes_and_reads_go_on_until_it_is_opened_anew() {
    for kind in [Kind::EXT4, Kind::XFS] {
        let Some(disk) = Disk::new(&kind, "a failing disk") else { return };
        let path = disk.mounted.join("catalogue.db");
        let store = SqliteStore::open(&path).unwrap();
        created(&store, "before").await.unwrap();
        disk.cut();
        // The first may be one that nobody knows of; behind it nothing is written.
        for number in 0..10 {
            match created(&store, &format!("p{number}")).await.unwrap_err() {
                StoreError::Unavailable { .. } => {}
                StoreError::OutcomeUnknown { .. } if number == 0 => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(is_there(&store, "before").await && !is_there(&store, "p0").await);
        drop(store);

        disk.mount_again();
        let store = SqliteStore::open(&path).unwrap();
        assert!(is_there(&store, "before").await);
        created(&store, "behind").await.unwrap();
    }
}

/// Creates a package, or finds that it is there.
async fn created(store: &SqliteStore, name: &str) -> Result<(), StoreError> {
    let package = Package::new(name, &"x".repeat(500)).unwrap();
    match store.create(package).await? {
        Create::Created(_) | Create::Exists(_) => Ok(()),
    }
}

async fn is_there(store: &SqliteStore, name: &str) -> bool {
    store.read(&name.parse().unwrap()).await.unwrap().is_some()
}
