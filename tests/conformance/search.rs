//! How a faulty store searches.

use std::cmp::Reverse;

use pyaday_core::{
    Catalogue, Metadata, NormalizedName, Package, PackageName, Page, Position, Query, Revision,
    Score, Search, Sort, Stored, Tags, Write,
};

use serde_json::{Map, Value};

use super::broken::Fault;

/// What is added to the score of the exact name, and of the name without separators.
const TIERS: [u64; 2] = [1 << 41, 1 << 40];

/// A package that was found. The order is that of the list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    score: Reverse<u64>,
    name: NormalizedName,
}

/// A list of packages, made by looking at each of them.
pub(super) struct List<'a> {
    pub(super) fault: Fault,
    pub(super) packages: Vec<(&'a NormalizedName, &'a Stored)>,
    pub(super) revision: Revision,
}

impl List<'_> {
    pub(super) fn page(&self, query: &Query) -> Page {
        let mut query = query.clone();
        let is_empty = query.search.as_ref().is_some_and(Search::is_empty);
        if self.fault == Fault::EmptySearchFindsNothing && is_empty {
            return Page::new(Vec::new(), None, self.revision);
        }
        let is_after_name = matches!(query.after, Some(Position::Name(_)));
        if self.fault == Fault::SortIsIgnored && !is_after_name {
            query.sort = Sort::Relevance;
        }
        let found = self.found(&query);
        let mut shown: Vec<_> =
            found.iter().filter(|found| self.is_after(&query, found)).cloned().collect();
        let more = shown.len() > query.limit.get()
            || shown.len() == query.limit.get() && self.fault == Fault::FullPageHasNext;
        shown.truncate(query.limit.get());
        let next = shown.last().filter(|_| more).map(|last| match query.is_by_relevance() {
            true => Position::Relevance(Score::new(last.score.0), last.name.clone()),
            false => Position::Name(last.name.clone()),
        });
        let items: Vec<_> =
            shown.iter().filter_map(|found| self.version(&found.name)).cloned().collect();
        let mut page = Page::new(items, next, self.revision);
        let is_first = query.after.is_none();
        if is_first || self.fault == Fault::TotalOnEveryPage {
            page.total = Some(match self.fault {
                Fault::TotalOfThePage => page.items.len(),
                _ => found.len(),
            });
        }
        if is_first && query.words().is_some() {
            page.did_you_mean = self.suggestions(&query, &found);
        }
        page
    }

    fn version(&self, name: &NormalizedName) -> Option<&Stored> {
        self.packages.iter().find(|(own, _)| *own == name).map(|(_, version)| *version)
    }

    /// All packages that the query selects, in order.
    fn found(&self, query: &Query) -> Vec<Found> {
        let selects_all = query.words().is_none() && query.tags.is_empty();
        let selected = self.packages.iter().filter_map(|(name, version)| {
            // To parse every package for a list of all would take most of the time of the suite.
            let score = if selects_all { 0 } else { self.selects(query, &version.package())? };
            let score = if query.is_by_relevance() { score } else { 0 };
            Some(Found { score: Reverse(score), name: (*name).clone() })
        });
        let mut found: Vec<_> = selected.collect();
        found.sort();
        match self.fault {
            Fault::TiesInReverse if query.is_by_relevance() => {
                found.sort_by_key(|it| (it.score, Reverse(it.name.clone())));
            }
            Fault::ListInDictionaryOrder => {
                found.sort_by_key(|it| (it.score, it.name.as_str().replace('-', "")));
            }
            _ => {}
        }
        found
    }

    fn is_after(&self, query: &Query, found: &Found) -> bool {
        match &query.after {
            None => true,
            Some(Position::Name(after)) => {
                found.name > *after
                    || found.name == *after && self.fault == Fault::PageBeginsWithAfter
            }
            // A fault: the score is looked up anew, and the page begins anew without the package.
            Some(Position::Relevance(_, after))
                if self.fault == Fault::PageBeginsAfterItsPackage =>
            {
                let now = self.found(query).into_iter().find(|it| it.name == *after);
                now.is_none_or(|now| *found > now)
            }
            Some(Position::Relevance(score, after)) => {
                *found > Found { score: Reverse(score.get()), name: after.clone() }
            }
        }
    }

    /// The score of a package that is selected.
    fn selects(&self, query: &Query, package: &Package) -> Option<u64> {
        let mut tags = query.tags.iter().map(|tag| package.details.tags.contains(tag));
        let tagged = match self.fault {
            Fault::AnyTagWillDo => query.tags.is_empty() || tags.any(|carried| carried),
            _ => tags.all(|carried| carried),
        };
        if !tagged {
            return None;
        }
        query.words().map_or(Some(0), |search| self.score(search, package))
    }

    fn score(&self, search: &Search, package: &Package) -> Option<u64> {
        let seen = seen(self.fault, package.clone());
        let score = search.score(&seen).map(Score::get);
        match self.fault {
            Fault::AnyWordWillDo => {
                let of_word = |word: &str| word.parse::<Search>().ok()?.score(&seen);
                score.or_else(|| search.words().find_map(of_word).map(Score::get))
            }
            Fault::ShortWordsAnywhere => score.or_else(|| {
                let is_short = |word: &str| word.chars().count() < 3;
                let mut words = search.words();
                words.all(|word| is_short(word) && contains(&seen, word)).then_some(1)
            }),
            Fault::DescriptionsAnywhere => score.or_else(|| {
                let is_long = |word: &str| word.chars().count() > 2;
                let mut words = search.words();
                words.all(|word| is_long(word) && contains(&seen, word)).then_some(1)
            }),
            Fault::ExactNameIsNotFirst => score.map(|score| score & !TIERS[0]),
            Fault::JoinedNameIsNotNext => score.map(|score| score & !TIERS[1]),
            Fault::AllPlacesAreEqual => score.map(|score| score / TIERS[1] * TIERS[1]),
            _ => score,
        }
    }

    /// The names that the catalogue of the library suggests.
    fn suggestions(&self, query: &Query, found: &[Found]) -> Vec<PackageName> {
        let is_left_out = |name: &NormalizedName| match self.fault {
            Fault::NothingIsSuggested => true,
            Fault::NeighboursAreSuggested => found.iter().any(|found| found.name == *name),
            _ => false,
        };
        let mut catalogue = Catalogue::new(self.revision);
        let left = self.packages.iter().filter(|(name, _)| !is_left_out(name));
        catalogue.create_many(
            &left.map(|(_, version)| version.package()).collect::<Vec<_>>(),
            &Write::new(),
        );
        catalogue.list(query).did_you_mean
    }
}

/// The package as a store with this fault sees it.
fn seen(fault: Fault, mut package: Package) -> Package {
    match fault {
        Fault::TagsAreNotSearched => package.details.tags = Tags::default(),
        Fault::ImportNamesAreNotSearched => edit(&mut package, |it| drop(it.remove("import_name"))),
        Fault::KeywordsAreNotSearched => edit(&mut package, |it| drop(it.remove("keywords"))),
        Fault::RankIsIgnored => edit(&mut package, |it| drop(it.remove("rank"))),
        Fault::PhraseIsIgnored => {
            // Each word is a keyword of its own, so no two words follow each other.
            let mut text = package.details.short_desc.as_str().to_owned();
            edit(&mut package, |metadata| {
                if let Some(keywords) = metadata.get("keywords").filter(|it| !it.is_object()) {
                    text += &keywords.to_string();
                }
                let words = text.split(|c: char| !c.is_alphanumeric()).map(Value::from).collect();
                metadata.insert("keywords".to_owned(), words);
            });
            describe(&mut package, |_| None);
        }
        Fault::WordsCutAtSpaces => {
            describe(&mut package, |c| (c.is_alphanumeric() || c.is_whitespace()).then_some(c));
        }
        Fault::WordsWithMarks => describe(&mut package, |c| match c {
            'é' | 'É' | '\u{301}' => None,
            c => Some(c),
        }),
        Fault::WordsInLowerCase => describe(&mut package, |c| (c != 'ß').then_some(c)),
        _ => {}
    }
    package
}

/// Changes the members of the metadata.
fn edit(package: &mut Package, change: impl FnOnce(&mut Map<String, Value>)) {
    let mut members = package.details.metadata.to_map();
    change(&mut members);
    if let Ok(metadata) = Metadata::try_from(members) {
        package.details.metadata = metadata;
    }
}

/// Changes each character of the description, or leaves it out.
fn describe(package: &mut Package, change: impl Fn(char) -> Option<char>) {
    let text: String = package.details.short_desc.as_str().chars().filter_map(change).collect();
    if let Ok(text) = text.parse() {
        package.details.short_desc = text;
    }
}

/// True if a word is anywhere in the name or the description.
fn contains(package: &Package, word: &str) -> bool {
    let text = package.details.short_desc.as_str().to_lowercase();
    package.name.normalized().as_str().contains(word) || text.contains(word)
}
