//! Facts about extreme but valid values: a store keeps them unchanged.

use serde_json::{Map, Value, json};

use super::bench::{Bench, Checked, same, shows};
use super::fixtures::{described, full, name, package};
use super::{Fact, Subject};
use crate::package::{Metadata, Package, Revision, Stored};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("the shortest and the longest names are kept", lengths_of_names),
        Fact::new("every character of a description is kept", descriptions),
        Fact::new("the most and the longest tags are kept", tags),
        Fact::new("the members of metadata keep their order, at every level", key_order),
        Fact::new("every character of the strings and keys of metadata is kept", strings),
        Fact::new("every digit of the numbers of metadata is kept", numbers),
        Fact::new("metadata is kept at its greatest depth", depth),
        Fact::new("metadata is kept at its greatest size", size),
        Fact::new("an update that only reorders metadata is carried out", reordered),
    ]
}

/// Apart from the others, because it takes longer than all of them.
pub(super) fn facts_of_thousands<S: Subject>() -> Vec<Fact<S>> {
    vec![Fact::new("a batch of thousands is created", batch_of_thousands)]
}

/// Checks that a package stays the same, whichever methods write and read it.
fn kept<S: Subject>(bench: &Bench<'_, S>, package: &Package) -> Checked {
    let own = package.name.normalized();
    let read = |done: &str, version| {
        let done = format!("`{}` was {done}", package.name);
        same(format!("{done} and read"), &bench.read(&own)?, &Some(version))
    };
    read("created", bench.add(package)?)?;
    bench.remove(&own)?;
    let version = bench.add_all(&[full("a-neighbour"), package.clone()])?.remove(1);
    read("created in a batch", version)?;
    bench.change(&own, &described("any", "in between").details)?;
    let version = bench.change(&own, &package.details)?;
    shows(format!("`{own}` was updated"), &version, package)?;
    read("updated", version.clone())?;
    let page = bench.page()?;
    let listed = page.items.into_iter().find(|listed| listed.package().name == package.name);
    same(format!("`{own}` was listed"), &listed, &Some(version))?;
    bench.remove(&own)?;
    bench.remove(&name("a-neighbour"))
}

fn with_metadata(metadata: Value) -> Package {
    package(&json!({"name": "Flask", "short_desc": "", "metadata": metadata}))
}

fn lengths_of_names<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let separated = "Ab_".repeat(84) + "abc";
    for spelling in [
        "x",
        "0",
        &"x".repeat(255),
        &"Z9".repeat(127),
        &separated,
        &format!("a{}b", "._-".repeat(84)),
    ] {
        kept(bench, &full(spelling))?;
    }
    // Two names of the greatest length that differ in their last character.
    for last in ["a", "b"] {
        bench.add(&described(&("x".repeat(254) + last), last))?;
    }
    Ok(())
}

fn descriptions<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let whole = |text: &str| text.chars().cycle().take(512).collect::<String>();
    for text in [
        "".to_owned(),
        " ".to_owned(),
        "  leading and trailing  ".to_owned(),
        whole("x"),
        whole("é"),
        whole("\u{10ffff}\u{1f40d}"),
        whole("\\\"'"),
        "e\u{301} \u{e9} \u{fb01} \u{200d} \u{feff} \u{fffd} \u{200b}".to_owned(),
        r#"' " \ \u0041 \n %s {} $1 ?1 :name -- /* */ ; NULL"#.to_owned(),
    ] {
        kept(bench, &described("Flask", &text))?;
    }
    Ok(())
}

fn tags<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let labels: Vec<_> = (10..42).map(|at| "9-".repeat(19) + &at.to_string()).collect();
    kept(bench, &package(&json!({"name": "Flask", "short_desc": "", "tags": labels})))?;
    kept(
        bench,
        &package(&json!({"name": "Flask", "short_desc": "", "tags": ["a", "0", "a-", "null"]})),
    )
}

fn key_order<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let inner = json!({"z": "1", "a": {"y": [{"d": "1", "c": "2"}], "b": "2"}, "m": null});
    kept(
        bench,
        &with_metadata(json!({"version": "1", "b": inner, "a": "", "B": "", "10": "", "9": ""})),
    )
}

fn strings<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let texts = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{1}\u{7f}\u{80}\u{2028}",
        "\n\r\t",
        "'",
        "\"",
        "\\",
        "\\u0000",
        "\u{feff}",
        "\u{fffd}",
        "\u{10ffff}",
        "é",
        "e\u{301}",
        "null",
        "1",
        "{}",
        "</script>",
        "/",
    ];
    let members = texts.iter().map(|text| ((*text).to_owned(), json!([text, {*text: text}])));
    kept(bench, &with_metadata(members.collect::<Map<_, _>>().into()))
}

fn numbers<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let integers = json!([
        0,
        1,
        -1,
        u64::MAX,
        u64::MAX - 1,
        i64::MAX,
        i64::MIN,
        1_u64 << 53,
        (1_u64 << 53) + 1
    ]);
    let floats = json!([
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        0.2,
        0.30000000000000004,
        1e15,
        1e16,
        1e17,
        1e308,
        -1e308,
        1e-308,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        1.7976931348623155e308,
    ]);
    let others = json!([true, false, null, [], {}, [[]], [{}], {"": {}}]);
    kept(bench, &with_metadata(json!({"integers": integers, "floats": floats, "others": others})))?;
    // An integer and the equal number with a fraction are different metadata.
    bench.add(&with_metadata(json!({"n": 1})))?;
    bench.change(&name("flask"), &with_metadata(json!({"n": 1.0})).details)?;
    Ok(())
}

fn depth<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    // The representation and the metadata are the other two of 128 levels.
    const LEVELS: usize = 126;
    let arrays = (0..LEVELS).fold(json!("inmost"), |inner, _| json!([inner]));
    let objects = (0..LEVELS).fold(json!(0), |inner, _| json!({"a": inner}));
    kept(bench, &with_metadata(json!({"arrays": arrays, "objects": objects})))
}

fn size<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    const BYTES: usize = 16 * 1024;
    let around = json!({"text": ""}).to_string().len();
    for text in [
        "x".repeat(BYTES - around),
        "é".repeat((BYTES - around) / 2),
        "\0".repeat((BYTES - around) / 6),
    ] {
        kept(bench, &with_metadata(json!({"text": text})))?;
    }
    let numbers: Vec<_> = (0..3000).collect();
    kept(bench, &with_metadata(json!({"numbers": numbers})))?;
    let members = (0..1400).map(|at| (format!("k{at}"), json!(at % 10)));
    kept(bench, &with_metadata(members.collect::<Map<_, _>>().into()))
}

/// This is more than the number of parameters that any database accepts in one statement.
fn batch_of_thousands<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    const THOUSANDS: usize = 17_000;
    let packages: Vec<Package> =
        (0..THOUSANDS).map(|at| described(&format!("p{at}"), "")).collect();
    let versions = bench.add_all(&packages)?;
    for at in [0, 1, THOUSANDS / 2, THOUSANDS - 1] {
        let read = bench.read(&packages[at].name.normalized())?;
        same(format!("package {at} of the batch was read"), &read, &Some(versions[at].clone()))?;
    }
    let listed = bench.page()?.items.len();
    same("all were listed after it and counted", &listed, &THOUSANDS)
}

fn reordered<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    for order in [["a", "b"], ["b", "a"], ["a", "b"]] {
        let members = order.map(|key| (key.to_owned(), Value::from(1)));
        let mut package = described("flask", "");
        package.details.metadata = Metadata::try_from(Map::from_iter(members)).unwrap_or_default();
        bench.create(&package)?;
        bench.update(&flask, None, &package.details)?;
        let read = bench.read(&flask)?.map(|stored| stored.representation());
        let expected = Stored::new(&package, Revision::new(0)).representation();
        same(format!("metadata was put in the order {order:?}"), &read, &Some(expected))?;
    }
    Ok(())
}
