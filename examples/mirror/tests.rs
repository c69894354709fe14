//! A mirror that is killed again and again, while others write to its source, misses no change and repeats
//! none.
#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::fs;
use std::hint::spin_loop;
use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::middleware::{self, Next};
use pyaday_core::{
    Actor, Api, Batch, ChangeKind, ChangeOrder, ChangeQuery, MemoryStore, Package, PackageStore,
    Query, Replacement, Retention, Stored, Write,
};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A catalogue that a server offers below `/api`, and what the test writes to it.
struct Source {
    store: Arc<MemoryStore>,
    url: String,
    /// One message for each request that has arrived.
    arrived: UnboundedReceiver<()>,
    numbers: Numbers,
    /// The number of writes. Each has its number as its note.
    writes: usize,
}

impl Source {
    async fn start(retention: Retention, seed: u64) -> Self {
        let store = Arc::new(MemoryStore::new().keep_changes(retention));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/", listener.local_addr().unwrap());
        let (sender, arrived) = unbounded_channel();
        let report = move |request: Request, next: Next| {
            // The receiver is dropped when the test ends.
            let _ = sender.send(());
            next.run(request)
        };
        let api = Api::new(Arc::clone(&store));
        let app = axum::Router::new().nest("/api", pyaday_axum::router(&api));
        let app = app.layer(middleware::from_fn(report));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { store, url, arrived, numbers: Numbers::new(seed), writes: 0 }
    }

    async fn arrived(&mut self) {
        timeout(PATIENCE, self.arrived.recv()).await.unwrap().unwrap();
    }

    fn terms(&mut self) -> Write {
        self.writes += 1;
        let note = format!("write {}", self.writes).parse().unwrap();
        Write::new().by(Actor::new("ada").unwrap()).with_note(note)
    }

    /// A package with one of the spellings of a name, whose keys are not sorted.
    fn package(&mut self, number: u64) -> Package {
        let spelling = ["Pkg.", "pkg-", "PKG_"][self.numbers.place(3)];
        let tags = ["", r#""web""#, r#""db","web""#][self.numbers.place(3)];
        let json = format!(
            r#"{{"name":"{spelling}{number}","short_desc":"Text {}","tags":[{tags}],
                 "metadata":{{"z":{},"a":[1.0,1e300,{{"y":null,"b":"\u00e9 \" \u001f"}}]}}}}"#,
            self.writes,
            self.numbers.below(u64::MAX),
        );
        Package::from_json(json.as_bytes()).unwrap()
    }

    /// Adds packages in one write.
    async fn create(&mut self, numbers: std::ops::Range<u64>) {
        let packages = numbers.map(|number| self.package(number)).collect();
        let terms = self.terms();
        self.store.create_many(packages, terms).await.unwrap();
    }

    /// Writes something that changes at least one package.
    async fn write(&mut self) {
        let package = self.package(self.numbers.clone().below(600));
        self.numbers.below(1);
        let name = package.name.normalized();
        let (is_there, terms) = (self.store.read(&name).await.unwrap().is_some(), self.terms());
        match self.numbers.below(10) {
            0 => self.write_many(terms).await,
            1..=4 if is_there => {
                self.store.delete(&name, terms).await.unwrap();
            }
            _ if is_there => {
                let replacement = Replacement::from(package);
                drop(self.store.update(&name, replacement, terms).await.unwrap());
            }
            _ => drop(self.store.create(package, terms).await.unwrap()),
        }
    }

    /// Removes every second package, and gives the others another text: more than fit on a page.
    async fn write_many(&mut self, terms: Write) {
        let mut batch = Batch::new(ChangeKind::Bulk);
        for (at, version) in all(&*self.store).await.iter().enumerate() {
            let mut package = version.package();
            batch = if at % 4 == 0 {
                batch.remove(package.name.normalized(), version)
            } else {
                package.details.short_desc = format!("Many {}", self.writes).parse().unwrap();
                batch.replace(version, package)
            };
        }
        for number in 1_000..1_250 {
            let package = self.package(number);
            if self.store.read(&package.name.normalized()).await.unwrap().is_none() {
                batch = batch.create(package);
            }
        }
        self.store.write_batch(batch, terms).await.unwrap();
    }

    async fn newest(&self) -> String {
        let mut query = ChangeQuery::new(NonZeroUsize::MIN);
        query.order = ChangeOrder::Newest { before: None };
        self.store.changes(&query).await.unwrap().known().unwrap().items[0].revision.to_string()
    }

    /// Waits until a mirror has the newest change.
    async fn is_mirrored_by(&mut self, file: &Path) {
        let newest = self.newest().await;
        // A mirror asks again after it has kept a position.
        while position(file).as_ref() != Some(&newest) {
            self.arrived().await;
        }
    }
}

async fn all<S: PackageStore>(store: &S) -> Vec<Stored> {
    store.list(&Query::new(NonZeroUsize::MAX)).await.unwrap().items
}

/// The program. It is killed when this is dropped.
struct Mirror(Child);

impl Mirror {
    fn start(source: &Source, file: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mirror"));
        let command = command.arg(&source.url).arg(file).stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Kills the process with SIGKILL. Returns what it has reported.
    fn kill(mut self) -> Vec<String> {
        assert_eq!(self.0.try_wait().unwrap(), None, "the mirror has ended by itself");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        BufReader::new(self.0.stdout.take().unwrap()).lines().map(Result::unwrap).collect()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn fresh(purpose: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mirror-{purpose}"));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    folder.join("mirror.db")
}

fn position_file(file: &Path) -> PathBuf {
    format!("{}.position", file.display()).into()
}

fn position(file: &Path) -> Option<String> {
    fs::read_to_string(position_file(file)).ok()
}

/// The notes of the writes of a mirror, the oldest first, without those of copies.
async fn notes(store: &SqliteStore) -> Vec<usize> {
    let query = ChangeQuery::new(NonZeroUsize::new(10_000).unwrap());
    let changes = store.changes(&query).await.unwrap().known().unwrap().items;
    let notes = changes.iter().rev().filter_map(|change| change.note.as_ref());
    notes.map(|note| note.as_str().strip_prefix("write ").unwrap().parse().unwrap()).collect()
}

/// Compares a mirror with its source: all representations, byte for byte, and the history since the write
/// `copied`, which was the last one before the copy was complete.
async fn compare(source: &Source, file: &Path, copied: usize) -> Result<(), String> {
    let mirror = SqliteStore::open(file).unwrap();
    let notes = notes(&mirror).await;
    if let Some(twice) = notes.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!("the writes {twice:?} are in the wrong order, or one is repeated"));
    }
    let since: Vec<_> = notes.into_iter().filter(|number| *number > copied).collect();
    let expected: Vec<_> = (copied + 1..=source.writes).collect();
    if since != expected {
        return Err(format!("of the writes since {copied} the mirror has {since:?}"));
    }
    let text = |version: &Stored| String::from_utf8(version.representation().to_vec()).unwrap();
    let [ours, theirs] = [all(&mirror).await, all(&*source.store).await];
    let [ours, theirs] = [ours, theirs].map(|all| all.iter().map(text).collect::<Vec<_>>());
    match ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs) {
        Some((ours, theirs)) => Err(format!("the mirror has {ours}, the source {theirs}")),
        None if ours.len() != theirs.len() => Err(format!("{} for {}", ours.len(), theirs.len())),
        None => Ok(()),
    }
}

#[tokio::test]
async fn a_mirror_that_is_killed_again_and_again_is_like_its_source() {
    const KILLS: usize = 60;

    let mut source = Source::start(Retention::all(), 1).await;
    source.create(0..500).await;
    let file = fresh("killed");
    let mut copied = None;
    for _ in 0..KILLS {
        let mirror = Mirror::start(&source, &file);
        for _ in 0..1 + source.numbers.below(12) {
            source.arrived().await;
            source.write().await;
        }
        // It is killed at some moment of what it does with the response.
        let moment = Duration::from_micros(source.numbers.below(3_000));
        let answered = Instant::now();
        while answered.elapsed() < moment {
            tokio::task::yield_now().await;
            spin_loop();
        }
        drop(mirror.kill());
        if position(&file).is_some() {
            copied.get_or_insert(source.writes);
        }
    }
    let mirror = Mirror::start(&source, &file);
    source.is_mirrored_by(&file).await;
    drop(mirror.kill());
    compare(&source, &file, copied.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_mirror_whose_position_was_removed_from_the_history_says_so_and_copies_anew() {
    let mut source = Source::start(Retention::all().at_most(20), 2).await;
    source.create(0..300).await;
    let file = fresh("forgotten");
    for round in 0..3 {
        let mirror = Mirror::start(&source, &file);
        source.is_mirrored_by(&file).await;
        let reports = mirror.kill();
        let expected =
            if round == 0 { "no position is saved" } else { "the source has no history since" };
        assert!(reports.len() == 1 && reports[0].starts_with(expected), "{reports:?}");
        compare(&source, &file, source.writes).await.unwrap();
        for _ in 0..40 {
            source.write().await;
        }
    }
}

/// What a mirror leaves that is killed between its write and its position, and what one would leave that
/// kept its position first.
#[tokio::test]
async fn a_position_may_be_older_than_the_file_but_not_newer() {
    let mut source = Source::start(Retention::all(), 3).await;
    source.create(0..10).await;
    let file = fresh("order");
    let mirror = Mirror::start(&source, &file);
    source.is_mirrored_by(&file).await;
    drop(mirror.kill());
    let copied = source.writes;

    let older = position(&file).unwrap();
    source.create(10..11).await;
    let mirror = Mirror::start(&source, &file);
    source.is_mirrored_by(&file).await;
    drop(mirror.kill());
    fs::write(position_file(&file), older).unwrap();
    source.create(11..12).await;
    let mirror = Mirror::start(&source, &file);
    source.is_mirrored_by(&file).await;
    drop(mirror.kill());
    compare(&source, &file, copied).await.unwrap();

    // The control: the comparison finds the write that is skipped.
    source.create(12..13).await;
    fs::write(position_file(&file), source.newest().await).unwrap();
    source.create(13..14).await;
    let mirror = Mirror::start(&source, &file);
    source.is_mirrored_by(&file).await;
    drop(mirror.kill());
    let difference = compare(&source, &file, copied).await.unwrap_err();
    assert!(difference.starts_with("of the writes since"), "{difference}");
    let difference = compare(&source, &file, source.writes).await.unwrap_err();
    assert!(difference.contains("the source"), "{difference}");
}
