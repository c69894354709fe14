//! What becomes of the files that curators have.

use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use csv::WriterBuilder;
use proptest::prelude::*;
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{MemoryStore, PackageStore, Seed};
use pyaday_examples::{Error, OnExisting, Source, Summary, import};

use crate::process::{PATIENCE, SERVERS, Server, ending, file};

/// What can be imported, as messages say it.
pub(crate) const TAKEN: &str = "what can be imported is TSV or CSV whose header has the columns \
                                `name` and `summary`, or JSON objects with these members, one a \
                                line or in an array, or the METADATA of a package";

/// Imports a text from standard input; the server, and what it said of the import.
fn imported(text: impl AsRef<[u8]>) -> (Server, String) {
    let server = Server::start_with(SERVERS[0], &["--import", "-"], text.as_ref());
    let mut reported = String::new();
    let deadline = Instant::now() + PATIENCE;
    while !reported.contains("imported ") {
        assert!(Instant::now() < deadline);
        reported.push_str(&server.process.error_line());
        reported.push('\n');
    }
    (server, reported)
}

#[test]
fn both_servers_import_from_a_file_and_from_standard_input() {
    let text = "name\tsummary\nDjango\tA web framework.\n";
    let path = file("both.txt", text);
    let path = path.to_str().unwrap();
    for program in SERVERS {
        for (argument, name) in [(path, path), ("-", "standard input")] {
            let server = Server::start_with(program, &["--import", argument], text.as_bytes());
            let expected = format!("imported {name}: 1 read, 1 added, 0 present, 0 refused");
            assert_eq!(server.process.error_line(), expected);
            assert_eq!(
                server.package("django").unwrap(),
                r#"{"name":"Django","short_desc":"A web framework."}"#
            );
            assert_eq!(server.package("flask").unwrap_err(), 404);
        }
    }
}

#[test]
fn known_columns_become_fields_and_others_metadata() {
    let (server, reported) = imported(
        "version\tname\ttags\tshort_desc\trequires_python\n\
         5.2\tDjango\tweb, orm;web  framework\tA web framework.\t\n\
         \tflask\t\t\t\n",
    );
    assert_eq!(reported, "imported standard input: 2 read, 2 added, 0 present, 0 refused\n");
    assert_eq!(
        server.package("django").unwrap(),
        r#"{"name":"Django","short_desc":"A web framework.","tags":["framework","orm","web"],"metadata":{"version":"5.2"}}"#
    );
    assert_eq!(server.package("flask").unwrap(), r#"{"name":"flask","short_desc":""}"#);
}

#[test]
fn tsv_has_no_quotes() {
    let (server, reported) = imported(
        "name\tsummary\tauthor\n\
         a\t\"Quoted\"\t\"\n\
         b\t\"never closed\tx\"\"y\n",
    );
    assert_eq!(reported, "imported standard input: 2 read, 2 added, 0 present, 0 refused\n");
    assert_eq!(
        server.package("a").unwrap(),
        r#"{"name":"a","short_desc":"\"Quoted\"","metadata":{"author":"\""}}"#
    );
    assert_eq!(
        server.package("b").unwrap(),
        r#"{"name":"b","short_desc":"\"never closed","metadata":{"author":"x\"\"y"}}"#
    );
}

#[test]
fn csv_fields_may_be_quoted_and_have_several_lines() {
    let (server, reported) = imported(
        "\"name\",summary,\"the license\"\n\
         a,\"One, \"\"two\"\".\",\"line 1\n\nline \t3\r\nline 4\"\n\
         b,5\" disks,\"\"\n\
         c!,,\n",
    );
    let expected = "standard input:7: name must consist of ASCII letters, digits, `.`, `_` and `-` \
                    only: \"c!\"\n\
                    imported standard input: 3 read, 2 added, 0 present, 1 refused\n";
    assert_eq!(reported, expected);
    assert_eq!(
        server.package("a").unwrap(),
        r#"{"name":"a","short_desc":"One, \"two\".","metadata":{"the license":"line 1\n\nline \t3\nline 4"}}"#
    );
    assert_eq!(server.package("b").unwrap(), r#"{"name":"b","short_desc":"5\" disks"}"#);
}

#[test]
fn ndjson_has_one_package_per_line() {
    let django = r#"{"name":"django","short_desc":"","tags":["web"],"metadata":{"n":[1,2.50]}}"#;
    let (server, reported) = imported(format!(
        "\n  {django}\n\n \t\n{{\"name\":\"a\"}}\n{{\"name\":\"b\",\n[]\n\
         {{\"name\":\"c\",\"short_desc\":\"\",\"\u{1b}[2J\":1}}\n\
         {{\"name\":\"c\",\"short_desc\":\"\",\"\\u001b[2J\":1}}\n\
         {{\"name\":\"flask\",\"short_desc\":\"\"}}"
    ));
    assert_eq!(
        reported,
        "standard input:5: there is no `summary` or `short_desc`\n\
         standard input:6: malformed JSON, EOF while parsing a value at column 12\n\
         standard input:7: must be an object\n\
         standard input:8: malformed JSON, control character (\\u0000-\\u001F) found while parsing \
         a string at column 30\n\
         standard input:9: /\\u{1b}[2J is not a member of a package\n\
         imported standard input: 7 read, 2 added, 0 present, 5 refused\n"
    );
    let django = django.replace("2.50", "2.5");
    assert_eq!(server.package("django").unwrap(), django);
    assert_eq!(server.package("flask").unwrap(), r#"{"name":"flask","short_desc":""}"#);
}

#[test]
fn a_byte_order_mark_and_crlf_are_accepted() {
    for text in [
        "\u{feff}name\tsummary\r\nflask\tWeb.\r\n\r\n!\t\r\n",
        "\u{feff}name,summary\r\nflask,\"Web.\"\r\n\r\n!,\r\n",
        "\u{feff}\r\n{\"name\":\"flask\",\"short_desc\":\"Web.\"}\r\n\r\n{}\r\n",
    ] {
        let (server, reported) = imported(text);
        assert_eq!(server.package("flask").unwrap(), r#"{"name":"flask","short_desc":"Web."}"#);
        assert!(reported.starts_with("standard input:4: "), "{reported}");
        let end = "\nimported standard input: 2 read, 1 added, 0 present, 1 refused\n";
        assert!(reported.ends_with(end), "{reported}");
    }
}

#[test]
fn an_invalid_row_is_reported_and_the_others_are_added() {
    let long = "x".repeat(513);
    let mut text = format!(
        "name\tsummary\ttags\tmetadata\n\
         first\t\t\t\n\
         -bad\t\t\t\n\
         too\tfew\n\
         too\tmany\tby\tone\tmore\n\
         c\t{long}\t\t\n\
         d\ttwo \u{7}\u{202e} faults\tWeb\t\n\
         e\t\t\t{}\n",
        "x".repeat(17_000)
    );
    text.push_str("f\t\u{e9}");
    let mut text = text.into_bytes();
    text.pop();
    text.extend_from_slice(b"\t\t\nlast\t\t\t");
    let (server, reported) = imported(text);
    let excerpt = "x".repeat(60);
    assert_eq!(
        reported,
        format!(
            "standard input:3: name must begin and end with an ASCII letter or digit: \"-bad\"\n\
             standard input:4: expected 4 fields, found 2\n\
             standard input:5: expected 4 fields, found 5\n\
             standard input:6: summary must be at most 512 characters long: \"{excerpt}…\"\n\
             standard input:7: summary must not contain control characters or line breaks: \"two \
             \\u{{7}}\\u{{202e}} faults\"; tags must be 1 to 40 of `a-z`, `0-9` and `-`, and must not \
             begin with `-`: \"Web\"\n\
             standard input:8: the other columns together must be at most 16384 bytes of JSON\n\
             standard input:9: summary is not UTF-8\n\
             imported standard input: 9 read, 2 added, 0 present, 7 refused\n"
        )
    );
    assert!(server.package("first").is_ok() && server.package("last").is_ok());
}

#[test]
fn an_existing_package_is_left_unchanged() {
    let (server, reported) = imported(
        "name,summary\nZope.Interface,first\nzope-interface,second\nzope_interface,third\n",
    );
    assert_eq!(reported, "imported standard input: 3 read, 1 added, 2 present, 0 refused\n");
    assert_eq!(
        server.package("zope.interface").unwrap(),
        r#"{"name":"Zope.Interface","short_desc":"first"}"#
    );
}

#[test]
fn an_unclosed_quote_costs_no_other_row() {
    let (server, reported) = imported(
        "name,summary\n\
         a,\"never closed\n\
         b,\"closed\"\n\
         c,\"closed\" not at the end\n\
         d,\"never closed\n\
         e,\n\
         f,",
    );
    assert_eq!(
        reported,
        "standard input:2: a quoted field must end before a comma or a line's end\n\
         standard input:4: a quoted field must end before a comma or a line's end\n\
         standard input:5: a quoted field has no end\n\
         imported standard input: 6 read, 3 added, 0 present, 3 refused\n"
    );
    for name in ["b", "e", "f"] {
        assert!(server.package(name).is_ok(), "{name}");
    }
}

#[test]
fn a_line_of_more_than_a_mebibyte_is_refused_and_the_others_are_added() {
    let long = "x".repeat(3 * 1024 * 1024);
    for text in [
        format!("name\tsummary\na\t\nb\t{long}\nc\t\n"),
        format!("name,summary\na,\nb,{long}\nc,\n"),
        format!(
            "{{\"name\":\"a\",\"short_desc\":\"\"}}\n{{\"name\":\"{long}\n\
             {{\"name\":\"c\",\"short_desc\":\"\"}}\n"
        ),
    ] {
        let (server, reported) = imported(&text);
        let line = if text.starts_with('{') { 2 } else { 3 };
        assert_eq!(
            reported,
            format!(
                "standard input:{line}: the line is longer than 1 MiB\n\
                 imported standard input: 3 read, 2 added, 0 present, 1 refused\n"
            )
        );
        assert!(server.package("a").is_ok() && server.package("c").is_ok());
    }
}

#[test]
fn a_quoted_field_of_more_than_a_mebibyte_is_refused_and_the_others_are_added() {
    let rows: String = (0..100_000).map(|number| format!("a{number},summary\n")).collect();
    let (server, reported) = imported(format!("name,summary\nbad,\"x\n{rows}"));
    assert_eq!(
        reported,
        "standard input:2: a quoted field does not end within 1 MiB\n\
         imported standard input: 100001 read, 100000 added, 0 present, 1 refused\n"
    );
    assert!(server.package("a99999").is_ok());
}

#[test]
fn quotes_that_close_and_open_in_every_line_are_read_once() {
    let text = format!("name,summary\na,\n{}", "b\",\"\n".repeat(400_000));
    let (_, reported) = imported(text);
    assert_eq!(
        reported,
        "standard input:3: a quoted field does not end within 1 MiB\n\
         standard input:209718: a quoted field has no end\n\
         imported standard input: 3 read, 1 added, 0 present, 2 refused\n"
    );
}

#[test]
fn an_unreadable_file_is_one_error() {
    let missing = concat!(env!("CARGO_TARGET_TMPDIR"), "/missing");
    let faults = [
        (String::new(), "is empty"),
        ("\u{feff}\n \r\n".to_owned(), "is empty"),
        (
            "summary\tversion\n".to_owned(),
            "has no usable header: there is no column `name`; the columns are `summary`, `version`",
        ),
        (
            "name,version\nflask,3\n".to_owned(),
            "has no usable header: there is no column `summary` or `short_desc`; the columns are \
             `name`, `version`",
        ),
        (
            "name,summary,short_desc\n".to_owned(),
            "has no usable header: there are two columns of summaries; the columns are `name`, \
             `summary`, `short_desc`",
        ),
        (
            "name,summary,a\u{1b},a\u{1b}\n".to_owned(),
            "has no usable header: two columns have one name: \"a\\u{1b}\"",
        ),
        ("name,\"summary\n".to_owned(), "has no usable header: a quoted field has no end"),
        ("x".repeat(2_000_000), "has no usable header: the line is longer than 1 MiB"),
        (",".repeat(2_000), "has no usable header: there are more than 1000 columns"),
        (
            format!("{}\n", (0..15).map(|at| format!("c{at},")).collect::<String>()),
            "has no usable header: there is no column `name`; the columns are `c0`, `c1`, `c2`, \
             `c3`, `c4`, `c5`, `c6`, `c7`, `c8`, `c9`, `c10`, `c11`, and 3 more",
        ),
    ];
    for program in SERVERS {
        for (text, fault) in &faults {
            let (code, stdout, stderr) = ending(program, &["--import", "-"], text.as_bytes());
            assert_eq!((code, stdout.as_str()), (Some(1), ""));
            let expected = format!("error: cannot import standard input: it {fault}; {TAKEN}\n");
            assert_eq!(stderr, expected);
        }
        let (code, stdout, stderr) = ending(program, &["--import", missing], b"");
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        let beginning = format!("error: cannot read {missing}: No such file");
        assert!(stderr.starts_with(&beginning) && stderr.lines().count() == 1, "{stderr}");
    }
}

#[tokio::test]
async fn a_truncated_file_is_one_error_with_the_number_of_added_packages() {
    let store = MemoryStore::new();
    let source = Source::new("packages.csv", Cursor::new("name,summary\na,\nb,").chain(Broken));
    let error = import(&store, source, OnExisting::Skip).await.unwrap_err();
    assert!(matches!(&error, Error::BrokenOff { .. }));
    assert_eq!(
        error.to_string(),
        "cannot read packages.csv to its end; until then: 1 read, 1 added, 0 present, 0 refused"
    );
    assert!(store.read(&"a".parse().unwrap()).await.unwrap().is_some());
    assert!(store.read(&"b".parse().unwrap()).await.unwrap().is_none());
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

#[tokio::test]
async fn packages_are_written_while_others_are_read() {
    let store = Arc::new(MemoryStore::new());
    let mut text = "name,summary\n".to_owned();
    text.extend((0..5_000).map(|number| format!("a{number},\n")));
    let source = Cursor::new(text).chain(NothingUntilWritten(Arc::clone(&store)));
    let summary = import(&store, Source::new("packages", source), OnExisting::Skip).await.unwrap();
    assert_eq!(summary, Summary { added: 5_000, ..Summary::default() });
}

/// However large the packages are: memory stays small, and so does what a store writes at once.
#[tokio::test]
async fn a_batch_has_at_most_5_000_packages_and_little_more_than_4_mebibytes() {
    for (count, length, expected) in
        [(12_000, 1, vec![5_000, 5_000, 2_000]), (1_000, 15_000, vec![280, 280, 280, 160])]
    {
        let batches = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&batches);
        let store = Failing::new(MemoryStore::new(), move |call| {
            if let Call::WriteBatch(batch) = call {
                seen.lock().unwrap().push(batch.packages().count());
            }
            Then::Pass
        });
        let long = "x".repeat(length);
        let rows = (0..count).map(|number| format!("p{number},,{long}\n"));
        let text: String = ["name,summary,v\n".to_owned()].into_iter().chain(rows).collect();
        let source = Source::new("packages", Cursor::new(text));
        let summary = import(&store, source, OnExisting::Skip).await.unwrap();
        assert_eq!(summary.added, count);
        assert_eq!(*batches.lock().unwrap(), expected);
    }
}

/// A text that ends as soon as the store has a package.
struct NothingUntilWritten(Arc<MemoryStore>);

impl Read for NothingUntilWritten {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let runtime = runtime();
        let deadline = Instant::now() + PATIENCE;
        while runtime.block_on(self.0.random(Seed::random())).unwrap().is_none() {
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::yield_now();
        }
        Ok(0)
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

proptest! {
    /// Whatever the crate csv writes, in however small pieces it is read. An apostrophe at the beginning
    /// of a cell may be one that an export has added.
    #[test]
    fn csv_written_by_another_library_is_read(
        fields in prop::collection::vec("([a\",\n \té][a\",\n \t'é]{0,12})?", 1..20),
        piece in 1_usize..20,
    ) {
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(["name", "summary", "field"]).unwrap();
        for (number, field) in fields.iter().enumerate() {
            writer.write_record([&format!("p{number}"), "", field]).unwrap();
        }
        let text = Pieces { text: Cursor::new(writer.into_inner().unwrap()), piece };
        let store = MemoryStore::new();
        runtime().block_on(async {
            let summary = import(&store, Source::new("csv", text), OnExisting::Skip).await.unwrap();
            let added = fields.len() as u64;
            prop_assert_eq!(summary, Summary { added, ..Summary::default() });
            for (number, field) in fields.iter().enumerate() {
                let name = format!("p{number}").parse().unwrap();
                let package = store.read(&name).await.unwrap().unwrap().package();
                let metadata = package.details.metadata.to_map();
                let read = metadata.get("field").and_then(|value| value.as_str());
                let read = read.unwrap_or_default();
                prop_assert_eq!(read, field);
            }
            Ok(())
        })?;
    }
}

/// A text that comes in small pieces, as through a pipe.
pub(crate) struct Pieces {
    pub(crate) text: Cursor<Vec<u8>>,
    pub(crate) piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self.piece.min(buffer.len());
        self.text.read(&mut buffer[..room])
    }
}
