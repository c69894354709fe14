//! A file or its log that is removed, renamed or replaced while a store has it open.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pyaday_core::{Create, Package, PackageStore, StoreError, Write};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::servers::events::until;
use rusqlite::Connection;

use crate::support::disk::{Disk, Kind};
use crate::support::files;
use crate::support::tools::{Tool, are_there};

/// A folder with a catalogue in it, and the paths that lead to it.
struct Home {
    folder: PathBuf,
    /// The path at which the store is opened.
    path: PathBuf,
}

impl Home {
    /// The catalogue is at the path itself.
    fn plain() -> Self {
        let folder = files::fresh("moved").with_extension("folder");
        for folder in [&folder, &with(&folder, "-moved")] {
            drop(fs::remove_dir_all(folder));
        }
        fs::create_dir_all(folder.join("real")).unwrap();
        let path = folder.join("real/catalogue.db");
        Self { folder, path }
    }

    /// A link leads to the catalogue.
    fn linked() -> Self {
        let home = Self::plain();
        let link = home.folder.join("link.db");
        symlink(&home.path, &link).unwrap();
        Self { path: link, ..home }
    }

    /// A link leads to the folder of the catalogue.
    fn in_linked_folder() -> Self {
        let home = Self::plain();
        let link = home.folder.join("link");
        symlink("real", &link).unwrap();
        Self { path: link.join("catalogue.db"), ..home }
    }

    fn real(&self) -> PathBuf {
        self.folder.join("real/catalogue.db")
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut longer = path.as_os_str().to_owned();
    longer.push(end);
    longer.into()
}

/// Something that happens to the files.
struct Move {
    name: &'static str,
    home: fn() -> Home,
    make: fn(&Home),
    /// Undoes it. `None` if the files are gone.
    undo: Option<fn(&Home)>,
    /// The end of the path that the error names.
    named: &'static str,
}

fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).unwrap();
}

/// Puts a copy of a file in its place. The original is kept under another name.
fn replace_by_copy(path: &Path) {
    rename(path, &with(path, "-kept"));
    fs::copy(with(path, "-kept"), path).unwrap();
}

fn put_back(path: &Path) {
    rename(&with(path, "-kept"), path);
}

const MOVES: [Move; 11] = [
    Move {
        name: "the file is removed",
        home: Home::plain,
        make: |home| fs::remove_file(home.real()).unwrap(),
        undo: None,
        named: "catalogue.db",
    },
    Move {
        name: "the file is renamed",
        home: Home::plain,
        make: |home| rename(&home.real(), &with(&home.real(), "-kept")),
        undo: Some(|home| put_back(&home.real())),
        named: "catalogue.db",
    },
    Move {
        name: "the file is replaced by a copy of itself",
        home: Home::plain,
        make: |home| replace_by_copy(&home.real()),
        undo: Some(|home| put_back(&home.real())),
        named: "catalogue.db",
    },
    Move {
        name: "another file is moved to the path",
        home: Home::plain,
        make: |home| {
            let other = home.folder.join("other.db");
            drop(SqliteStore::open(&other).unwrap());
            fs::hard_link(home.real(), with(&home.real(), "-kept")).unwrap();
            rename(&other, &home.real());
        },
        undo: Some(|home| put_back(&home.real())),
        named: "catalogue.db",
    },
    Move {
        name: "the log is removed",
        home: Home::plain,
        make: |home| fs::remove_file(files::log(&home.real())).unwrap(),
        undo: None,
        named: "catalogue.db-wal",
    },
    Move {
        name: "the log is replaced by a copy of itself",
        home: Home::plain,
        make: |home| replace_by_copy(&files::log(&home.real())),
        undo: Some(|home| put_back(&files::log(&home.real()))),
        named: "catalogue.db-wal",
    },
    Move {
        name: "the folder is renamed",
        home: Home::plain,
        make: |home| rename(&home.folder, &with(&home.folder, "-moved")),
        undo: Some(|home| rename(&with(&home.folder, "-moved"), &home.folder)),
        named: "catalogue.db",
    },
    Move {
        name: "the folder is replaced by an empty one",
        home: Home::plain,
        make: |home| {
            rename(&home.folder, &with(&home.folder, "-moved"));
            fs::create_dir_all(home.folder.join("real")).unwrap();
        },
        undo: Some(|home| {
            fs::remove_dir_all(&home.folder).unwrap();
            rename(&with(&home.folder, "-moved"), &home.folder);
        }),
        named: "catalogue.db",
    },
    Move {
        name: "the link is turned to another file",
        home: Home::linked,
        make: |home| {
            fs::remove_file(&home.path).unwrap();
            symlink(home.folder.join("other.db"), &home.path).unwrap();
        },
        undo: Some(|home| {
            fs::remove_file(&home.path).unwrap();
            symlink(home.real(), &home.path).unwrap();
        }),
        named: "other.db",
    },
    Move {
        name: "the link is removed",
        home: Home::linked,
        make: |home| fs::remove_file(&home.path).unwrap(),
        undo: Some(|home| symlink(home.real(), &home.path).unwrap()),
        named: "link.db",
    },
    Move {
        name: "the link to the folder is turned to another folder",
        home: Home::in_linked_folder,
        make: |home| {
            fs::create_dir(home.folder.join("other")).unwrap();
            fs::remove_file(home.folder.join("link")).unwrap();
            symlink("other", home.folder.join("link")).unwrap();
        },
        undo: Some(|home| {
            fs::remove_file(home.folder.join("link")).unwrap();
            symlink("real", home.folder.join("link")).unwrap();
        }),
        named: "link/catalogue.db",
    },
];

#[tokio::test]
async fn writes_are_refused_once_the_path_leads_to_another_file_and_reads_go_on() {
    for Move { name, home, make, undo, named } in MOVES {
        let home = home();
        let store = SqliteStore::open(&home.path).unwrap();
        create(&store, "before").await.unwrap();
        make(&home);
        for attempt in ["after", "again"] {
            let error = create(&store, attempt).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable { .. }), "{name}: {error:?}");
            let causes = causes(&error);
            let says =
                [&format!("{named} was "), "while the store had it open: nothing is written"];
            assert!(says.iter().all(|words| causes.contains(*words)), "{name}: {causes}");
            assert!(!causes.contains('\n'), "{causes}");
        }
        if let Some(undo) = undo {
            undo(&home);
            // That the files were put back does not end it.
            create(&store, "too-soon").await.unwrap_err();
        }
        assert!(is_there(&store, "before") && !is_there(&store, "after"), "{name}");
        // A write that changes nothing needs no file.
        create(&store, "before").await.unwrap();
        drop(store);

        // Closing the store saves what was in a log that was removed.
        if undo.is_some() || named.ends_with("-wal") {
            let store = SqliteStore::open(&home.path).unwrap();
            assert!(is_there(&store, "before") && !is_there(&store, "after"), "{name}");
            create(&store, "after").await.unwrap();
        }
    }
}

/// The control: SQLite alone acknowledges these writes. They are lost, or another process can write to the
/// same log.
#[test]
fn writes_to_a_file_that_is_not_at_its_path_are_lost_without_the_check() {
    if !are_there("a control of files that are moved", &[Tool::Program("python3")]) {
        return;
    }
    for Move { name, home, make, .. } in MOVES {
        let home = home();
        drop(SqliteStore::open(&home.path).unwrap());
        let connection = Connection::open(&home.path).unwrap();
        connection
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL")
            .unwrap();
        let insert = |day: &str| {
            let sql = "INSERT INTO daily VALUES (?1, 0, '', 0, 0, 0)";
            connection.execute(sql, [day]).unwrap();
        };
        insert("0001-01-01");
        assert_eq!((days(&home.path), days(&copy(&home.path))), (Days::Locked, Days::Found(1)));
        make(&home);
        insert("0001-01-02");
        let is_lost = days(&copy(&home.path)) != Days::Found(2);
        assert!(is_lost || days(&home.path) != Days::Locked, "{name}");
    }
}

/// The rows of `daily` that another process finds.
#[derive(Debug, PartialEq)]
enum Days {
    Locked,
    None,
    Found(u32),
}

fn days(path: &Path) -> Days {
    const LOOK: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0)
print(database.execute('SELECT count(*) FROM daily').fetchone()[0])";

    let looked = Command::new("python3").args(["-c", LOOK]).arg(path).output().unwrap();
    let found = String::from_utf8(looked.stdout).unwrap().trim().parse();
    match String::from_utf8(looked.stderr).unwrap().contains("locked") {
        true => Days::Locked,
        false => found.map_or(Days::None, Days::Found),
    }
}

/// A copy of what is at a path, as after a crash. Another process makes it, because closing a file would
/// end the locks of this one.
fn copy(path: &Path) -> PathBuf {
    let copied = files::fresh("copied");
    let path = fs::canonicalize(path).unwrap_or(path.to_owned());
    for (from, to) in [(&path, &copied), (&files::log(&path), &files::log(&copied))] {
        let mut copy = Command::new("cp");
        // It may not be there.
        copy.arg(from).arg(to).stderr(Stdio::null()).status().unwrap();
    }
    copied
}

/// Another process may open what is at the path now. The store that lost its file must leave it alone.
#[tokio::test]
async fn a_store_that_lost_its_file_leaves_the_next_one_alone() {
    let home = Home::plain();
    let lost = SqliteStore::open(&home.path).unwrap();
    create(&lost, "before").await.unwrap();
    rename(&home.folder.join("real"), &home.folder.join("moved"));
    fs::create_dir(home.folder.join("real")).unwrap();

    let next = SqliteStore::open(&home.path).unwrap();
    assert!(next.is_new());
    create(&next, "next").await.unwrap();
    // It has not written since, so only the closing can notice.
    drop(lost);
    assert!(files::log(&home.path).exists(), "the log of the next store was removed");
    create(&next, "later").await.unwrap();
    drop(next);
    let next = SqliteStore::open(&home.path).unwrap();
    assert!(is_there(&next, "next") && is_there(&next, "later") && !is_there(&next, "before"));
    let moved = SqliteStore::open(home.folder.join("moved/catalogue.db")).unwrap();
    assert!(is_there(&moved, "before"));
}

/// The lock is on the file, not on its path.
#[tokio::test]
async fn a_renamed_file_can_still_be_opened_only_once() {
    let home = Home::plain();
    let store = SqliteStore::open(&home.path).unwrap();
    create(&store, "before").await.unwrap();
    let elsewhere = with(&home.path, "-elsewhere");
    rename(&home.path, &elsewhere);
    let writer = Command::new(env!("CARGO_BIN_EXE_test-writer"));
    let said = { writer }.arg(&elsewhere).args(["1", "0", "1"]).output().unwrap().stdout;
    assert!(String::from_utf8(said).unwrap().contains("fault: InUse"));
}

/// The disk stands still in the middle of a commit, and meanwhile the path is turned to another file.
#[test]
fn the_outcome_of_a_write_is_unknown_if_the_path_changes_during_its_commit() {
    let Some(disk) = Disk::new(&Kind::XFS, "a disk that stands still") else { return };
    let (real, link) = (disk.mounted.join("catalogue.db"), files::fresh("turned"));
    drop(fs::remove_file(&link));
    symlink(&real, &link).unwrap();
    let mut writer = Command::new(env!("CARGO_BIN_EXE_test-writer"))
        .arg(&link)
        .args(["1", "0", "2000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.ends_with("done")));

    let frozen = disk.freeze();
    until("the writer waits for the disk", || waits_for_disk(&writer).then_some(()));
    fs::remove_file(&link).unwrap();
    symlink(disk.mounted.join("other.db"), &link).unwrap();
    drop(frozen);

    let outcomes: Vec<_> = lines.filter(|line| !line.ends_with("begins")).collect();
    writer.wait().unwrap();
    let unknown =
        outcomes.iter().position(|line| line.ends_with("unknown")).expect("it is unknown");
    let refused =
        outcomes.iter().position(|line| line.ends_with("refused")).expect("it is refused");
    assert!(unknown < refused, "{outcomes:?}");
    assert!(outcomes[unknown + 1..].iter().all(|line| !line.ends_with("unknown")));
    assert!(!disk.mounted.join("other.db").exists());
    drop(SqliteStore::open(&real).unwrap());
}

/// True if the thread that writes waits for a disk that stands still.
fn waits_for_disk(process: &Child) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap().flatten();
    let read = |task: &Path, file: &str| fs::read_to_string(task.join(file)).unwrap_or_default();
    tasks.map(|task| task.path()).any(|task| {
        read(&task, "comm").trim() == "pyaday-sqlite" && read(&task, "stat").contains(") D ")
    })
}

/// A disk becomes full during an import.
#[tokio::test]
async fn a_file_opens_after_an_import_has_filled_its_disk() {
    let Some(disk) = Disk::new(&Kind::EXT4, "an import that fills a disk") else { return };
    let path = disk.mounted.join("catalogue.db");
    let store = SqliteStore::open(&path).unwrap();
    let mut imported = 0;
    let refused = loop {
        let packages = (0..1000).map(|number| {
            let name = format!("p{}", imported * 1000 + number);
            Package::new(&name, &"x".repeat(500)).unwrap()
        });
        match store.create_many(packages.collect(), Write::new()).await {
            Ok(_) => imported += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
    // Whatever is left of the disk is taken too.
    let filler = disk.fill();
    drop(store);

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.catalogue().len(), imported * 1000);
    fs::remove_file(filler).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.catalogue().len(), imported * 1000);
}

#[tokio::test]
async fn a_new_file_and_its_log_are_private() {
    let path = files::fresh("private");
    let store = SqliteStore::open(&path).unwrap();
    create(&store, "flask").await.unwrap();
    assert_eq!([mode(&path), mode(&files::log(&path))], [0o600, 0o600]);
    // The index of the log is in memory.
    assert!(!with(&path, "-shm").exists());
    drop(store);

    // What the owner has decided stays.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!([mode(&path), mode(&files::log(&path))], [0o640, 0o640]);
    drop(store);

    let stricter = files::fresh("stricter");
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0277; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_test-writer")]);
    shell.arg(&stricter).args(["1", "0", "1"]).output().unwrap();
    assert_eq!(mode(&stricter), 0o400);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// An error and its causes.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Creates a package, or finds that it is there.
async fn create(store: &SqliteStore, name: &str) -> Result<(), StoreError> {
    let created = store.create(Package::new(name, "").unwrap(), Write::new()).await?;
    assert!(!matches!(created, Create::Stale(_)));
    Ok(())
}

fn is_there(store: &SqliteStore, name: &str) -> bool {
    store.catalogue().get(&name.parse().unwrap()).is_some()
}
