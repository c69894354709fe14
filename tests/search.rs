//! Searches over real packages: what people look for is found where they expect it.

use std::fs;
use std::io::{self, Write as _};

use http_body_util::BodyExt as _;
use pyaday_core::{Api, MemoryStore, Options, Package, PackageStore, Write, list_packages};
use serde_json::{Map, Value, json};

use self::golden::{GOLDEN, MISTAKES};

mod golden;

/// About 500 packages of PyPI: those that the queries should find, those that look like them, and
/// the ones that are used most.
const PACKAGES: &str = include_str!("search/packages.tsv");
/// Names a file like [`PACKAGES`], with all packages of PyPI.
const LIST: &str = "PYADAY_LIST";

#[tokio::test]
async fn what_people_look_for_is_found_among_500_packages() {
    assert_eq!(faults(PACKAGES).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_people_look_for_is_found_in_the_whole_list() {
    let Some(path) = std::env::var_os(LIST) else {
        let skipped =
            format!("skipped: the searches in the whole list need a file of packages in {LIST}\n");
        // Not by `eprint!`, whose output the test harness captures.
        io::stderr().write_all(skipped.as_bytes()).unwrap();
        return;
    };
    assert_eq!(faults(&fs::read_to_string(path).unwrap()).await, Vec::<String>::new());
}

/// The control: without the ranks and import names, the search cannot find what people look for.
#[tokio::test]
async fn ranks_and_import_names_are_needed() {
    let bare = PACKAGES.replacen("rank", "other", 1).replacen("import_name", "another", 1);
    let faults = faults(&bare).await;
    for query in ["`pil`", "`cv2`", "`web framework`", "`sklearn`"] {
        assert!(faults.iter().any(|fault| fault.contains(query)), "{query}: {faults:?}");
    }
}

/// What is not found where it should be.
async fn faults(list: &str) -> Vec<String> {
    let store = MemoryStore::new();
    store.create_many(packages(list).collect(), Write::new()).await.unwrap();
    let api = Api::with_options(store, Options::new());
    let mut faults = Vec::new();
    for (query, expected) in GOLDEN {
        let page = search(&api, query).await;
        let items = page["items"].as_array().unwrap();
        for (name, most) in *expected {
            let position = items.iter().position(|item| item["name"] == *name);
            if position.is_none_or(|position| position >= *most) {
                let names: Vec<_> = items.iter().take(10).map(|item| &item["name"]).collect();
                faults.push(format!("`{query}`: {name} at {position:?} among {names:?}"));
            }
        }
    }
    for (query, meant) in MISTAKES {
        let names = search(&api, query).await["did_you_mean"].take();
        if !names.as_array().is_some_and(|names| names.contains(&json!(meant))) {
            faults.push(format!("`{query}` suggests {names} and not {meant}"));
        }
    }
    faults
}

/// The first page of a search, as a client reads it.
async fn search(api: &Api<MemoryStore>, query: &str) -> Value {
    let target = format!("/packages?q={}&limit=20", query.replace(' ', "+"));
    let request = http::Request::get(target).body(String::new()).unwrap();
    let response = list_packages(api, request).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// The packages of a table with the columns `name`, `rank`, `import_name` and `summary`.
fn packages(list: &str) -> impl Iterator<Item = Package> {
    let mut lines = list.lines();
    let header: Vec<_> = lines.next().unwrap().split('\t').collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let columns = ["name", "summary", "rank", "import_name"].map(column);
    lines.filter_map(move |line| {
        let fields: Vec<_> = line.split('\t').collect();
        let [name, summary, rank, import_name] =
            columns.map(|at| at.and_then(|at| fields.get(at).copied()).unwrap_or_default());
        let mut metadata = Map::new();
        if let Ok(rank) = rank.parse::<u64>() {
            metadata.insert("rank".to_owned(), rank.into());
        }
        if !import_name.is_empty() {
            let names = import_name.split(' ').map(Value::from).collect();
            metadata.insert("import_name".to_owned(), names);
        }
        let representation = json!({"name": name, "short_desc": summary, "metadata": metadata});
        // The catalogue does not accept a few summaries.
        Package::from_json(representation.to_string().as_bytes()).ok()
    })
}
