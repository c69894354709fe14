//! A file with damage anywhere in it.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use pyaday_core::daily::{Daily, Pinned};
use pyaday_core::{Date, Package, PackageStore, Query, StoreId, Stored, Write};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;
use pyaday_tests::workload::{anchors, operation};
use rusqlite::Connection;

use crate::support::files;
use crate::support::tools::cycles;

/// How long a page of the database is, in bytes.
const PAGE: usize = 4096;

#[tokio::test]
async fn a_damaged_file_is_refused_or_has_everything_that_was_written() {
    let (sound, content) = sound_file().await;
    let path = files::fresh("damaged");
    let (mut refused, mut harmless) = (0, 0);
    for number in 0..cycles(2_000) {
        let mut bytes = sound.clone();
        let done = damage(&mut bytes, &mut Numbers::new(number));
        files::remove(&path);
        fs::write(&path, &bytes).unwrap();
        let Ok(store) = SqliteStore::open(&path) else {
            refused += 1;
            continue;
        };
        harmless += 1;
        assert_eq!(everything(&store).await, content, "{number}: {done}");
        // Damage in a part that is not read does not destroy anything later.
        let more = Package::new("more", &"x".repeat(512)).unwrap();
        let written = store.create(more, Write::new()).await;
        drop(store);
        if written.is_ok() {
            let store = SqliteStore::open(&path).unwrap();
            store.delete(&"more".parse().unwrap(), Write::new()).await.unwrap();
            assert_eq!(everything(&store).await, content, "{number}: {done}");
        }
    }
    assert!(refused > 100 && harmless > 10, "{refused} refused, {harmless} harmless");
}

/// The control: SQLite itself detects less.
#[tokio::test]
async fn without_checksums_a_damaged_file_has_other_packages() {
    let (sound, content) = sound_file().await;
    let path = files::fresh("unchecked");
    let found = (0..2_000).any(|number| {
        let mut bytes = sound.clone();
        damage(&mut bytes, &mut Numbers::new(number));
        files::remove(&path);
        fs::write(&path, &bytes).unwrap();
        descriptions(&path).is_ok_and(|read| {
            let written = content.packages.iter().map(|stored| stored.package().details.short_desc);
            !read.into_iter().eq(written.map(|short_desc| short_desc.to_string()))
        })
    });
    assert!(found);
}

fn descriptions(path: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = Connection::open(path)?;
    let sql = "SELECT short_desc FROM package ORDER BY normalized_name";
    connection.prepare(sql)?.query_map((), |row| row.get(0))?.collect()
}

/// The bytes of a closed file and what is in it.
async fn sound_file() -> (Vec<u8>, Content) {
    let path = files::fresh("sound");
    let store = SqliteStore::open(&path).unwrap();
    store.create_many(anchors().collect(), Write::new()).await.unwrap();
    for writer in 0..12 {
        for step in 0..12 {
            operation(writer, step).write(&store).await.unwrap();
        }
    }
    let content = everything(&store).await;
    assert!(content.packages.len() > 40 && content.days.len() > 5 && content.pins.len() > 5);
    drop(store);
    (fs::read(&path).unwrap(), content)
}

/// What a store has.
#[derive(Debug, PartialEq)]
struct Content {
    id: StoreId,
    packages: Vec<Stored>,
    days: Vec<Daily>,
    pins: Vec<Pinned>,
}

async fn everything(store: &SqliteStore) -> Content {
    let catalogue = store.catalogue();
    Content {
        id: store.id().await.unwrap(),
        packages: catalogue.list(&Query::new(NonZeroUsize::MAX)).items,
        days: catalogue.recent_daily(Date::MAX, NonZeroUsize::MAX),
        pins: catalogue.pins(Date::MIN, NonZeroUsize::MAX),
    }
}

/// Damages a file in one of the ways in which files are damaged; which.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) -> String {
    let at = numbers.place(bytes.len());
    let pages = bytes.len() / PAGE;
    let (from, to) = (numbers.place(pages) * PAGE, numbers.place(pages) * PAGE);
    match numbers.below(8) {
        0 => {
            bytes[at] ^= 1 << numbers.below(8);
            format!("a bit of byte {at}")
        }
        1 => {
            bytes[at] = numbers.below(256) as u8;
            format!("byte {at}")
        }
        // The header and the heads of pages, of which there is little.
        2 => {
            bytes[at % 100] = numbers.below(256) as u8;
            format!("byte {} of the header", at % 100)
        }
        3 => {
            bytes[to + at % 16] = numbers.below(256) as u8;
            format!("byte {} of the page at {to}", at % 16)
        }
        4 => {
            let end = (at + 1 + numbers.place(PAGE)).min(bytes.len());
            bytes[at..end].fill(0);
            format!("zeroes from {at} to {end}")
        }
        5 => {
            bytes.copy_within(from..from + PAGE, to);
            format!("the page at {from} over that at {to}")
        }
        6 => {
            for byte in &mut bytes[to..to + PAGE] {
                *byte = numbers.below(256) as u8;
            }
            format!("noise in the page at {to}")
        }
        _ => {
            bytes.truncate(at.max(1));
            format!("an end at {at}")
        }
    }
}
