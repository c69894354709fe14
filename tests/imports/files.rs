//! Files of every format, and how their rows are read.

use std::io::{self, Read};

use pyaday_core::import::{Format, ReadError, Reader, ReaderBuilder, Row};

/// A line for each row: the representation of its package, or why it is refused. What ends the
/// reading is the last line.
pub(super) fn lines(builder: ReaderBuilder, input: impl Read) -> Vec<String> {
    match builder.open(input) {
        Ok(reader) => reader.map(line).collect(),
        Err(error) => vec![format!("it {error}")],
    }
}

fn line(row: Result<Row, ReadError>) -> String {
    match row {
        Ok(Row { line, package, .. }) => match package {
            Ok(given) => {
                let package = serde_json::to_string(given.package()).unwrap();
                format!("{line}: {package}{}", if given.is_whole() { "" } else { ", partial" })
            }
            Err(refusal) => format!("{line}: {:?} {refusal}", refusal.pointer()),
        },
        Err(error) => error.to_string(),
    }
}

fn read(text: &str) -> Vec<String> {
    lines(ReaderBuilder::new(), text.as_bytes())
}

fn read_as(format: Format, text: &str) -> Vec<String> {
    lines(ReaderBuilder::new().format(format), text.as_bytes())
}

fn read_partial(text: &str) -> Vec<String> {
    lines(ReaderBuilder::new().partial(true), text.as_bytes())
}

const METADATA: &str = "Metadata-Version: 2.4\n\
    Name: Example.Tool\n\
    Version: 1.4.0rc1\n\
    Summary: Shows what a file may hold\n \
    and goes on over a second line\n\
    Description-Content-Type: text/markdown\n\
    Keywords: example, metadata\n\
    License-Expression: MIT\n\
    License-File: LICENSE\n\
    Requires-Python: >=3.9\n\
    Project-URL: Source, https://example.org/tool\n\
    Project-URL: Changes, https://example.org/tool/changes\n\
    Classifier: Development Status :: 4 - Beta\n\
    Classifier: Topic :: Software Development\n\
    Author: Größe\n\
    Home-page: UNKNOWN\n\
    Requires-Dist: other-tool>=2; extra == \"fast\"\n\
    Import-Name: example_tool\n\
    \n\
    # Example.Tool\n\
    \n\
    Name: a body, which is not read\n";

#[test]
fn core_metadata_becomes_the_json_form_of_pep_566() {
    let expected = [
        "1: {\"name\":\"Example.Tool\",\"short_desc\":\"Shows what a file may hold and goes on over a \
         second line\",\"metadata\":{\"version\":\"1.4.0rc1\",\"keywords\":[\"example\",\"metadata\"],\
         \"license_expression\":\"MIT\",\"license_file\":[\"LICENSE\"],\"requires_python\":\">=3.9\",\
         \"classifier\":[\"Development Status :: 4 - Beta\",\"Topic :: Software Development\"],\
         \"author\":\"Größe\",\"requires_dist\":[\"other-tool>=2; extra == \\\"fast\\\"\"],\
         \"import_name\":[\"example_tool\"],\"project_url\":[\"Source, https://example.org/tool\",\
         \"Changes, https://example.org/tool/changes\"]}}",
    ];
    assert_eq!(read(METADATA), expected);
    assert_eq!(read(&METADATA.replace('\n', "\r\n")), expected);
    assert_eq!(read_as(Format::Metadata, METADATA), expected);
    assert_eq!(read_as(Format::Metadata, METADATA.split_once('\n').unwrap().1), expected);
}

#[test]
fn core_metadata_may_lack_everything_but_a_name() {
    for (text, expected) in [
        ("Metadata-Version: 1.0\nName: a", "1: {\"name\":\"a\",\"short_desc\":\"\"}"),
        ("metadata-version: 1.0\nNAME: a\n\n", "1: {\"name\":\"a\",\"short_desc\":\"\"}"),
        (
            "Metadata-Version: 1.0\nName: a\nSummary: UNKNOWN\nKeywords: b c\nDescription: long\n",
            "1: {\"name\":\"a\",\"short_desc\":\"\",\"metadata\":{\"keywords\":[\"b\",\"c\"]}}",
        ),
        (
            "Metadata-Version: 1.0\nVersion: 1\n",
            "1: \"\" there is no `name`: the members are `summary`, `metadata_version`, `version`",
        ),
        (
            "Metadata-Version: 1.0\nName: -\n",
            "1: \"/name\" /name must begin and end with an ASCII \
          letter or digit",
        ),
    ] {
        assert_eq!(read(text), [expected], "{text}");
    }
}

#[test]
fn a_list_of_the_simple_api_has_names_alone() {
    let list = "{\"meta\":{\"api-version\":\"1.4\",\"_last-serial\":1},\"projects\":[\n\
                {\"name\":\"Flask\",\"_last-serial\":1},{\"name\":\"requests\"}]}";
    assert_eq!(
        read_partial(list),
        [
            "2: {\"name\":\"Flask\",\"short_desc\":\"\",\"metadata\":{\"_last-serial\":1}}, partial",
            "2: {\"name\":\"requests\",\"short_desc\":\"\"}, partial",
        ],
    );
    // The control: names alone cannot become new packages.
    assert_eq!(
        read(list),
        ["it seems to be the index of a package repository, which has no summaries"]
    );
}

#[test]
fn a_document_of_pypi_may_be_printed_over_many_lines() {
    let text = "{\n  \"info\": {\n    \"name\": \"Flask\",\n    \"summary\": \"A framework\",\n    \
                \"description\": \"long\"\n  },\n  \"last_serial\": 1,\n  \"urls\": [{}]\n}\n";
    let expected = ["2: {\"name\":\"Flask\",\"short_desc\":\"A framework\"}"];
    assert_eq!(read(text), expected);
    assert_eq!(read_as(Format::Json, text), expected);
}

#[test]
fn a_column_of_metadata_holds_an_object() {
    let text = "name,short_desc,tags,metadata\n\
                a,A,web,\"{\"\"b\"\":1.50,\"\"a\"\":[null]}\"\n\
                b,B,,\n\
                c,C,,\"{\"\n\
                d,D,,free text\n";
    assert_eq!(
        read(text),
        [
            "2: {\"name\":\"a\",\"short_desc\":\"A\",\"tags\":[\"web\"],\
             \"metadata\":{\"b\":1.5,\"a\":[null]}}",
            "3: {\"name\":\"b\",\"short_desc\":\"B\"}",
            "4: \"/metadata\" metadata must be a JSON object: \"{\"",
            "5: {\"name\":\"d\",\"short_desc\":\"D\",\"metadata\":{\"metadata\":\"free text\"}}",
        ],
    );
}

/// If each member were compared with all others, this would take hours.
#[test]
fn a_document_may_have_very_many_members() {
    let members = r#","a":1"#.repeat(1_000_000);
    let text = format!(r#"{{"projects":[]{members},"items":[{{"name":"a","summary":""}}]}}"#);
    assert_eq!(read(&text), [r#"1: {"name":"a","short_desc":""}"#]);
}

/// Otherwise one of the values would be lost, and nobody would know.
#[test]
fn a_row_with_two_values_for_one_member_of_the_metadata_is_refused() {
    let fault =
        "\"/metadata\" `license` has two values, in two places of the row: remove one of them";
    let table = "name,summary,license,metadata\n\
                 a,A,MIT,\"{\"\"license\"\":\"\"BSD\"\"}\"\n\
                 b,B,MIT,\"{\"\"license\"\":\"\"MIT\"\"}\"\n";
    let same = |line| {
        format!(
            "{line}: {{\"name\":\"b\",\"short_desc\":\"B\",\"metadata\":{{\"license\":\"MIT\"}}}}"
        )
    };
    assert_eq!(read(table), [format!("2: {fault}"), same(3)]);
    let objects = "{\"name\":\"a\",\"summary\":\"A\",\"license\":\"MIT\",\"metadata\":{\"license\":\"BSD\"}}\n\
                   {\"name\":\"b\",\"summary\":\"B\",\"license\":\"MIT\",\"metadata\":{\"license\":\"MIT\"}}\n";
    assert_eq!(read(objects), [format!("1: {fault}"), same(2)]);
}

#[test]
fn an_apostrophe_that_an_export_adds_is_removed_from_csv_alone() {
    let cells = ["'=1+1", "'-1", "''=1", "''a''", "'a", "a'", "-1"];
    let texts = ["=1+1", "-1", "'=1", "''a''", "'a", "a'", "-1"];
    for (cell, text) in cells.iter().zip(texts) {
        let row = |text| format!("2: {{\"name\":\"a\",\"short_desc\":\"{text}\"}}");
        assert_eq!(read(&format!("name,summary\na,{cell}\n")), [row(text)], "{cell}");
        // The control.
        assert_eq!(read(&format!("name\tsummary\na\t{cell}\n")), [row(*cell)], "{cell}");
    }
}

#[test]
fn the_commas_of_a_text_that_must_be_json_are_as_json_has_them() {
    let [a, b] = ["{\"name\":\"a\",\"summary\":\"\"}", "{\"name\":\"b\",\"summary\":\"\"}"];
    let rows = [a, b].map(|row| format!("1: {}", row.replace("summary", "short_desc")));
    let missing = "line 1: a comma is missing before this value";
    let many = "line 1: a value is missing before this comma";
    let last = "line 1: a value is missing after the last comma";
    for (text, read_rows, fault) in [
        (format!("[{a},{b}]"), 2, None),
        ("[]".to_owned(), 0, None),
        (format!("{{\"items\":[{a},{b}],\"next\":null}}"), 2, None),
        (format!("[{a} {b}]"), 1, Some(missing)),
        (format!("[,{a},{b}]"), 0, Some(many)),
        (format!("[{a},,{b}]"), 1, Some(many)),
        (format!("[{a},{b},]"), 2, Some(last)),
        (format!("{{\"items\":[{a},{b}] \"next\":null}}"), 2, Some(missing)),
        (format!("{{\"items\":[{a},{b}],}}"), 2, Some(last)),
    ] {
        let expected = rows[..read_rows].iter().cloned().chain(fault.map(str::to_owned));
        assert_eq!(read_as(Format::Json, &text), expected.collect::<Vec<_>>(), "{text}");
        // The control: a file is read as people have it.
        if read_rows > 0 || fault.is_some() {
            assert_eq!(read(&text), rows, "{text}");
        }
    }
}

#[test]
fn a_file_in_another_format_than_the_expected_one_is_refused() {
    let [ndjson, json, csv, tsv] = [
        "{\"name\":\"a\",\"summary\":\"\"}\n{\"name\":\"b\",\"summary\":\"\"}\n",
        "{\n\"name\":\"a\",\"summary\":\"\"}",
        "name,summary\na,A\n",
        "name\tsummary\na\tA\n",
    ];
    let no_json = "it does not begin with an object or an array of JSON";
    for (format, text, expected) in [
        (Format::Json, ndjson, "it seems to be NDJSON, not JSON"),
        (Format::Ndjson, json, "it seems to be JSON, not NDJSON"),
        (Format::Ndjson, "[]", "it seems to be JSON, not NDJSON"),
        (Format::Csv, ndjson, "it seems to be NDJSON, not CSV"),
        (Format::Csv, "[]", "it seems to be JSON, not CSV"),
        (Format::Csv, tsv, "it seems to be TSV, not CSV"),
        (Format::Tsv, csv, "it seems to be CSV, not TSV"),
        (Format::Tsv, METADATA, "it seems to be METADATA, not TSV"),
        (Format::Metadata, json, "it seems to be JSON, not METADATA"),
        (Format::Ndjson, csv, no_json),
        (Format::Json, tsv, no_json),
        (Format::Csv, "", "it is empty"),
        (
            Format::Csv,
            "flask>=3\n",
            "it seems to be a list of requirements for pip, which has no summaries",
        ),
    ] {
        assert_eq!(read_as(format, text), [expected], "{format} {text}");
    }
}

#[test]
fn a_file_in_the_expected_format_is_read() {
    let two =
        ["1: {\"name\":\"a\",\"short_desc\":\"\"}", "2: {\"name\":\"b\",\"short_desc\":\"\"}"];
    let [a, b] = ["{\"name\":\"a\",\"summary\":\"\"}", "{\"name\":\"b\",\"summary\":\"\"}"];
    assert_eq!(read_as(Format::Ndjson, &format!("{a}\n{b}")), two);
    assert_eq!(read_as(Format::Ndjson, a), two[..1]);
    assert_eq!(read_as(Format::Json, a), two[..1]);
    assert_eq!(read_as(Format::Json, &format!("{a}\n\n")), two[..1]);
    assert_eq!(read_as(Format::Json, &format!("[{a},\n{b}]")), two);
    assert_eq!(read_as(Format::Json, &format!("{{\"items\":[{a},\n{b}],\"next\":null}}")), two);
    let names = ReaderBuilder::new().partial(true).format(Format::Tsv);
    let expected = ["2: {\"name\":\"a\",\"short_desc\":\"\"}, partial"];
    assert_eq!(lines(names, &b"name\na\n"[..]), expected);
}

#[test]
fn one_json_text_ends_where_it_ends() {
    let a = "{\n\"name\":\"a\",\"summary\":\"\"}";
    let end = "line 3: there is something after the end of the JSON text";
    let row = "1: {\"name\":\"a\",\"short_desc\":\"\"}";
    assert_eq!(read_as(Format::Json, &format!("{a}\n{a}")), [row, end]);
    let page = format!("{{\"items\":[{a}]}}");
    assert_eq!(read_as(Format::Json, &format!("{page}\n{page}")), [row, end]);
    // The control: if any format will do, so do several texts.
    assert_eq!(read(&format!("{a}\n{a}")).len(), 2);
}

#[test]
fn nothing_is_read_after_an_error() {
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }

    let begin = "name\tsummary\na\tA\n".as_bytes();
    let mut reader = Reader::open(begin.chain(Failing)).unwrap();
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert!(matches!(reader.next(), Some(Err(ReadError::Read(_)))));
    assert!(reader.next().is_none());
    let mut truncated = Reader::open(&b"[{\"name\":"[..]).unwrap();
    assert!(matches!(truncated.next(), Some(Err(ReadError::Malformed { line: 1, .. }))));
    assert!(truncated.next().is_none());
}

#[test]
fn a_very_long_reason_is_cut() {
    let name = "x".repeat(100_000);
    let read = read(&format!("{{\"{name}\":1}}\n{{\"name\":\"a\",\"short_desc\":1,\"{name}\":1}}"));
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(|line| line.len() < 1_100), "{read:?}");
}
