//! What an import does with packages that exist already.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::FutureExt;
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{MemoryStore, Package, PackageStore, Replacement, Write};
use pyaday_examples::{Error, OnExisting, Source, Summary, import};

use crate::formats::packages;
use crate::import::{TAKEN, runtime};
use crate::not_a_list::folder;
use crate::process::{Ended, Process, SERVERS, Server, command, ending};

const BEFORE: &str = r#"{"name":"Flask","short_desc":"old","tags":["web","wsgi"],"metadata":{"version":"2","links":{"home":"h","docs":"d"},"rank":1}}"#;

/// What a store that has [`BEFORE`] holds after an import.
fn after(text: &str, on_existing: OnExisting) -> (String, Result<Summary, Error>) {
    runtime().block_on(async {
        let store = MemoryStore::new();
        let before = Source::new("before", BEFORE.as_bytes());
        import(&store, before, OnExisting::Skip).await.unwrap();
        let source = Source::new("file", Cursor::new(text.to_owned()));
        let summary = import(&store, source, on_existing).await;
        (packages(&store).await.trim_end().to_owned(), summary)
    })
}

fn update(text: &str) -> (String, Summary) {
    let (packages, summary) = after(text, OnExisting::Update);
    (packages, summary.unwrap())
}

fn counts(added: u64, updated: u64, present: u64, refused: u64) -> Summary {
    Summary {
        on_existing: OnExisting::Update,
        added,
        updated,
        present,
        refused,
        ..Summary::default()
    }
}

#[test]
fn an_update_changes_only_the_columns_that_a_row_has() {
    for (text, changed) in [
        // An empty cell says nothing.
        ("name,summary,tags,version\nflask,,,\n", [("", "")].as_slice()),
        ("name,summary,tags,version\nflask,UNKNOWN,,\n", &[("", "")]),
        ("name,summary\nflask,new\n", &[("\"old\"", "\"new\"")]),
        ("name\ttags\nFLASK\torm\n", &[("\"web\",\"wsgi\"", "\"orm\"")]),
        ("name,version\nflask,3\n", &[("\"version\":\"2\"", "\"version\":\"3\"")]),
        ("name,summary,author\nflask,,me\n", &[("\"rank\":1", "\"rank\":1,\"author\":\"me\"")]),
        // An object is a patch.
        (r#"{"name":"flask","short_desc":""}"#, &[("\"old\"", "\"\"")]),
        (
            r#"{"name":"flask","short_desc":"old","tags":null}"#,
            &[(",\"tags\":[\"web\",\"wsgi\"]", "")],
        ),
        (
            r#"{"name":"flask","metadata":{"links":{"docs":null,"code":"c"}}}"#,
            &[("\"docs\":\"d\"", "\"code\":\"c\"")],
        ),
        (r#"[{"name":"flask","version":"3"}]"#, &[("\"version\":\"2\"", "\"version\":\"3\"")]),
        (r#"{"name":"flask","summary":"new","version":null}"#, &[("\"old\"", "\"new\"")]),
    ] {
        let expected =
            changed.iter().fold(BEFORE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let updated = u64::from(expected != BEFORE);
        assert_eq!(update(text), (expected, counts(0, updated, 1 - updated, 0)), "{text}");
    }
}

#[test]
fn an_update_adds_new_packages_that_have_a_summary() {
    let (packages, summary) = update("name,summary\nflask,old\nnew,x\n");
    assert_eq!(summary, counts(1, 0, 1, 0));
    assert!(packages.ends_with("{\"name\":\"new\",\"short_desc\":\"x\"}"), "{packages}");
    let (packages, summary) = update("{\"name\":\"flask\",\"tags\":[]}\n{\"name\":\"new\"}\n");
    assert_eq!(summary, counts(0, 1, 0, 1));
    assert!(!packages.contains("new"), "{packages}");
}

#[test]
fn rows_of_one_name_are_applied_in_their_order() {
    let rows: String = (0..300).map(|at| format!("fl_ask,{at},{at}\nnew,{at},{at}\n")).collect();
    let text = format!("name,summary,v{}\n{rows}", 0).replace("fl_ask", "flask");
    let (packages, summary) = update(&text);
    assert_eq!(summary, counts(1, 599, 0, 0));
    assert!(packages.contains("\"name\":\"Flask\",\"short_desc\":\"299\""), "{packages}");
    assert!(packages.contains("\"name\":\"new\",\"short_desc\":\"299\""), "{packages}");
}

/// Whether a row could add a package makes no difference to its place.
#[test]
fn rows_with_and_without_a_summary_are_taken_in_their_order() {
    let text = "{\"name\":\"flask\",\"tags\":[\"x\"]}\n\
                {\"name\":\"FLASK\",\"short_desc\":\"s\",\"tags\":[\"y\"]}\n";
    let (packages, summary) = update(text);
    assert_eq!(summary, counts(0, 2, 0, 0));
    let expected = BEFORE.replace("old", "s").replace(r#""web","wsgi""#, r#""y""#);
    assert_eq!(packages, expected);

    // The first row of a name that is new cannot add it, and the second can.
    let (packages, summary) = update(&text.replace("flask", "new").replace("FLASK", "New"));
    assert_eq!(summary, counts(1, 0, 0, 1));
    let added = r#"{"name":"New","short_desc":"s","tags":["y"]}"#;
    assert_eq!(packages, format!("{BEFORE}\n{added}"));
}

/// Two rows, one whole and one not, in a store that learns on a refresh what another process has added.
#[tokio::test]
async fn a_package_that_another_process_has_just_added_is_updated() {
    let text = "{\"name\":\"other\",\"tags\":[\"x\"]}\n{\"name\":\"second\",\"tags\":[\"x\"]}\n\
                {\"name\":\"whole\",\"short_desc\":\"\"}\n";
    for (text, refreshes) in [(text, 1), (text.lines().last().unwrap(), 0)] {
        let inner = Arc::new(MemoryStore::new());
        let (followed, count) = (Arc::clone(&inner), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&count);
        let store = Failing::new(inner, move |call| {
            if call == Call::Refresh {
                counted.fetch_add(1, Relaxed);
                for name in ["other", "second"] {
                    let package = Package::new(name, "").unwrap();
                    followed.create(package, Write::new()).now_or_never().unwrap().unwrap();
                }
            }
            Then::Pass
        });
        let source = Source::new("file", Cursor::new(text.to_owned()));
        let summary = import(&store, source, OnExisting::Update).await.unwrap();
        assert_eq!(summary, counts(1, 2 * refreshes, 0, 0));
        assert_eq!(count.load(Relaxed) as u64, refreshes);
    }
}

/// Imports a row while somebody else changes its package before each of the first `times` attempts.
/// What became of it, and how often it was attempted.
fn colliding(times: usize) -> (Result<Summary, Error>, usize) {
    let inner = Arc::new(MemoryStore::new());
    let (others, count) = (Arc::clone(&inner), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    let store = Failing::new(inner, move |call| {
        let Call::WriteBatch(batch) = call else { return Then::Pass };
        if let Some((name, _)) = batch.packages().find(|(_, swap)| swap.before.is_some()) {
            let attempt = counted.fetch_add(1, Relaxed);
            if attempt < times {
                let change = Package::new("flask", &format!("change {attempt}")).unwrap().details;
                let update = others.update(name, Replacement::new(change), Write::new());
                update.now_or_never().unwrap().unwrap();
            }
        }
        Then::Pass
    });
    let result = runtime().block_on(async {
        let before = Source::new("before", BEFORE.as_bytes());
        import(&store, before, OnExisting::Skip).await.unwrap();
        let row = Source::new(
            "file",
            &b"{\"name\":\"flask\",\"tags\":[\"x\"]}\n{\"name\":\"new\",\"summary\":\"\"}"[..],
        );
        import(&store, row, OnExisting::Update).await
    });
    (result, count.load(Relaxed))
}

#[test]
fn an_update_that_others_collide_with_is_attempted_eight_times() {
    let (summary, attempts) = colliding(7);
    assert_eq!((summary.unwrap(), attempts), (counts(1, 1, 0, 0), 8));
    let (summary, attempts) = colliding(usize::MAX);
    assert_eq!((summary.unwrap(), attempts), (counts(1, 0, 0, 1), 8));
}

/// The reason is on standard error. There are more rows than are named.
#[test]
fn rows_that_are_not_named_are_counted_by_what_is_wrong_with_them() {
    let text = format!("name,summary\n{}{}", "!,\n".repeat(25), "flask,\n".repeat(3));
    let (folder, url) = folder("unnamed");
    drop(Server::start(SERVERS[0], &["--store", &url]));
    let arguments = ["--store", &url, "--import", "-", "--on-existing", "error"];
    let (code, _, stderr) = ending(SERVERS[0], &arguments, text.as_bytes());
    assert_eq!(code, Some(1));
    let expected = "standard input: 5 more rows were refused\n\
                    standard input: 3 more rows are about packages that exist already\nerror: ";
    assert!(stderr.contains(expected), "{stderr}");
    drop(folder);
}

#[test]
fn an_invalid_update_is_refused_and_the_others_are_applied() {
    let half = "x".repeat(9_000);
    let before =
        format!("{{\"name\":\"big\",\"short_desc\":\"\",\"metadata\":{{\"a\":\"{half}\"}}}}");
    let text = format!("name\tsummary\tb\nbig\tnew\t{half}\nflask\tnew\t\n");
    let store = MemoryStore::new();
    let summary = runtime().block_on(async {
        let before = Source::new("before", Cursor::new(format!("{BEFORE}\n{before}")));
        import(&store, before, OnExisting::Skip).await.unwrap();
        let source = Source::new("file", Cursor::new(text));
        import(&store, source, OnExisting::Update).await.unwrap()
    });
    assert_eq!(summary, counts(0, 1, 0, 1));
    let big = runtime().block_on(store.read(&"big".parse().unwrap())).unwrap().unwrap();
    assert_eq!(big.package().details.short_desc.as_str(), "");
}

#[test]
fn skip_leaves_existing_packages_and_error_names_them() {
    let text = "name,summary\nflask,new\nnew,x\n";
    let expected = format!("{BEFORE}\n{{\"name\":\"new\",\"short_desc\":\"x\"}}");
    let (skipped, summary) = after(text, OnExisting::Skip);
    assert_eq!(skipped, expected);
    assert_eq!(summary.unwrap().to_string(), "2 read, 1 added, 1 present, 0 refused");
    let (packages, error) = after(text, OnExisting::Error);
    assert_eq!(packages, expected);
    assert_eq!(
        error.unwrap_err().to_string(),
        "the import of file found packages that exist already (2 read, 1 added, 1 present, 0 refused); \
         the others were added; import with `--on-existing skip` to leave them as they are, or with \
         `--on-existing update` to change them"
    );
    let (_, summary) = after("name,summary\nnew,x\n", OnExisting::Error);
    assert_eq!(summary.unwrap().added, 1);
}

#[test]
fn on_existing_is_an_option_and_an_environment_variable() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let name = format!("existing-{number}.db");
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(fs::remove_file(&path));
        let url = format!("sqlite:{}", path.display());
        let arguments = ["--store", url.as_str(), "--import", "-"];
        drop(Server::start_with(program, &arguments, b"name,summary\nflask,old\n"));

        let mut changed = command(program, &arguments);
        changed.env("PYADAY_ON_EXISTING", "update");
        let text = b"name,summary\nflask,new\nflask,new\n";
        let server = Server::listening(Process::spawn(changed, text));
        server.process.error_line();
        let reported = server.process.error_line();
        assert_eq!(
            reported,
            "imported standard input: 2 read, 0 added, 1 updated, 1 unchanged, 0 refused"
        );
        drop(server);

        let mut refused = command(program, &arguments);
        refused.args(["--on-existing", "error"]);
        let Ended { status, stderr, .. } =
            Process::spawn(refused, b"name,summary\nflask,x\n").end();
        assert_eq!(status.code(), Some(1));
        let named = "standard input:2: a package of this name exists already\n";
        assert!(stderr.contains(named), "{stderr}");

        let (code, _, stderr) = ending(program, &["--on-existing", "what"], b"");
        assert_eq!(code, Some(2));
        assert!(stderr.contains("[possible values: skip, update, error]"), "{stderr}");
    }
}

#[test]
fn an_update_fails_when_all_of_its_rows_are_refused() {
    let (packages, result) = after("name,tags\nnew,web\nother,web\n", OnExisting::Update);
    assert_eq!(packages, BEFORE);
    assert_eq!(
        result.unwrap_err().to_string(),
        format!(
            "cannot import file: all of its first 2 rows were refused; the lines above say why; \
             {TAKEN}"
        )
    );
}
