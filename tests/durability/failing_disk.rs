//! A disk that is full or fails while a store is open.

use std::fs;
use std::time::UNIX_EPOCH;

use pyaday_core::daily::{Pin, Unpin};
use pyaday_core::{
    Create, Date, Delete, Package, PackageStore, Replacement, Retention, Revision, StoreError,
    Update, Write,
};
use pyaday_sqlite::SqliteStore;

use crate::support::disk::{Disk, Kind};

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_space_and_serves_reads() {
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
    created(&store, "after").await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    for (name, expected) in [("before", true), (&refused, false), ("after", true)] {
        assert_eq!(is_there(&store, name).await, expected, "{name}");
    }
}

/// A write that was refused because the disk is full makes room for the next ones: the pages of earlier
/// writes are moved out of the log.
#[tokio::test]
async fn a_full_disk_admits_changes_that_fit_into_the_log() {
    const CHANGES: usize = 300;

    let Some(disk) = Disk::new(&Kind::EXT4, "a full log") else { return };
    let path = disk.mounted.join("catalogue.db");
    let open = || {
        let store = SqliteStore::open(&path).unwrap();
        store.keep_changes(Retention::all().at_most(1))
    };
    let store = open();
    created(&store, "flask").await.unwrap();
    // The database gets all the pages that it will need.
    for number in 0..CHANGES {
        changed(&store, "flask", number).await.unwrap();
    }
    drop(store);

    let store = open();
    for number in 0..CHANGES / 3 {
        changed(&store, "flask", number).await.unwrap();
    }
    disk.fill();
    let mut refused = 0;
    for number in 0..CHANGES {
        match changed(&store, "flask", CHANGES + number).await {
            Ok(()) => {}
            Err(StoreError::Unavailable { .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    // The control: the disk was full.
    assert!(refused > 0);
    assert!(refused < CHANGES / 10, "{refused} of {CHANGES} were refused");
}

#[tokio::test]
async fn a_failed_disk_refuses_writes_until_the_file_is_reopened_and_serves_reads() {
    for kind in [Kind::EXT4, Kind::XFS] {
        let Some(disk) = Disk::new(&kind, "a failing disk") else { return };
        let path = disk.mounted.join("catalogue.db");
        let store = SqliteStore::open(&path).unwrap();
        created(&store, "before").await.unwrap();
        pinned(&store).await.unwrap();
        disk.cut();
        // The outcome of the first may be unknown. After it nothing is written.
        for number in 0..10 {
            match created(&store, &format!("p{number}")).await.unwrap_err() {
                StoreError::Unavailable { .. } => {}
                StoreError::OutcomeUnknown { .. } if number == 0 => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(is_there(&store, "before").await && !is_there(&store, "p0").await);
        nothing_to_write_is_answered(&store).await;
        drop(store);

        disk.mount_again();
        let store = SqliteStore::open(&path).unwrap();
        assert!(is_there(&store, "before").await);
        created(&store, "after").await.unwrap();
    }
}

/// Changes a package that exists.
async fn changed(store: &SqliteStore, name: &str, number: usize) -> Result<(), StoreError> {
    let details = Package::new(name, &number.to_string()).unwrap().details;
    let name = name.parse().unwrap();
    match store.update(&name, Replacement::new(details), Write::new()).await? {
        Update::Updated(_) => Ok(()),
        other => panic!("{other:?}"),
    }
}

/// Creates a package, or finds that it is there.
async fn created(store: &SqliteStore, name: &str) -> Result<(), StoreError> {
    let package = Package::new(name, &"x".repeat(500)).unwrap();
    match store.create(package, Write::new()).await? {
        Create::Created(_) | Create::Exists(_) => Ok(()),
        stale @ Create::Stale(_) => panic!("{stale:?}"),
    }
}

/// Pins the package `before`, and opens a day, which shows it.
async fn pinned(store: &SqliteStore) -> Result<Pin, StoreError> {
    store.open_daily(Date::MIN..=Date::MIN, UNIX_EPOCH).await?;
    store.pin_daily(Date::MAX, Date::MIN, &"before".parse().unwrap(), Write::new()).await
}

/// Every write that has nothing to write is answered as if the disk were sound.
async fn nothing_to_write_is_answered(store: &SqliteStore) {
    let (before, absent) = ("before".parse().unwrap(), "absent".parse().unwrap());
    let stored = store.read(&before).await.unwrap().unwrap();
    let same = || Replacement::from(stored.package());
    let (any, stale) = (Write::new, || Write::new().if_revision(Revision::new(1)));
    let tomorrow = Date::MIN.plus_days(1);

    let created = store.create(stored.package(), any()).await.unwrap();
    assert_eq!(created, Create::Exists(stored.clone()));
    let created = store.create(Package::new("absent", "").unwrap(), stale()).await.unwrap();
    assert!(matches!(created, Create::Stale(_)), "{created:?}");
    let created = store.create_many(vec![stored.package()], Write::new()).await.unwrap();
    assert_eq!(created, [Create::Exists(stored.clone())]);

    let updated = store.update(&before, same(), any()).await.unwrap();
    assert_eq!(updated, Update::Unchanged(stored.clone()));
    let updated = store.update(&before, same(), stale()).await.unwrap();
    assert_eq!(updated, Update::Stale(stored.clone()));
    assert_eq!(store.update(&absent, same(), any()).await.unwrap(), Update::Absent);

    assert_eq!(store.delete(&before, stale()).await.unwrap(), Delete::Stale(stored.clone()));
    assert_eq!(store.delete(&absent, any()).await.unwrap(), Delete::Absent);

    let pinned = pinned(store).await.unwrap();
    assert!(matches!(pinned, Pin::Unchanged(_)), "{pinned:?}");
    let pinned = store.pin_daily(Date::MAX, Date::MIN, &before, stale()).await.unwrap();
    assert!(matches!(pinned, Pin::Stale(Some(_))), "{pinned:?}");
    let pin = |date, name| store.pin_daily(date, Date::MIN, name, any());
    assert_eq!(pin(tomorrow, &absent).await.unwrap(), Pin::Absent);
    assert_eq!(pin(Date::MIN, &before).await.unwrap(), Pin::Fixed);

    let unpin = |date, write| store.unpin_daily(date, Date::MIN, write);
    let unpinned = unpin(Date::MAX, stale()).await.unwrap();
    assert!(matches!(unpinned, Unpin::Stale(_)), "{unpinned:?}");
    assert_eq!(unpin(tomorrow, any()).await.unwrap(), Unpin::NotPinned);
    assert_eq!(unpin(Date::MIN, any()).await.unwrap(), Unpin::Fixed);

    let days = store.open_daily(Date::MIN..=Date::MIN, UNIX_EPOCH).await.unwrap();
    assert_eq!(days.len(), 1);
    // The control: what is to be written is refused.
    let refused = store.open_daily(Date::MIN..=tomorrow, UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
}

async fn is_there(store: &SqliteStore, name: &str) -> bool {
    store.read(&name.parse().unwrap()).await.unwrap().is_some()
}
