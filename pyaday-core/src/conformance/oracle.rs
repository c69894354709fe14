//! Answers a list in the simplest way, from the rules in the documentation of [`Score`]: it looks
//! at every package and shares no code with the search of the catalogue.

use std::cmp::Reverse;

use caseless::Caseless as _;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::package::{Package, PackageName, Revision, Stored};
use crate::search::{Score, Search};
use crate::store::{Page, Position, Query};

/// The page that a store with these packages must return.
pub(super) fn page<'a>(
    query: &Query,
    packages: impl Iterator<Item = (&'a Package, &'a Stored)>,
    revision: Revision,
) -> Page {
    let all: Vec<_> = packages.collect();
    let mut found: Vec<_> = all
        .iter()
        .filter(|(package, _)| query.tags.iter().all(|tag| package.details.tags.contains(tag)))
        .filter_map(|(package, version)| {
            let score = query.words().map_or(Some(0), |search| score(search, package))?;
            let score = if query.is_by_relevance() { score } else { 0 };
            Some((Reverse(score), package.name.normalized(), *package, *version))
        })
        .collect();
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let total = found.len();
    let may_suggest = query.tags.is_empty() && (query.is_by_relevance() || found.is_empty());
    let did_you_mean = match query.words().filter(|_| may_suggest) {
        Some(search) => suggestions(search, found.first().map(|first| first.2), &all),
        None => Vec::new(),
    };
    match &query.after {
        Some(Position::Name(after)) => found.retain(|(_, name, ..)| name > after),
        Some(Position::Relevance(score, after)) => {
            found.retain(|(own, name, ..)| (own.0, Reverse(name)) < (score.get(), Reverse(after)));
        }
        None => {}
    }
    let has_more = found.len() > query.limit.get();
    found.truncate(query.limit.get());
    let next =
        found.last().filter(|_| has_more).map(|(score, name, ..)| match query.is_by_relevance() {
            true => Position::Relevance(Score::new(score.0), name.clone()),
            false => Position::Name(name.clone()),
        });
    let mut page = Page::new(found.into_iter().map(|it| it.3.clone()).collect(), next, revision);
    if query.after.is_none() {
        page.total = Some(total);
        page.did_you_mean = did_you_mean;
    }
    page
}

/// The score of a package. `None` if it is not found.
pub(super) fn score(search: &Search, package: &Package) -> Option<u64> {
    let query = words(search.hyphenated());
    let mut different: Vec<&String> = Vec::new();
    query.iter().for_each(|word| {
        if !different.contains(&word) {
            different.push(word);
        }
    });
    let name = package.name.normalized().as_str().to_owned();
    let labels = package.details.tags.iter().map(|tag| tag.as_str().to_owned());
    let labels: Vec<_> = labels.chain(texts(package, "import_name")).collect();
    let labels: Vec<_> = labels.iter().flat_map(|label| words(label)).collect();
    let mut parts = vec![words(package.details.short_desc.as_str())];
    parts.extend(texts(package, "keywords").iter().map(|keyword| words(keyword)));
    let points = different.iter().map(|word| points(word, &words(&name), &labels, &parts.concat()));
    let points = points.sum::<Option<u64>>()?;
    let popularity = popularity(package);
    let (hyphenated, joined) = (query.join("-"), query.concat());
    let mut text = 1_000 * points / different.len().max(1) as u64;
    if name.starts_with(&hyphenated) || name.starts_with(&joined) {
        text += 8_000;
    }
    let phrase = |part: &Vec<String>| part.windows(query.len()).any(|window| window == query);
    if different.len() > 1 && popularity > 0 && parts.iter().any(phrase) {
        text += 8_000;
    }
    let length = name.replace('-', "").len() as u64;
    text += (10_000 * joined.chars().count() as u64 / length).min(10_000);
    let before = ["py", "py-", "python", "python-", "aio", "aio-"];
    let after = ["py", "-py", "python", "-python"];
    if before.iter().any(|affix| name == format!("{affix}{hyphenated}"))
        || after.iter().any(|affix| name == format!("{hyphenated}{affix}"))
    {
        text = text.max(90_000);
    }
    let tier = match name {
        name if name == hyphenated => 1 << 41,
        name if name == joined => 1 << 40,
        _ => 0,
    };
    Some(tier + text * (840 + 13 * popularity))
}

/// The words of a text.
fn words(text: &str) -> Vec<String> {
    let folded = text.nfd().default_case_fold().filter(|c| !is_combining_mark(*c));
    let folded: String = folded.collect();
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// The points of a word for the best place where it is found.
fn points(word: &str, name: &[String], labels: &[String], text: &[String]) -> Option<u64> {
    let is_short = word.chars().count() < 3;
    let is_in = |words: &[String]| words.iter().any(|own| own == word);
    let begins = |words: &[String]| words.iter().any(|own| own.starts_with(word));
    let places = [
        (70, is_in(name)),
        (60, is_in(labels)),
        (55, begins(if is_short { &name[..1] } else { name })),
        (50, is_in(text)),
        (40, !is_short && name.iter().any(|own| own.contains(word))),
        (35, !is_short && (begins(labels) || begins(text))),
    ];
    places.iter().find(|(_, is_there)| *is_there).map(|(points, _)| *points)
}

/// The texts of a member of the metadata that is a string or an array.
fn texts(package: &Package, member: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match package.details.metadata.to_map().get(member) {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn popularity(package: &Package) -> u64 {
    let rank = match package.details.metadata.to_map().get("rank") {
        Some(Value::String(digits)) => digits.parse().ok(),
        Some(value) => value.as_u64(),
        None => None,
    };
    let Some(rank @ 1..0x8000) = rank else { return 0 };
    // The greatest number whose power of two is at most the eighth power of the rank.
    let logarithm = (1..=120).take_while(|n| 1_u128 << n <= u128::from(rank).pow(8)).count();
    120 - logarithm as u64
}

/// The names that the client may have meant, if `found` is the first package that was found.
fn suggestions(
    search: &Search,
    found: Option<&Package>,
    all: &[(&Package, &Stored)],
) -> Vec<PackageName> {
    let query = search.hyphenated();
    if !query.is_ascii() || !(4..=64).contains(&query.len()) {
        return Vec::new();
    }
    let least = found.map_or(0, |found| popularity(found) + 40);
    let meant = |package: &Package| {
        let name = package.name.normalized();
        let is_meant = popularity(package) >= least && is_one_edit(query, name.as_str());
        is_meant.then(|| (Reverse(popularity(package)), name, package.name.clone()))
    };
    let mut names: Vec<_> = all.iter().filter_map(|(package, _)| meant(package)).collect();
    names.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    names.into_iter().take(3).map(|(.., name)| name).collect()
}

/// True if one edit makes the one text of the other: a character that is inserted, removed or
/// replaced, or two neighbours that change places.
fn is_one_edit(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some((x, rest_of_a)), Some((y, rest_of_b))) = (a.split_first(), b.split_first())
        && x == y
    {
        (a, b) = (rest_of_a, rest_of_b);
    }
    while let (Some((x, rest_of_a)), Some((y, rest_of_b))) = (a.split_last(), b.split_last())
        && x == y
    {
        (a, b) = (rest_of_a, rest_of_b);
    }
    match (a, b) {
        ([x, y], [z, w]) => x == w && y == z,
        _ => a.len().max(b.len()) == 1,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroUsize;
    use std::thread;

    use rand::rngs::StdRng;
    use rand::seq::IndexedRandom as _;
    use rand::{RngExt, SeedableRng};
    use serde_json::json;

    use super::*;
    use crate::catalogue::{Catalogue, Published};
    use crate::conformance::fixtures::{first, package, search, tag};
    use crate::package::NormalizedName;
    use crate::store::{Replacement, Sort, Write};

    /// More packages than a catalogue without an index may have.
    const PACKAGES: usize = 1_500;
    const WORDS: &[&str] = &[
        "web",
        "webs",
        "framework",
        "frame",
        "http",
        "httpx",
        "client",
        "py",
        "go",
        "a",
        "yaml",
        "pyyaml",
        "parser",
        "parse",
        "json",
        "tool",
        "tools",
        "async",
        "x",
        "data",
        "straße",
        "café",
    ];

    fn words(random: &mut StdRng, most: usize, between: &str) -> String {
        let count = random.random_range(1..=most);
        let words: Vec<_> = (0..count).filter_map(|_| WORDS.choose(random).copied()).collect();
        words.join(between)
    }

    fn any_name(random: &mut StdRng) -> String {
        let between = ["", "-"].choose(random).copied().unwrap_or_default();
        let name = words(random, 4, between).replace('ß', "ss").replace('é', "e");
        if random.random_ratio(1, 2) {
            name
        } else {
            format!("{name}{}", random.random_range(0..40))
        }
    }

    fn any_package(random: &mut StdRng, name: &str) -> Package {
        let mut metadata = json!({"version": "1"});
        if random.random_ratio(1, 3) {
            metadata["rank"] = random.random_range(1..20_000_u64).into();
        }
        if random.random_ratio(1, 8) {
            metadata["import_name"] = words(random, 2, "_").into();
        }
        if random.random_ratio(1, 8) {
            metadata["keywords"] = json!([words(random, 2, " "), words(random, 1, "")]);
        }
        let tags: &[_] = if random.random_ratio(1, 9) { &["web", "data-tools"] } else { &[] };
        let short_desc = words(random, 6, " ");
        package(&json!({
            "name": name, "short_desc": short_desc, "tags": tags, "metadata": metadata,
        }))
    }

    fn any_query(random: &mut StdRng) -> Query {
        let mut query = first(random.random_range(1..9));
        let between = [" ", "", "-"].choose(random).copied().unwrap_or_default();
        let mut words = words(random, 3, between);
        if random.random_ratio(1, 3) && words.is_ascii() {
            words.truncate(words.len() - 1);
        }
        query.search = Some(search(&words));
        if random.random_ratio(1, 6) {
            query.sort = Sort::Name;
        }
        if random.random_ratio(1, 6) {
            query.tags.insert(tag("web"));
        }
        query
    }

    /// Writes packages, in single writes.
    fn write(published: &Published, random: &mut StdRng, count: usize) {
        let names: Vec<_> = packages(published).into_keys().collect();
        for _ in 0..count {
            let mut next = published.catalogue();
            let own = names.choose(random).map(NormalizedName::as_str).unwrap_or_default();
            match random.random_range(0..3) {
                0 => drop(next.delete(&own.parse().unwrap(), &Write::new())),
                1 => {
                    let replacement = Replacement::from(any_package(random, own));
                    next.update(&own.parse().unwrap(), replacement, &Write::new());
                }
                _ => {
                    let name = any_name(random);
                    next.create(&any_package(random, &name), &Write::new());
                }
            }
            published.publish(next);
        }
    }

    fn packages(published: &Published) -> BTreeMap<NormalizedName, (Package, Stored)> {
        let all = published.read(|it| it.list(&Query::new(NonZeroUsize::MAX))).items;
        let all = all.into_iter().map(|stored| (stored.package(), stored));
        all.map(|(package, stored)| (package.name.normalized(), (package, stored))).collect()
    }

    /// Compares the first pages of searches with those of the oracle.
    fn assert_exact(published: &Published, random: &mut StdRng) {
        let packages = packages(published);
        let revision = published.read(Catalogue::revision);
        for _ in 0..15 {
            let mut query = any_query(random);
            for _ in 0..3 {
                let own = packages.values().map(|(package, stored)| (package, stored));
                let expected = page(&query, own, revision);
                let came = published.read(|it| it.list(&query));
                assert_eq!(came, expected, "{query:?}");
                let Some(after) = came.next else { break };
                query.after = Some(after);
            }
        }
    }

    /// Waits until the index has another size than before.
    fn wait_for_index(published: &Published, before: Option<usize>) -> Option<usize> {
        loop {
            let size = published.read(Catalogue::index_size);
            if size != before && size.is_some() {
                return size;
            }
            thread::yield_now();
        }
    }

    #[test]
    fn the_index_finds_what_the_oracle_finds_whatever_was_written_since() {
        let mut random = StdRng::seed_from_u64(0);
        let mut catalogue = Catalogue::new(Revision::new(0));
        while catalogue.len() < PACKAGES {
            let name = any_name(&mut random);
            catalogue.create(&any_package(&mut random, &name), &Write::new());
        }
        let published = Published::new(catalogue);
        let size = wait_for_index(&published, None);
        assert_exact(&published, &mut random);
        // Fewer writes than the index is built again for, and then more.
        write(&published, &mut random, 300);
        assert_exact(&published, &mut random);
        write(&published, &mut random, 300);
        wait_for_index(&published, size);
        assert_exact(&published, &mut random);
        write(&published, &mut random, 100);
        assert_exact(&published, &mut random);
    }
}
