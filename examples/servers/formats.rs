//! Which files are taken, whatever program wrote them.

use std::io::{Cursor, Read, repeat};
use std::num::NonZeroUsize;

use proptest::prelude::*;
use pyaday_core::import::{ReadError, Reader};
use pyaday_core::{MemoryStore, PackageStore, Query};
use pyaday_examples::{OnExisting, Source, import};

use crate::import::{Pieces, runtime};

/// The representations of all packages of a store, a line each.
pub(crate) async fn packages(store: &MemoryStore) -> String {
    let page = store.list(&Query::new(NonZeroUsize::MAX)).await.unwrap();
    let lines = page.items.iter().map(|it| {
        let text = it.representation();
        format!("{}\n", str::from_utf8(&text).unwrap())
    });
    lines.collect()
}

/// Imports a text that comes in small pieces; the representations, and how many rows were refused.
fn taken(text: impl AsRef<[u8]>) -> (String, u64) {
    let text = text.as_ref().to_vec();
    let [whole, in_pieces] = [text.len().max(1), 3].map(|piece| {
        let text = Pieces { text: Cursor::new(text.clone()), piece };
        taken_from(text)
    });
    assert_eq!(whole, in_pieces);
    whole
}

fn taken_from(input: impl Read + Send + 'static) -> (String, u64) {
    runtime().block_on(async {
        let store = MemoryStore::new();
        let source = Source::new("file", input);
        let summary = import(&store, source, OnExisting::Skip).await.unwrap();
        (packages(&store).await, summary.refused)
    })
}

const TWO: &str = "{\"name\":\"flask\",\"short_desc\":\"A web framework\"}\n\
                   {\"name\":\"requests\",\"short_desc\":\"HTTP for people\"}\n";

fn assert_two(text: impl AsRef<[u8]>) {
    let shown = String::from_utf8_lossy(text.as_ref()).into_owned();
    assert_eq!(taken(text), (TWO.to_owned(), 0), "{shown}");
}

#[test]
fn a_table_may_have_any_usual_header_delimiter_and_line_end() {
    for text in [
        "name,summary\nflask,A web framework\nrequests,HTTP for people\n",
        "Name,SUMMARY\r\nflask,A web framework\r\nrequests,HTTP for people\r\n",
        " name , description \nflask,A web framework\nrequests,HTTP for people",
        "name,summary\rflask,A web framework\rrequests,HTTP for people\r",
        "name,summary\nflask,A web framework\rrequests,HTTP for people\r",
        "name;summary\nflask;A web framework\nrequests;\"HTTP for people\"\n",
        "sep=,\nname,summary\nflask,A web framework\nrequests,HTTP for people\n",
        "sep=;\r\nname;summary\r\nflask;A web framework\r\nrequests;HTTP for people\r\n",
        "sep=|\nname|summary\nflask|A web framework\nrequests|HTTP for people\n",
        "sep=\t\nname\tsummary\nflask\tA web framework\nrequests\tHTTP for people\n",
        "\"name\"\t\"summary\"\n\"flask\"\t\"A web framework\"\n\"requests\"\t\"HTTP for people\"\n",
        "name,summary,,\nflask,A web framework,,\n,,,\nrequests,HTTP for people,,\n,,,\n",
    ] {
        assert_two(text);
    }
}

#[test]
fn utf_16_with_a_byte_order_mark_is_imported() {
    let text = "name,summary\r\nflask,A web framework\r\nrequests,HTTP for people\r\n";
    let units = || std::iter::once('\u{feff}').chain(text.chars()).map(|c| c as u16);
    assert_two(units().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    assert_two(units().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
}

#[test]
fn json_is_imported_from_lines_arrays_and_pages() {
    let (flask, requests) = TWO.trim().split_once('\n').unwrap();
    for text in [
        format!("{flask}\n{requests}\n"),
        format!("[{flask},{requests}]"),
        format!("[\n  {flask},\n  {requests}\n]\n"),
        format!(
            "{{\"items\":[{flask}],\"next\":\"flask\"}}\n{{\"items\":[{requests}],\"next\":null}}"
        ),
        format!("{{\n \"total\": 2,\n \"items\": [\n{flask},\n{requests}\n],\n \"next\": null\n}}"),
        TWO.replace('{', "{\n  ").replace(",\"", ",\n  \"").replace('}', "\n}"),
        TWO.replace("short_desc", "summary"),
        TWO.replace("short_desc", "Description").replace("name", "Name"),
    ] {
        assert_two(text);
    }
}

#[test]
fn json_of_pypi_becomes_core_metadata() {
    let info = r#"{"author":"Someone","author_email":null,"classifiers":["Framework :: Flask"],"description":"LONG","downloads":{"last_day":-1},"keywords":"","name":"Flask","project_url":"https://pypi.org/project/Flask/","project_urls":{"Source":"https://example.org/flask"},"requires_dist":null,"requires_python":">=3.9","summary":"A web framework","version":"3.1.0","yanked":false,"yanked_reason":null}"#;
    let info = info.replace("LONG", &"x".repeat(20_000));
    let expected = r#"{"name":"Flask","short_desc":"A web framework","metadata":{"author":"Someone","classifier":["Framework :: Flask"],"requires_python":">=3.9","version":"3.1.0","project_url":["Source, https://example.org/flask"]}}"#;
    for text in [
        info.clone(),
        format!("{info}\n{info}\n"),
        format!("[{info}]"),
        format!("{{\"info\":{info},\"last_serial\":1,\"releases\":{{\"3.1.0\":[]}}}}"),
        format!("{{\n  \"info\": {info},\n  \"urls\": []\n}}\n"),
    ] {
        let refused = 0;
        assert_eq!(taken(text), (format!("{expected}\n"), refused));
    }
}

#[test]
fn unknown_and_null_become_empty_summaries() {
    for text in [
        "name,summary\nflask,UNKNOWN\n",
        "{\"name\":\"flask\",\"summary\":\"UNKNOWN\"}",
        "{\"name\":\"flask\",\"summary\":null}",
    ] {
        assert_eq!(taken(text), ("{\"name\":\"flask\",\"short_desc\":\"\"}\n".to_owned(), 0));
    }
}

#[test]
fn lists_of_labels_become_tags() {
    for text in [
        "name\tsummary\ttags\nflask\t\t['web', 'wsgi']\n",
        "name\tsummary\ttags\nflask\t\t[\"web\",\"wsgi\"]\n",
        "name,summary,Tags\nflask,,wsgi|web\n",
        "name,summary,tags\nflask,,\"web, wsgi\"\n",
        "{\"name\":\"flask\",\"summary\":\"\",\"tags\":\"web wsgi\"}",
    ] {
        let flask = "{\"name\":\"flask\",\"short_desc\":\"\",\"tags\":[\"web\",\"wsgi\"]}\n";
        assert_eq!(taken(text), (flask.to_owned(), 0), "{text}");
    }
}

#[test]
fn quotes_that_excel_adds_are_removed() {
    let (packages, refused) = taken(
        "name\tsummary\tnote\r\n\
         a\t\"Fast, simple\"\tx\r\n\
         b\t\"The \"\"best\"\" HTTP\"\t\"\"\r\n\
         c\tC\t\"line one\nline two\"\r\n\
         d\t\"with\ttab\"\t\r\n",
    );
    // The control: what Excel does not quote keeps its quotes, and a quote swallows no other row.
    let (plain, plain_refused) = taken(
        "name\tsummary\n\
         a\t\"Quoted\"\n\
         b\t\"never closed\n\
         c\tends with \"\n\
         d\t\"more\" than quoted\n",
    );
    assert_eq!(
        packages,
        "{\"name\":\"a\",\"short_desc\":\"Fast, simple\",\"metadata\":{\"note\":\"x\"}}\n\
         {\"name\":\"b\",\"short_desc\":\"The \\\"best\\\" HTTP\"}\n\
         {\"name\":\"c\",\"short_desc\":\"C\",\"metadata\":{\"note\":\"line one\\nline two\"}}\n"
    );
    // A tab is a control character, which no summary may have.
    assert_eq!(refused, 1);
    assert_eq!(
        plain,
        "{\"name\":\"a\",\"short_desc\":\"\\\"Quoted\\\"\"}\n\
         {\"name\":\"b\",\"short_desc\":\"\\\"never closed\"}\n\
         {\"name\":\"c\",\"short_desc\":\"ends with \\\"\"}\n\
         {\"name\":\"d\",\"short_desc\":\"\\\"more\\\" than quoted\"}\n"
    );
    assert_eq!(plain_refused, 0);
}

#[test]
fn an_invalid_element_is_refused_and_the_others_are_added() {
    let long = "x".repeat(3 * 1024 * 1024);
    let text = format!(
        "[1, {{\"name\":\"flask\",\"summary\":\"A web framework\"}}, \"text\", {{\"name\": tru}},\n\
         {{\"name\":\"{long}\"}}, [[]], {{\"version\":\"1\"}},\n\
         {{\"name\":\"requests\",\"summary\":\"HTTP for people\"}}]"
    );
    let (packages, refused) = taken_from(Cursor::new(text));
    assert_eq!((packages.as_str(), refused), (TWO, 6));
}

/// More than any memory that is set aside for one value.
#[test]
fn unused_parts_of_a_document_may_have_any_length() {
    let beginning = "{\"releases\":\"";
    let end = "\",\"info\":{\"name\":\"flask\",\"summary\":\"\"}}";
    let filling = repeat(b'x').take(8 * 1024 * 1024);
    let head = "{\"info\":{\"name\":\"requests\",\"summary\":\"\"}}\n";
    let text = Cursor::new(format!("{head}{beginning}")).chain(filling).chain(Cursor::new(end));
    let (packages, refused) = taken_from(text);
    assert_eq!(packages.lines().count(), 2, "{packages}");
    assert_eq!(refused, 0);
}

/// All that a reader says of a text that comes in pieces of this size.
fn read(text: &[u8], piece: usize) -> Vec<String> {
    let text = Pieces { text: Cursor::new(text.to_vec()), piece };
    let mut reader = match Reader::open(text) {
        Ok(reader) => reader,
        Err(error) => return vec![error.to_string()],
    };
    let mut said = Vec::new();
    loop {
        match reader.next_row() {
            Ok(Some(row)) => said.push(format!("{row:?}")),
            Ok(None) => return said,
            Err(ReadError::Read(error)) => panic!("{error}"),
            Err(error) => {
                said.push(error.to_string());
                return said;
            }
        }
    }
}

proptest! {
    /// Whatever is in a file: a reader comes to its end, and says the same however the text comes.
    #[test]
    fn any_text_is_read_to_its_end(
        beginning in prop::sample::select(vec![
            "", "[", "{\"items\":[", "{\"info\":", "{\n", "name\tsummary\n", "name,summary\n", "sep=;\n",
            "name;summary\r", "\"name\"\t\"summary\"\n",
        ]),
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", "\r", "\t", ";", " ", "1", "null", "é",
                "a", "\"name\"", "\"summary\"", "\"items\"", "\"info\"",
                "{\"name\":\"a\",\"summary\":\"\"}",
            ]),
            0..30,
        ),
        piece in 1_usize..9,
    ) {
        let text = beginning.to_owned() + &parts.concat();
        prop_assert_eq!(read(text.as_bytes(), piece), read(text.as_bytes(), 1_000));
    }
}
