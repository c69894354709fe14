//! Tests that the index changes nothing. The same catalogue without an index is the oracle: it looks
//! at all packages.

use std::num::NonZeroUsize;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Live;
use crate::catalogue::snapshot::Catalogue;
use crate::package::{Metadata, Package, Revision, Stored, Tag};
use crate::store::{Position, Query, Replacement, Selected, Sort, Write};

/// Words with common beginnings and parts, so that packages are found in all places.
const WORDS: &[&str] = &[
    "a",
    "py",
    "pyt",
    "python",
    "pythonic",
    "yth",
    "django",
    "djan",
    "ango",
    "web",
    "webb",
    "framework",
    "frame",
    "work",
    "straße",
    "STRASSE",
    "café",
    "x1",
    "7",
    "aaaa",
    "aaa",
];

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(WORDS)
}

fn words(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(word(), count)
}

fn package() -> impl Strategy<Value = Package> {
    let name = words(1..4).prop_map(|words| {
        let words = words.iter().filter(|word| word.is_ascii()).copied();
        words.collect::<Vec<_>>().join("-")
    });
    let rank = prop::option::weighted(0.4, 1..40_000_u64);
    (name, words(0..6), rank, words(0..2), words(0..2), words(0..2)).prop_map(
        |(name, text, rank, imports, keywords, tags)| {
            let mut members = Map::new();
            members.extend(rank.map(|rank| ("rank".to_owned(), rank.into())));
            let mut add = |key: &str, values: Vec<&str>| {
                let values: Value = json!(values);
                if values != json!([]) {
                    members.insert(key.to_owned(), values);
                }
            };
            add("import_name", imports);
            add("keywords", keywords);
            let name = if name.is_empty() { "name" } else { &name };
            let mut package = Package::new(name, &text.join(" ")).expect("a package");
            package.details.metadata = Metadata::try_from(members).expect("metadata");
            let tags = tags.iter().filter_map(|tag| tag.parse::<Tag>().ok());
            package.details.tags =
                tags.collect::<std::collections::BTreeSet<_>>().try_into().expect("few tags");
            package
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Put(Box<Package>),
    Delete(Box<Package>),
    Index,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => package().prop_map(|package| Step::Put(Box::new(package))),
        3 => package().prop_map(|package| Step::Delete(Box::new(package))),
        1 => Just(Step::Index),
    ];
    prop::collection::vec(step, 1..150)
}

fn query() -> impl Strategy<Value = Query> {
    let part = (word(), 1..4_usize, any::<bool>()).prop_map(|(word, length, is_part)| {
        if is_part { word.chars().take(length).collect::<String>() } else { word.to_owned() }
    });
    let tags = prop::option::weighted(0.2, word());
    (prop::collection::vec(part, 0..4), tags, any::<bool>(), 1..9_usize).prop_map(
        |(words, tag, by_name, limit)| {
            let mut query = Query::new(NonZeroUsize::new(limit).expect("a limit"));
            query.search = words.join(" ").parse().ok();
            query.tags.extend(tag.and_then(|tag| tag.parse().ok()));
            query.sort = if by_name { Sort::Name } else { Sort::Relevance };
            query
        },
    )
}

fn apply(catalogue: &mut Catalogue, step: &Step) {
    match step {
        Step::Put(package) => {
            let name = package.name.normalized();
            let replacement = Replacement::new(package.details.clone());
            drop(catalogue.create(package, &Write::new()));
            drop(catalogue.update(&name, replacement, &Write::new()));
        }
        Step::Delete(package) => {
            drop(catalogue.delete(&package.name.normalized(), &Write::new()));
        }
        Step::Index => catalogue.build_index(),
    }
}

/// All packages of a selection, whose pages must not be longer than this.
fn taken(selected: &mut Selected, limit: usize) -> Vec<Stored> {
    let context = &mut Context::from_waker(Waker::noop());
    let mut packages = Vec::new();
    while let Poll::Ready(Some(page)) = selected.poll_page(context) {
        let page = page.expect("a catalogue does not fail");
        assert!((1..=limit).contains(&page.len()));
        packages.extend(page);
    }
    packages
}

fn without_index(catalogue: &Catalogue) -> Catalogue {
    Catalogue { index: Live::default(), ..catalogue.clone() }
}

/// The catalogue after these steps, with an index that was built in between, and without one.
fn with_and_without_index(before: &[Step], after: &[Step]) -> (Catalogue, Catalogue) {
    let mut catalogue = Catalogue::new(Revision::new(0));
    before.iter().for_each(|step| apply(&mut catalogue, step));
    catalogue.build_index();
    after.iter().for_each(|step| apply(&mut catalogue, step));
    let other = without_index(&catalogue);
    (catalogue, other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_are_the_same_with_and_without_an_index(
        before in steps(),
        after in steps(),
        queries in prop::collection::vec(query(), 8),
    ) {
        let (catalogue, other) = with_and_without_index(&before, &after);
        for mut query in queries {
            loop {
                let page = catalogue.list(&query);
                prop_assert_eq!(&page, &other.list(&query));
                let Some(next) = page.next else { break };
                query.after = Some(next);
            }
        }
    }

    #[test]
    fn selections_are_lists_by_name_with_and_without_an_index(
        before in steps(),
        after in steps(),
        queries in prop::collection::vec(query(), 8),
    ) {
        let (catalogue, other) = with_and_without_index(&before, &after);
        for query in queries {
            let limit = NonZeroUsize::new(10_000).expect("a limit");
            let expected = other.list(&Query { sort: Sort::Name, limit, ..query.clone() }).items;
            for mut selected in [catalogue.select(&query), other.select(&query)] {
                prop_assert_eq!(selected.total(), Some(expected.len()));
                prop_assert_eq!(&taken(&mut selected, query.limit.get()), &expected);
            }
        }
    }

    #[test]
    fn pages_of_a_search_are_in_the_order_of_the_scores(
        steps in steps(),
        mut query in query(),
    ) {
        let mut catalogue = Catalogue::new(Revision::new(0));
        steps.iter().for_each(|step| apply(&mut catalogue, step));
        catalogue.build_index();
        query.sort = Sort::Relevance;
        let Some(search) = query.words().cloned() else { return Ok(()) };
        query.tags.clear();
        let mut found = Vec::new();
        loop {
            let page = catalogue.list(&query);
            found.extend(page.items.iter().map(Stored::package));
            let Some(next) = page.next else { break };
            prop_assert!(matches!(next, Position::Relevance(..)));
            query.after = Some(next);
        }
        let everything = Query::new(NonZeroUsize::new(10_000).expect("a limit"));
        let all = catalogue.list(&everything).items.into_iter().map(|stored| stored.package());
        let mut expected: Vec<_> =
            all.filter_map(|package| Some((search.score(&package)?, package))).collect();
        expected.sort_by(|(one, left), (other, right)| {
            other.cmp(one).then_with(|| left.name.normalized().cmp(&right.name.normalized()))
        });
        let expected: Vec<_> = expected.into_iter().map(|(_, package)| package).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_catalogue_that_is_written_to_without_end_keeps_an_exact_index() {
    let mut catalogue = Catalogue::new(Revision::new(0));
    let package = |at: usize| Package::new(&format!("web-{at}"), "A frame").expect("a package");
    let mut query = Query::new(NonZeroUsize::new(5).expect("a limit"));
    query.search = "web fra".parse().ok();
    for at in 0..600 {
        drop(catalogue.create(&package(at), &Write::new()));
        if at % 2 == 1 {
            drop(catalogue.delete(&package(at / 2).name.normalized(), &Write::new()));
        }
        if at % 50 == 49 {
            catalogue.build_index();
        }
        let page = catalogue.list(&query);
        assert_eq!(page, without_index(&catalogue).list(&query));
        assert_eq!(page.total, Some(catalogue.len()));
    }
}
