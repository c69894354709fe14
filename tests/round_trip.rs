//! An export that is imported into an empty store is exported again as the same bytes, in whatever kind of
//! store, and whatever the packages have in them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use pyaday_core::{Api, MemoryStore, Package, PackageStore, Write, export_packages};
use pyaday_examples::{OnExisting, Source, import};
use pyaday_postgres::Reads;
use pyaday_sqlite::SqliteStore;
use serde_json::{Map, Number, Value, json};

use crate::postgres::stores::Stores;
use crate::support::files;

/// The formats of an export.
const FORMATS: [&str; 2] = ["ndjson", "csv"];

/// Packages with what the contract allows and others may take for something else.
const ODD: [&str; 24] = [
    r#"{"name":"Zope.Interface","short_desc":"=HYPERLINK(\"https://example.org\",\"a\")"}"#,
    r#"{"name":"A_b-C.d","short_desc":"+1","tags":["0","a-"]}"#,
    r#"{"name":"minus","short_desc":"-v","metadata":{"":""}}"#,
    r#"{"name":"at","short_desc":"@SUM(A1)"}"#,
    r#"{"name":"apostrophe","short_desc":"'=1"}"#,
    r#"{"name":"two-apostrophes","short_desc":"''"}"#,
    r#"{"name":"one-apostrophe","short_desc":"'"}"#,
    r#"{"name":"quoted","short_desc":"\"a\",\"b\"; 'c'\\"}"#,
    r#"{"name":"spaces","short_desc":"  a  "}"#,
    r#"{"name":"a-space","short_desc":" "}"#,
    r#"{"name":"null","short_desc":"null"}"#,
    r#"{"name":"TRUE","short_desc":"TRUE","metadata":{"a":null,"b":true}}"#,
    r#"{"name":"1e5","short_desc":"1e5"}"#,
    r#"{"name":"0001","short_desc":"0001","tags":["0001","1e5","null"]}"#,
    r#"{"name":"json","short_desc":"{\"a\":1}","metadata":{"a":"{\"b\":2}"}}"#,
    r#"{"name":"marks","short_desc":"\ufeffa\u00ad\u200d👩‍👩‍👧"}"#,
    r#"{"name":"order","short_desc":"","metadata":{"z":1,"a":{"y":2,"b":3},"Z":[{"d":4,"c":5}]}}"#,
    r#"{"name":"controls","short_desc":"","metadata":{"a":"\u0000\u0001\t\r\n\u001b\u007f\u2028","\u0000":1,"\n":2}}"#,
    r#"{"name":"numbers","short_desc":"","metadata":{"a":[18446744073709551615,-9223372036854775808,0.1,1e308,5e-324,-0.0,1.0,1e16]}}"#,
    r#"{"name":"rounded","short_desc":"","metadata":{"a":[123456789012345678901234567890,0.30000000000000004000]}}"#,
    r#"{"name":"columns","short_desc":"","metadata":{"name":"x","short_desc":"y","summary":"z","tags":["t"],"metadata":{"metadata":{}}}}"#,
    r#"{"name":"formulas","short_desc":"","metadata":{"=a":"=b","+":"-","@":"'="}}"#,
    r#"{"name":"items","short_desc":"","metadata":{"items":[],"info":{},"next":null}}"#,
    r#"{"name":"separators","short_desc":"a\u00a0b;c|d,e","tags":["a","b"]}"#,
];

fn odd_packages() -> Vec<Package> {
    ODD.iter().map(|text| Package::from_json(text.as_bytes()).unwrap()).collect()
}

/// Any JSON value that metadata may have.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| Number::from_f64(it).map_or(Value::Null, Value::Number)),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let members = vec((texts(), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Any text, often with characters that a format treats in a special way.
fn texts() -> impl Strategy<Value = String> {
    const SPECIAL: &str = "=+-@'\",;|\t\r\n\\ \u{0}\u{7f}\u{feff}{}[]:#é";

    let special = select(SPECIAL.chars().collect::<Vec<_>>());
    vec(prop_oneof![3 => special, 2 => any::<char>()], 0..12).prop_map(String::from_iter)
}

/// Any package whose fields the contract allows.
fn packages() -> impl Strategy<Value = Package> {
    let names = "[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?";
    let tags = vec("[a-z0-9][a-z0-9-]{0,39}", 0..5);
    let metadata = vec((texts(), values()), 0..5).prop_map(Map::from_iter);
    (names, texts(), tags, metadata).prop_filter_map(
        "is allowed",
        |(name, text, tags, metadata)| {
            // What a description may not have is left out. Metadata has it.
            let is_allowed = |c: &char| {
                !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            let short_desc: String = text.chars().filter(is_allowed).collect();
            let package = json!({
                "name": name, "short_desc": short_desc, "tags": tags, "metadata": metadata,
            });
            Package::from_json(package.to_string().as_bytes()).ok()
        },
    )
}

/// Generated catalogues. They are the same in every run. Each has the odd packages too, and no name twice.
fn catalogues(count: usize) -> Vec<Vec<Package>> {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let catalogue = |_| {
        let generated = vec(packages(), 1..100).new_tree(&mut runner).unwrap().current();
        let all = odd_packages().into_iter().chain(generated);
        let by_name: BTreeMap<_, _> = all.map(|it| (it.name.normalized(), it)).collect();
        by_name.into_values().collect()
    };
    (0..count).map(catalogue).collect()
}

/// All packages of a store, in each format.
async fn exports<S: PackageStore>(store: S) -> [Bytes; 2] {
    let api = Api::new(store);
    let mut exports = [Bytes::new(), Bytes::new()];
    for (export, format) in exports.iter_mut().zip(FORMATS) {
        let request = http::Request::get(format!("/export?format={format}"));
        let request = request.body(Full::<Bytes>::default()).unwrap();
        let response = export_packages(&api, request).await;
        assert_eq!(response.status(), 200);
        *export = response.into_body().collect().await.unwrap().to_bytes();
    }
    exports
}

/// Imports a file into an empty store, which is then exported.
async fn imported<S: PackageStore>(store: S, file: Bytes, packages: usize) -> [Bytes; 2] {
    let source = Source::new("the export", Cursor::new(file));
    let summary = import(&store, source, OnExisting::Error).await.unwrap();
    assert_eq!((summary.added, summary.refused), (packages as u64, 0), "{summary}");
    exports(store).await
}

/// Exports catalogues and imports both formats into empty stores. All exports must be the same, so neither
/// format loses anything.
async fn returns_as_it_was<S: PackageStore>(count: usize, mut empty: impl FnMut() -> S) {
    for packages in catalogues(count) {
        let store = MemoryStore::new();
        store.create_many(packages.clone(), Write::new()).await.unwrap();
        let first = exports(store).await;
        for file in first.clone() {
            let second = imported(empty(), file, packages.len()).await;
            for (first, second) in first.iter().zip(&second) {
                let (first, second) = [first, second].map(|it| String::from_utf8_lossy(it)).into();
                let differing = first.lines().zip(second.lines()).find(|(one, other)| one != other);
                assert_eq!(differing, None);
                assert!(first == second);
            }
        }
    }
}

#[tokio::test]
async fn exports_of_generated_catalogues_return_as_they_were_in_memory() {
    returns_as_it_was(40, MemoryStore::new).await;
}

#[tokio::test]
async fn exports_of_generated_catalogues_return_as_they_were_in_files() {
    let mut next = 0;
    let empty = || {
        next += 1;
        SqliteStore::open(files::fresh(&format!("round-trip-{next}"))).unwrap()
    };
    returns_as_it_was(8, empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_generated_catalogues_return_as_they_were_in_databases() {
    let stores = tokio::task::spawn_blocking(|| Stores::new("round trips", Reads::Followed));
    let Some(stores) = stores.await.unwrap() else { return };
    let empty = || tokio::task::block_in_place(|| stores.numbered_from_one());
    returns_as_it_was(4, empty).await;
}

/// The controls: the catalogues have what a format could lose, and a loss is detected.
#[tokio::test]
async fn what_a_format_could_lose_is_in_the_catalogues_and_its_loss_is_detected() {
    for packages in catalogues(4) {
        let store = MemoryStore::new();
        store.create_many(packages.clone(), Write::new()).await.unwrap();
        let [ndjson, csv] = exports(store).await;
        let count = packages.len();
        let text = String::from_utf8(csv.to_vec()).unwrap();
        // A spreadsheet that saves the guarded cells as it shows them.
        let unguarded = text.replace(",'=", ",=").replace(",\"'=", ",\"=").replace(",''", ",'");
        // A program that sorts the keys of objects.
        let sort = |line: &str| sorted(&serde_json::from_str(line).unwrap()).to_string() + "\n";
        let sorted: String = std::str::from_utf8(&ndjson).unwrap().lines().map(sort).collect();
        for changed in [unguarded.into(), Bytes::from(sorted)] {
            let [second, _] = imported(MemoryStore::new(), changed, count).await;
            assert!(second != ndjson);
        }
    }
}

/// The same value with the keys of all objects in their order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            Value::from_iter(members.into_iter().map(|(key, value)| (key.clone(), sorted(value))))
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// The statements that the README shows, and the columns that it names, on a file that a store has closed.
#[tokio::test]
async fn other_programs_find_the_columns_that_the_readme_names() {
    const README: &str = include_str!("../README.md");

    let path = files::fresh("columns");
    let store = SqliteStore::open(&path).unwrap();
    store.create_many(odd_packages(), Write::new()).await.unwrap();
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    let section = README.split("### Looking into the SQLite file").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let statements =
        section.lines().filter_map(|line| line.strip_prefix("sqlite3 -readonly pyaday.db \""));
    let rows = |statement: &str| {
        let mut statement = file.prepare(statement).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let results: Vec<_> = statements.map(|it| rows(it.strip_suffix('"').unwrap())).collect();
    let tags = results[0].iter().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(tags, BTreeSet::from(["0", "0001", "1e5", "a", "a-", "b", "null"]));
    assert_eq!(results[1], [""]);
    let tables: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(tables.len(), 6);
    for line in tables {
        let cells: Vec<_> = line.split('|').collect();
        let columns = cells[3].split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ");
        let table = cells[1].trim().trim_matches('`');
        file.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
    }
}
