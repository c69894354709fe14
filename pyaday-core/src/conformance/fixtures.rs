//! The packages and values that the checks use.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::daily::Date;
use crate::package::{Details, NormalizedName, Package, Stored, Tag};
use crate::search::Search;
use crate::store::{Query, Seed};

#[expect(clippy::expect_used, reason = "the suite's own names are valid")]
pub(super) fn name(spelling: &str) -> NormalizedName {
    spelling.parse().expect("the suite's names are valid")
}

#[expect(clippy::expect_used, reason = "the suite's own tags are valid")]
pub(super) fn tag(label: &str) -> Tag {
    label.parse().expect("the suite's tags are valid")
}

/// Makes a package from its representation.
#[expect(clippy::expect_used, reason = "the suite's own packages are valid")]
pub(super) fn package(representation: &Value) -> Package {
    Package::from_json(representation.to_string().as_bytes())
        .expect("the suite's packages are valid")
}

pub(super) fn described(name: &str, short_desc: &str) -> Package {
    package(&json!({"name": name, "short_desc": short_desc}))
}

pub(super) fn tagged(name: &str, tags: &[&str]) -> Package {
    package(&json!({"name": name, "short_desc": "", "tags": tags}))
}

/// Makes packages with these names and without other content.
pub(super) fn bare(names: &[&str]) -> Vec<Package> {
    names.iter().map(|name| described(name, "")).collect()
}

/// `name-000`, `name-001` and so on.
pub(super) fn numbered(name: &str, count: usize) -> Vec<Package> {
    (0..count).map(|at| described(&format!("{name}-{at:03}"), "")).collect()
}

/// A package with content in every field.
pub(super) fn full(name: &str) -> Package {
    package(&json!({
        "name": name,
        "short_desc": "A simple framework for building complex web applications.",
        "tags": ["framework", "web"],
        "metadata": {"classifier": ["a", "b"], "requires_python": ">=3.9", "version": "3.1.2"},
    }))
}

pub(super) fn details(short_desc: &str) -> Details {
    described("any", short_desc).details
}

pub(super) fn names(versions: &[Stored]) -> Vec<String> {
    versions.iter().map(|version| normalized(version).as_str().to_owned()).collect()
}

pub(super) fn normalized(version: &Stored) -> NormalizedName {
    version.package().name.normalized()
}

pub(super) fn everything() -> Query {
    Query::new(NonZeroUsize::MAX)
}

pub(super) fn first(limit: usize) -> Query {
    Query::new(at_least_one(limit))
}

/// The query for everything that a search finds, by relevance.
pub(super) fn with_words(words: &str) -> Query {
    Query { search: Some(search(words)), ..everything() }
}

#[expect(clippy::expect_used, reason = "the suite's own searches are valid")]
pub(super) fn search(words: &str) -> Search {
    words.parse().expect("the suite's searches are valid")
}

pub(super) fn with_tags(tags: &[&str]) -> Query {
    Query { tags: tags.iter().map(|label| tag(label)).collect(), ..everything() }
}

pub(super) fn at_least_one(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN)
}

/// Seeds, the same in every run. They come from a cipher, because a store may use the bits
/// directly.
pub(super) fn seeds() -> impl Iterator<Item = Seed> {
    let mut generator = StdRng::seed_from_u64(0);
    std::iter::repeat_with(move || Seed::new(generator.random()))
}

/// A seed for checks that do not depend on its value.
pub(super) fn seed() -> Seed {
    Seed::new(StdRng::seed_from_u64(1).random())
}

/// The day with number `n` of the suite.
pub(super) fn day(number: i32) -> Date {
    Date::of(UNIX_EPOCH).plus_days(20_000 + number)
}

/// The moment when the suite's days are opened.
pub(super) fn moment() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}
