//! Facts about the example servers and a database whose first import was not finished.

use std::future::pending;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io, thread};

use pyaday_core::{Api, PackageStore, StoreError};
use pyaday_examples::{
    AccessRules, AdminOptions, Arguments, Error, Framework, LogOptions, OnExisting, Prefix, Signal,
    run_until,
};
use pyaday_postgres::Reads;
use tokio::time::{sleep, timeout};

use super::events::until;
use super::proxy::Proxy;
use super::stores::{RUNTIME, Stores};
use crate::support::files;

/// A framework that ends as soon as it should serve.
struct Nobody;

impl Framework for Nobody {
    async fn serve<S: PackageStore>(
        _: TcpListener,
        _: &Prefix,
        _: Api<S>,
        _: &AccessRules,
        _: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        Ok(())
    }
}

tokio::task_local! {
    /// The network to the database.
    static NETWORK: Arc<Proxy>;
}

/// A framework that begins to serve while the database is away. It heals the network, and ends as soon as
/// a request is answered. The packages must be those of a whole import, or the first ones of a new store.
struct Early;

impl Framework for Early {
    async fn serve<S: PackageStore>(
        _: TcpListener,
        _: &Prefix,
        api: Api<S>,
        _: &AccessRules,
        _: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let names = ["b", "flask"].map(|name| name.parse().unwrap());
        let early = api.store().read(&names[0]).await;
        assert!(matches!(early, Err(StoreError::Unavailable { .. })), "{early:?}");
        NETWORK.with(|network| network.heal());
        while api.store().refresh().await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
        let mut is_there = false;
        for name in &names {
            is_there |= api.store().read(name).await.unwrap().is_some();
        }
        assert!(is_there);
        Ok(())
    }
}

fn options(url: &str, import: Option<&Path>) -> Arguments {
    Arguments {
        bind: "127.0.0.1:0".to_owned(),
        prefix: "/".to_owned(),
        public_url: None,
        store: url.parse().unwrap(),
        import: import.map(Path::to_owned).into_iter().collect(),
        on_existing: OnExisting::Skip,
        restore_deleted: false,
        export: None,
        export_format: None,
        token_file: None,
        read_token_file: None,
        open: false,
        read_only: false,
        hosts: Vec::new(),
        cors: Vec::new(),
        log: LogOptions::default(),
        admin: AdminOptions::default(),
    }
}

/// Starts a server that ends at the moment when it would listen.
fn start(stores: &Stores, import: Option<&Path>) -> Result<(), Error> {
    start_at(&stores.url(), import)
}

/// The same, for the database of a URL.
pub(super) fn start_at(url: &str, import: Option<&Path>) -> Result<(), Error> {
    RUNTIME.block_on(run_until::<Nobody>(&options(url, import), pending()))
}

/// Starts a server whose database comes as soon as the server answers requests.
fn start_early(stores: &Stores) -> Result<(), Error> {
    let (network, url) = stores.network();
    network.hold_all();
    let options = options(&url, None);
    let server = run_until::<Early>(&options, pending());
    RUNTIME.block_on(NETWORK.scope(Arc::new(network), server))
}

/// A named pipe to import from.
fn pipe(purpose: &str) -> PathBuf {
    let path = files::fresh(purpose);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Waits until a network has sprung its trap.
async fn until_heard(network: &Proxy) {
    while !network.has_heard() {
        sleep(Duration::from_millis(10)).await;
    }
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

#[test]
fn a_part_of_a_first_import_is_not_served_when_its_database_comes_late() {
    let Some(stores) = Stores::new("a late database", Reads::Followed) else { return };
    let path = files::fresh("late");
    fs::write(&path, &WHOLE[..30]).unwrap();
    start(&stores, Some(&path)).unwrap_err();
    let error = start_early(&stores).unwrap_err();
    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    // The control: the whole of it is served.
    fs::write(&path, WHOLE).unwrap();
    start(&stores, Some(&path)).unwrap();
    start_early(&stores).unwrap();
}

#[test]
fn a_new_database_that_comes_late_gets_the_first_packages() {
    let Some(stores) = Stores::new("a new late database", Reads::Followed) else { return };
    start_early(&stores).unwrap();
    assert_eq!((packages(&stores), is_marked(&stores)), (3, false));
}

/// An import that did not wait would have failed after four seconds.
#[test]
fn an_import_waits_for_its_database() {
    let Some(stores) = Stores::new("an import that waits", Reads::Followed) else { return };
    let path = files::fresh("waits");
    fs::write(&path, WHOLE).unwrap();
    let (network, url) = stores.network();
    // Each connection begins with the question whether the server has TLS.
    network.count(b"\x04\xd2\x16\x2f");
    network.hold_all();
    RUNTIME.block_on(async {
        let options = options(&url, Some(&path));
        let mut server = Box::pin(run_until::<Nobody>(&options, pending()));
        let heal = async {
            while network.counted() < 8 {
                sleep(Duration::from_millis(10)).await;
            }
            network.heal();
        };
        tokio::select! {
            ended = &mut server => panic!("{ended:?}"),
            () = heal => {}
        }
        server.await.unwrap();
    });
    assert_eq!((packages(&stores), is_marked(&stores)), (2, false));
}

/// One with an import and one without.
#[test]
fn other_servers_wait_until_the_first_import_has_ended() {
    let Some(stores) = Stores::new("servers that wait", Reads::Followed) else { return };
    let (source, path) = (pipe("importing"), files::fresh("waiting"));
    fs::write(&path, "name,summary\n").unwrap();
    thread::scope(|scope| {
        let importing = scope.spawn(|| start(&stores, Some(&source)));
        // It opens once the server has opened it too.
        let mut rest = fs::File::options().write(true).open(&source).unwrap();
        until("the mark is set", || is_marked(&stores).then_some(()));

        let waiting = [None, Some(path.as_path())].map(|import| {
            let (network, url) = stores.network();
            network.count(b"pg_try_advisory_lock");
            let server = scope.spawn(move || {
                RUNTIME.block_on(run_until::<Nobody>(&options(&url, import), pending()))
            });
            (network, server)
        });
        for (network, server) in &waiting {
            until("it has asked twice", || (network.counted() >= 2).then_some(()));
            assert!(!server.is_finished());
        }
        assert_eq!((packages(&stores), is_marked(&stores)), (0, true));

        rest.write_all(WHOLE.as_bytes()).unwrap();
        drop(rest);
        importing.join().unwrap().unwrap();
        for (_, server) in waiting {
            server.join().unwrap().unwrap();
        }
    });
    assert_eq!((packages(&stores), is_marked(&stores)), (2, false));
}

#[test]
fn a_first_import_that_loses_its_lock_takes_it_again_to_end() {
    let Some(stores) = Stores::new("a lost lock", Reads::Followed) else { return };
    let source = pipe("lost-lock");
    thread::scope(|scope| {
        let importing = scope.spawn(|| start(&stores, Some(&source)));
        let mut rest = fs::File::options().write(true).open(&source).unwrap();
        until("the mark is set", || is_marked(&stores).then_some(()));
        stores.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON oid = database \
             WHERE locktype = 'advisory' AND datname = current_database()",
        );
        // Without the lock, the mark alone keeps the part from being served.
        let error = start(&stores, None).unwrap_err();
        assert!(matches!(error, Error::Unfinished { .. }), "{error}");
        rest.write_all(WHOLE.as_bytes()).unwrap();
        drop(rest);
        importing.join().unwrap().unwrap();
    });
    assert_eq!((packages(&stores), is_marked(&stores)), (2, false));
}

#[test]
fn a_mark_stays_if_a_run_that_did_not_set_it_adds_nothing() {
    let Some(stores) = Stores::new("the mark of another", Reads::Followed) else { return };
    let path = files::fresh("another");
    fs::write(&path, "name,summary\n").unwrap();
    // This makes the tables, and takes its own mark away.
    start(&stores, Some(&path)).unwrap_err();
    assert!(!is_marked(&stores));
    stores.execute("CREATE TABLE pyaday.unfinished_import ()");
    start(&stores, Some(&path)).unwrap_err();
    let error = start(&stores, None).unwrap_err();
    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    assert_eq!((packages(&stores), is_marked(&stores)), (0, true));
}

/// How a server ends at some step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stopped,
    Killed,
}

/// What holds after a server has ended while it was sending a statement: how many packages there are, and
/// whether there is a mark.
fn after_end(stores: &Stores, statement: &'static [u8], arrives: bool, end: End) -> (i32, bool) {
    let path = files::fresh("ended");
    fs::write(&path, WHOLE).unwrap();
    let (network, url) = stores.network();
    if arrives {
        network.hold_answers_to(statement);
    } else {
        network.hold_all_from(statement);
    }
    let network = Arc::new(network);
    let heard = Arc::clone(&network);
    let stop = async move {
        until_heard(&heard).await;
        if end == End::Killed {
            pending::<()>().await;
        }
        Signal::Terminate
    };
    RUNTIME.block_on(async {
        let options = options(&url, Some(&path));
        let server = run_until::<Nobody>(&options, stop);
        let killed = async {
            if end == End::Stopped {
                pending::<()>().await;
            }
            until_heard(&network).await;
        };
        tokio::select! {
            ended = timeout(Duration::from_secs(30), server) => {
                let error = ended.unwrap().unwrap_err();
                assert!(matches!(error, Error::Stopped { .. }), "{error}");
            }
            () = killed => {}
        }
    });
    network.cut();
    drop(network);
    // A server that waits for the lock sees what the statement has done, if it arrived.
    let served = start(stores, None);
    let state = (packages(stores), is_marked(stores));
    match served {
        Ok(()) => assert!(!state.1),
        Err(error) => assert!(matches!(error, Error::Unfinished { .. }), "{error}"),
    }
    start(stores, Some(&path)).unwrap();
    assert!(!is_marked(stores));
    start(stores, None).unwrap();
    state
}

/// Three packages are those of a new store that is not to get an import.
#[test]
fn a_first_import_that_ends_at_any_step_is_begun_anew_or_refused_or_whole() {
    let mut cases = Vec::new();
    for (statement, lost, arrived) in [
        (&b"hashtextextended"[..], (3, false), (3, false)),
        (b"to_regclass", (3, false), (3, false)),
        (b"CREATE TABLE pyaday.unfinished_import", (3, false), (0, true)),
        (b"DROP TABLE IF EXISTS pyaday.unfinished_import", (2, true), (2, false)),
    ] {
        for end in [End::Stopped, End::Killed] {
            cases.extend([(statement, false, end, lost), (statement, true, end, arrived)]);
        }
    }
    thread::scope(|scope| {
        for (statement, arrives, end, expected) in cases {
            scope.spawn(move || {
                let Some(stores) = Stores::new("an end", Reads::Followed) else { return };
                let state = after_end(&stores, statement, arrives, end);
                let statement = String::from_utf8_lossy(statement);
                assert_eq!(state, expected, "{statement} {arrives} {end:?}");
            });
        }
    });
}
