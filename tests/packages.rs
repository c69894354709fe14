//! Facts about packages as a host makes them in Rust.

use pyaday_core::{Metadata, Package, PackageError, Revision, Stored, Tag, Tags};
use serde_json::{Map, Value, json};

fn invalid(text: &str) -> String {
    match Package::from_json(text.as_bytes()).unwrap_err() {
        PackageError::Invalid(invalid) => invalid.to_string(),
        PackageError::Malformed(malformed) => panic!("{malformed}"),
    }
}

#[test]
fn all_errors_of_a_package_are_in_one_message() {
    assert_eq!(
        invalid(r#"{"name":"-","tags":["A"],"x":1}"#),
        "/name must begin and end with an ASCII letter or digit; /short_desc is required; \
         /tags/0 must be 1 to 40 of `a-z`, `0-9` and `-`, and must not begin with `-`; \
         /x is not a member of a package"
    );
    assert_eq!(invalid("7"), "must be an object");
}

#[test]
fn malformed_json_is_reported_with_line_and_column() {
    let Err(PackageError::Malformed(error)) = Package::from_json(b"{\n \"name\":}") else {
        panic!("it is not JSON");
    };
    assert_eq!((error.line(), error.column()), (2, 9));
    assert_eq!(error.to_string(), "expected value at line 2, column 9");
}

#[test]
fn a_stored_package_equals_the_original() {
    let text = r#"{"name":"Zope.Interface","short_desc":"é\"\\","tags":["a","b"],"metadata":{"z":0.1,"a":[18446744073709551615,-9223372036854775808,1e+308,null]}}"#;
    let package = Package::from_json(text.as_bytes()).unwrap();
    let stored = Stored::new(&package, Revision::new(u64::MAX));
    assert_eq!(stored.representation(), text);
    assert_eq!(stored.package(), package);
    assert_eq!(stored.entity_tag(), "\"18446744073709551615\"");
    assert_eq!(stored.revision(), Revision::new(u64::MAX));
}

/// `value` in arrays, one in another.
fn nested(value: Value, levels: usize) -> Value {
    (0..levels).fold(value, |inner, _| json!([inner]))
}

/// What is taken can be read again: the depth is that of the text around it.
#[test]
fn metadata_nests_at_most_126_levels_deep() {
    let metadata =
        |levels| Metadata::try_from(Map::from_iter([("a".to_owned(), nested(json!(1), levels))]));
    assert!(metadata(127).is_err());
    let mut package = Package::new("flask", "").unwrap();
    package.details.metadata = metadata(126).unwrap();
    assert_eq!(Stored::new(&package, Revision::new(1)).package(), package);
}

#[test]
fn tags_are_sorted_and_there_are_at_most_32() {
    let tag = |at: usize| format!("t{at:02}").parse::<Tag>().unwrap();
    let tags =
        Tags::try_from((0..32).rev().map(tag).collect::<std::collections::BTreeSet<_>>()).unwrap();
    assert!(tags.iter().is_sorted());
    assert!(tags.contains(&tag(31)) && !tags.contains(&tag(32)));
    assert!(Tags::try_from((0..33).map(tag).collect::<std::collections::BTreeSet<_>>()).is_err());
}
