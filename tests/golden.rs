//! The golden list of `pyaday_core::conformance::http` is answered by the core alone, axum, actix-web
//! and poem, under every prefix, and from every store.

use pyaday_core::conformance::http::{self, PREFIXES};
use pyaday_core::{Api, MemoryStore, Options, PackageStore};
use pyaday_postgres::Reads;
use pyaday_sqlite::SqliteStore;

use crate::poem::Poem;
use crate::postgres::stores::Stores;
use crate::support::files;
use crate::support::homes::{Actix, Axum, Core, Home, Steps};

/// The revision of a store before its first write.
pub(crate) const REVISION: u64 = http::REVISION.get();

#[test]
fn the_core_alone_answers_the_golden_list() {
    http::run::<Core>();
}

#[test]
fn the_steps_one_by_one_answer_the_golden_list() {
    http::run::<Steps>();
}

#[test]
fn axum_answers_the_golden_list() {
    http::run::<Axum>();
}

#[test]
fn actix_answers_the_golden_list() {
    http::run::<Actix>();
}

#[test]
fn poem_answers_the_golden_list() {
    http::run::<Poem>();
}

#[test]
fn the_core_alone_answers_the_golden_list_from_a_file() {
    answers_the_list_from::<Core, _>(&sqlite);
}

#[test]
fn axum_answers_the_golden_list_from_a_file() {
    answers_the_list_from::<Axum, _>(&sqlite);
}

#[test]
fn actix_answers_the_golden_list_from_a_file() {
    answers_the_list_from::<Actix, _>(&sqlite);
}

#[test]
fn the_core_alone_answers_the_golden_list_from_a_database() {
    let Some(stores) = Stores::new("the golden list", Reads::Followed) else { return };
    answers_the_list_from::<Core, _>(&|| stores.numbered_from_one());
}

#[test]
fn the_core_alone_answers_the_golden_list_with_the_latest_of_a_database() {
    let Some(stores) = Stores::new("the golden list with the latest", Reads::Latest) else {
        return;
    };
    answers_the_list_from::<Core, _>(&|| stores.numbered_from_one());
}

#[test]
fn axum_answers_the_golden_list_from_a_database() {
    let Some(stores) = Stores::new("the golden list on axum", Reads::Followed) else { return };
    answers_the_list_from::<Axum, _>(&|| stores.numbered_from_one());
}

#[test]
fn actix_answers_the_golden_list_from_a_database() {
    let Some(stores) = Stores::new("the golden list on actix-web", Reads::Followed) else { return };
    answers_the_list_from::<Actix, _>(&|| stores.numbered_from_one());
}

/// The control: an empty list, or one that is not compared, would pass.
#[test]
fn a_wrong_golden_answer_is_detected() {
    let mut scenarios = http::scenarios();
    let exchanges: usize = scenarios.iter().map(|scenario| scenario.exchanges.len()).sum();
    assert!(exchanges >= 200, "{exchanges} exchanges");
    let mut scenario = scenarios.swap_remove(0);
    scenario.exchanges[0].response.push_str("< x-unexpected: yes\n");
    assert!(!scenario.differences::<Core, _>(memory(), PREFIXES[0]).is_empty());
}

pub(crate) fn memory() -> MemoryStore {
    MemoryStore::after(http::REVISION)
}

/// The catalogue with which each scenario begins, in memory and without options.
pub(crate) fn three_packages() -> Api<impl PackageStore> {
    http::three_packages(memory(), Options::new())
}

fn sqlite() -> SqliteStore {
    let path = files::fresh("golden");
    drop(SqliteStore::open(&path).unwrap());
    // As if it had been written when the clock was far ahead.
    let connection = rusqlite::Connection::open(&path).unwrap();
    let checksum = crc32fast::hash(format!("0\0{REVISION}").as_bytes());
    let insert =
        "INSERT OR REPLACE INTO catalogue (id, packages, revision, checksum) VALUES (1, 0, ?1, ?2)";
    connection.execute(insert, (REVISION as i64, checksum)).unwrap();
    drop(connection);
    SqliteStore::open(&path).unwrap()
}

/// The whole list from a store on a disk or in a database. One prefix is enough: no store learns of it,
/// and a new file or schema for each scenario is what takes most of the time.
fn answers_the_list_from<H: Home, S: PackageStore>(store: &(dyn Fn() -> S + Sync)) {
    let differences = http::differences::<H, S>(store, PREFIXES[2]);
    assert!(differences.is_empty(), "{differences}");
}
