//! Facts about the example servers and a database whose first import was not finished.

use std::future::pending;
use std::net::TcpListener;
use std::path::Path;
use std::{fs, io};

use pyaday_core::{Api, PackageStore};
use pyaday_examples::{Arguments, Error, Framework, OnExisting, Prefix, run_until};
use pyaday_postgres::Reads;

use super::stores::{RUNTIME, Stores};
use crate::support::files;

/// A framework that ends as soon as it should serve.
struct Nobody;

impl Framework for Nobody {
    async fn serve<S: PackageStore>(
        _: TcpListener,
        _: &Prefix,
        _: Api<S>,
        _: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        Ok(())
    }
}

/// Starts a server that ends at the moment when it would listen.
fn start(stores: &Stores, import: Option<&Path>) -> Result<(), Error> {
    let options = Arguments {
        bind: "127.0.0.1:0".to_owned(),
        prefix: "/".to_owned(),
        public_url: None,
        store: stores.url().parse().unwrap(),
        import: import.map(Path::to_owned),
        on_existing: OnExisting::Skip,
    };
    RUNTIME.block_on(run_until::<Nobody>(&options, pending()))
}

fn packages(stores: &Stores) -> i32 {
    let count = "SELECT count(*)::integer FROM pyaday.package";
    RUNTIME.block_on(stores.client().query_one(count, &[])).unwrap().get(0)
}

fn is_marked(stores: &Stores) -> bool {
    let sql = "SELECT to_regclass('pyaday.unfinished_import') IS NOT NULL";
    RUNTIME.block_on(stores.client().query_one(sql, &[])).unwrap().get(0)
}

const WHOLE: &str = r#"[{"name":"a","summary":""},{"name":"b","summary":""}]"#;

#[test]
fn a_part_of_a_first_import_is_not_served_until_the_rest_is_there() {
    let Some(stores) = Stores::new("a first import", Reads::Followed) else { return };
    let path = files::fresh("first-import");
    fs::write(&path, &WHOLE[..30]).unwrap();
    let error = start(&stores, Some(&path)).unwrap_err();
    assert!(matches!(error, Error::BrokenOff { .. }), "{error}");
    assert_eq!((packages(&stores), is_marked(&stores)), (1, true));

    let expected = "the first import into PostgreSQL was not finished, so packages are missing: start \
                    the server with `--import` and the same file to add the rest, or drop the table \
                    pyaday.unfinished_import to serve what is there";
    assert_eq!(start(&stores, None).unwrap_err().to_string(), expected);
    fs::write(&path, "name,summary\n").unwrap();
    let error = start(&stores, Some(&path)).unwrap_err();
    assert!(matches!(error, Error::NothingAdded { .. }), "{error}");
    assert_eq!(start(&stores, None).unwrap_err().to_string(), expected);

    fs::write(&path, WHOLE).unwrap();
    start(&stores, Some(&path)).unwrap();
    assert_eq!((packages(&stores), is_marked(&stores)), (2, false));
    start(&stores, None).unwrap();
    assert_eq!(packages(&stores), 2);
}

#[test]
fn a_part_of_a_first_import_is_served_once_the_mark_is_dropped() {
    let Some(stores) = Stores::new("a dropped mark", Reads::Followed) else { return };
    let path = files::fresh("dropped-mark");
    fs::write(&path, &WHOLE[..30]).unwrap();
    start(&stores, Some(&path)).unwrap_err();
    stores.execute("DROP TABLE pyaday.unfinished_import");
    start(&stores, None).unwrap();
    assert_eq!(packages(&stores), 1);
}

#[test]
fn a_first_import_that_wrote_nothing_leaves_a_new_catalogue() {
    let Some(stores) = Stores::new("an import of nothing", Reads::Followed) else { return };
    let path = files::fresh("nothing-imported");
    for text in ["name,version\n", "name,summary\n", "name,summary\n!,\n"] {
        fs::write(&path, text).unwrap();
        start(&stores, Some(&path)).unwrap_err();
        assert!(!is_marked(&stores), "{text}");
    }
    start(&stores, None).unwrap();
    assert_eq!(packages(&stores), 3);
}

/// The control: a catalogue that already had packages.
#[test]
fn a_later_import_that_fails_leaves_no_mark() {
    let Some(stores) = Stores::new("a later import", Reads::Followed) else { return };
    start(&stores, None).unwrap();
    let path = files::fresh("later-import");
    fs::write(&path, &WHOLE[..30]).unwrap();
    start(&stores, Some(&path)).unwrap_err();
    assert_eq!((packages(&stores), is_marked(&stores)), (4, false));
    start(&stores, None).unwrap();
}
