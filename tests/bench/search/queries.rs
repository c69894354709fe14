//! Queries.

use std::num::NonZeroUsize;

use pyaday_core::{Catalogue, Package, Query};
use pyaday_tests::numbers::Numbers;

/// Queries that take long, or did in an earlier index.
pub(crate) const HARD: &[&str] = &[
    "for python",
    "python for",
    "a",
    "e",
    "e a",
    "p",
    "py",
    "an",
    "sql",
    "the",
    "for",
    "python",
    "of the",
    "a python",
    "a for the",
    "python api",
    "python package",
    "a simple python",
    "and the of",
    "ing",
    "ion",
    "ent",
    "ool",
    "ter",
    "con",
    "com",
    "pro",
    "int",
    "pre",
    "pyt",
    "ing ion",
    "con pro",
    "pac con int",
    "ython",
    "ibrar",
    "odoo",
    "odoo addon",
    "lib",
    "too",
    "pyth",
    "libr",
    "zzzzqqq",
    "zzzzqqq python",
    "qx",
    "s a i o n e t r",
    "mcp for",
    "a b c d e f g h i j k l m n o p",
    "import module",
    "an sql",
    "ser er",
    "ata ack",
    "ing for",
    "for python a the and to of with package library in simple client api data from",
    "con pro int com pre ing ion ent ter ate pac lib too ser app dat",
    "python package library simple client django tool data api",
    "ing ion ent ter ate ers est ect ool ack ist ine ata ess ork and",
    "pyth libr tool clie data serv pack simp comm inte proj mode gene auto syst func",
    "interface command line",
    "http client",
    "django",
    "test my",
    "python-",
    "thon ython hon",
    "ython hon tho pyth",
    "odoo addon doo don ddon",
    "extension tension xtension",
];

pub(crate) fn search(text: &str) -> Query {
    let mut query = Query::new(crate::LIMIT);
    query.search = text.parse().ok();
    query
}

/// A query as people make them, of the names and words of the list.
pub(crate) fn real(packages: &[Package], numbers: &mut Numbers) -> Query {
    let ranked = |package: &&Package| !package.details.metadata.is_empty();
    let package = match numbers.below(2) {
        0 => {
            let start = numbers.place(packages.len());
            packages[start..].iter().find(ranked).unwrap_or(&packages[start])
        }
        _ => &packages[numbers.place(packages.len())],
    };
    let words = words(package);
    let mut word = || words[numbers.place(words.len())].clone();
    let (one, two, three) = (word(), word(), word());
    let length = one.chars().count();
    let text = match numbers.below(10) {
        0..3 => package.name.to_string(),
        3 => one,
        4 | 5 => format!("{one} {two}"),
        6 => format!("{one} {two} {three}"),
        // Still being typed.
        7 => one.chars().take(1 + numbers.place(length)).collect(),
        8 => {
            let other = self::words(&packages[numbers.place(packages.len())]);
            format!("{one} {}", other[numbers.place(other.len())])
        }
        // A part of a word.
        _ => one.chars().skip(numbers.place(length)).take(3 + numbers.place(4)).collect(),
    };
    search(&text)
}

/// A query that was made to take long: parts of the words of one package.
pub(crate) fn constructed(packages: &[Package], numbers: &mut Numbers) -> Query {
    let words = words(&packages[numbers.place(packages.len())]);
    let count = [1, 2, 2, 3, 4, 8, 16][numbers.place(7)];
    let parts = (0..count).map(|_| {
        let word = &words[numbers.place(words.len())];
        let length = word.chars().count();
        match numbers.below(3) {
            0 => word.clone(),
            1 => word.chars().take(3 + numbers.place(2)).collect(),
            _ => word.chars().skip(length.saturating_sub(3 + numbers.place(2))).collect(),
        }
    });
    search(&parts.collect::<Vec<String>>().join(" "))
}

/// The query of the page after this one.
pub(crate) fn next(catalogue: &Catalogue, query: &Query) -> Option<Query> {
    let mut next = query.clone();
    next.after = Some(catalogue.list(query).next?);
    Some(next)
}

/// The query of a page that has so many before it.
pub(crate) fn deep(catalogue: &Catalogue, query: &Query, pages: usize) -> Option<Query> {
    let mut deep = query.clone();
    deep.limit = NonZeroUsize::new(pages * query.limit.get())?;
    deep.after = Some(catalogue.list(&deep).next?);
    deep.limit = query.limit;
    Some(deep)
}

fn words(package: &Package) -> Vec<String> {
    let text = format!("{} {}", package.name, package.details.short_desc);
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
