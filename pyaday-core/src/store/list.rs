//! Queries for lists of packages, and their pages.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::package::{InvalidValue, NormalizedName, PackageName, Revision, Stored, Tag};
use crate::search::{Score, Search};

/// The query of a list: which packages it selects, in which order, and how many fit on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Only packages that come after this position.
    pub after: Option<Position>,
    /// Only packages that have all of these tags.
    pub tags: BTreeSet<Tag>,
    /// Only packages that this search [finds](Search::score). A search without words is as if it
    /// were absent.
    pub search: Option<Search>,
    /// The order of a search. A list without a search is in the order of the names.
    pub sort: Sort,
    /// The maximum number of packages on the page.
    pub limit: NonZeroUsize,
}

impl Query {
    /// The query for the first `limit` packages of the whole store.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self { after: None, tags: BTreeSet::new(), search: None, sort: Sort::default(), limit }
    }

    /// The search, if it has words.
    #[must_use]
    pub fn words(&self) -> Option<&Search> {
        self.search.as_ref().filter(|search| !search.is_empty())
    }

    /// True if the packages are in the order of their scores: if there is a search with words, and
    /// it is sorted by relevance.
    #[must_use]
    pub fn is_by_relevance(&self) -> bool {
        self.sort == Sort::Relevance && self.words().is_some()
    }
}

/// The order of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The highest [score](Score) first. Packages with the same score are in the order of their
    /// normalised names.
    #[default]
    Relevance,
    /// In the order of the normalised names.
    Name,
}

/// A position in a list: that of a package, which need not exist any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// In the order of the names.
    Name(NormalizedName),
    /// In the order of the scores of a search.
    Relevance(Score, NormalizedName),
}

impl Position {
    /// The character between the score and the name. No name contains it, and a URL may.
    const BETWEEN: char = '~';

    /// The score, which is zero in the order of the names, and the name.
    pub(crate) fn parts(&self) -> (Score, &NormalizedName) {
        match self {
            Self::Name(name) => (Score::default(), name),
            Self::Relevance(score, name) => (*score, name),
        }
    }
}

/// The position as the text that a URL contains.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Relevance(score, name) => write!(f, "{score}{}{name}", Self::BETWEEN),
        }
    }
}

impl FromStr for Position {
    type Err = InvalidValue;

    /// Reads what [`Display`](fmt::Display) writes. A name may have any spelling.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let Some((score, name)) = text.split_once(Self::BETWEEN) else {
            return text.parse().map(Self::Name);
        };
        let is_number = score.bytes().all(|byte| byte.is_ascii_digit());
        match (score.parse().ok().filter(|_| is_number), name.parse().ok()) {
            (Some(score), Some(name)) => Ok(Self::Relevance(Score::new(score), name)),
            _ => Err(InvalidValue::new("must be the value of `next` in the previous page")),
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The packages, in the order of the query.
    pub items: Vec<Stored>,
    /// The value of [`Query::after`] for the next page: the position of the last item. `None` if
    /// this is the last page.
    pub next: Option<Position>,
    /// The store's newest revision when the page was read. Every later write makes it greater.
    pub revision: Revision,
    /// The number of packages that the query selects, on all pages together. `None` if this is not
    /// the first page.
    pub total: Option<usize>,
    /// Names that the client may have meant, at most 3. Only the first page of a search has any.
    pub did_you_mean: Vec<PackageName>,
}

impl Page {
    /// The maximum number of names in [`did_you_mean`](Self::did_you_mean).
    pub const MAX_SUGGESTIONS: usize = 3;

    /// Makes a page of these packages. `revision` was the store's newest revision when they were
    /// read. `next` is the position of the last of them if more packages follow.
    #[must_use]
    pub fn new(items: Vec<Stored>, next: Option<Position>, revision: Revision) -> Self {
        Self { items, next, revision, total: None, did_you_mean: Vec::new() }
    }
}
