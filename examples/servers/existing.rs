//! What an import does with packages that exist already.

use std::fs;
use std::path::PathBuf;

use pyaday_core::{MemoryStore, PackageStore};
use pyaday_examples::{Error, OnExisting, Source, Summary, import};

use crate::formats::packages;
use crate::import::{TAKEN, runtime};
use crate::process::{Ended, Process, SERVERS, Server, command, ending};

const BEFORE: &str = r#"{"name":"Flask","short_desc":"old","tags":["web","wsgi"],"metadata":{"version":"2","links":{"home":"h","docs":"d"},"rank":1}}"#;

/// What a store that has [`BEFORE`] holds after an import.
fn after(text: &str, on_existing: OnExisting) -> (String, Result<Summary, Error>) {
    runtime().block_on(async {
        let store = MemoryStore::new();
        let before = Source::new("before", BEFORE.as_bytes());
        import(&store, before, OnExisting::Skip).await.unwrap();
        let source = Source::new("file", std::io::Cursor::new(text.to_owned()));
        let summary = import(&store, source, on_existing).await;
        (packages(&store).await.trim_end().to_owned(), summary)
    })
}

fn update(text: &str) -> (String, Summary) {
    let (packages, summary) = after(text, OnExisting::Update);
    (packages, summary.unwrap())
}

fn counts(added: u64, updated: u64, present: u64, refused: u64) -> Summary {
    Summary { on_existing: OnExisting::Update, added, updated, present, refused }
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

#[test]
fn an_invalid_update_is_refused_and_the_others_are_applied() {
    let half = "x".repeat(9_000);
    let before =
        format!("{{\"name\":\"big\",\"short_desc\":\"\",\"metadata\":{{\"a\":\"{half}\"}}}}");
    let text = format!("name\tsummary\tb\nbig\tnew\t{half}\nflask\tnew\t\n");
    let store = MemoryStore::new();
    let summary = runtime().block_on(async {
        let before = Source::new("before", std::io::Cursor::new(format!("{BEFORE}\n{before}")));
        import(&store, before, OnExisting::Skip).await.unwrap();
        let source = Source::new("file", std::io::Cursor::new(text));
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
        "the import of file met packages that exist already (2 read, 1 added, 1 present, 0 refused); \
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
