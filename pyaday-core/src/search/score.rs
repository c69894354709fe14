//! The score of a package in a search.

use std::fmt;

/// How well a word of a query is found in a package: the best place where it is found.
///
/// The discriminant is the number of points, in fifths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Place {
    /// The beginning of a word of the description, a keyword, a tag or an import name.
    Beginning = 7,
    /// Anywhere inside the name.
    InsideName = 8,
    /// A word of the description or a keyword.
    Text = 10,
    /// The beginning of a word of the name.
    NameBeginning = 11,
    /// A word of a tag or of an import name.
    Label = 12,
    /// A word of the name.
    Name = 14,
}

impl Place {
    /// The most points of a word, in fifths.
    pub(crate) const MAX: u64 = Self::Name as u64;

    /// All places, the best one first.
    pub(crate) const BEST_FIRST: [Self; 6] = [
        Self::Name,
        Self::Label,
        Self::NameBeginning,
        Self::Text,
        Self::InsideName,
        Self::Beginning,
    ];

    /// The number of better places.
    pub(crate) fn order(self) -> usize {
        match self {
            Self::Name => 0,
            Self::Label => 1,
            Self::NameBeginning => 2,
            Self::Text => 3,
            Self::InsideName => 4,
            Self::Beginning => 5,
        }
    }

    /// The points of this place, in fifths. The sum for 16 words fits in a byte.
    pub(crate) fn fifths(self) -> u8 {
        self as u8
    }
}

/// The score of a package in a search: a number that depends on the query and the package alone.
///
/// It is computed with integers, so that all machines agree:
///
/// 1. Each word of the query gets points for the best place where it is found: a word of the name
///    70, a word of a tag or an import name 60, the beginning of a word of the name 55, a word of
///    the description or the keywords 50, anywhere inside the name 40, the beginning of another word
///    35. A word of one or two characters gets points for a whole word, or for the beginning of the
///    name (55). If any word gets no points, the package is not found.
/// 2. The text is ⌊1000 × average points⌋. Add 8,000 if the name begins with the
///    words of the query, joined with `-` or directly. Add 8,000 if the query has several different
///    words, the package has a popularity (see 4), and its description or one of its keywords contains the words as one
///    phrase. Add 10,000 times the length of the query's words divided by the length of the name
///    (both without separators), rounded down and at most 10,000.
/// 3. If the name is the query (joined with `-`) with `py`, `py-`, `python`, `python-`, `aio` or
///    `aio-` before it, or `py`, `-py`, `python` or `-python` after it, the text is at least 90,000.
/// 4. The score is text × (840 + 13 × popularity). The popularity of the `rank` *r* in the metadata
///    is 120 − ⌊8 log₂ *r*⌋, and 0 from 32,768 on or without a rank. So the popularity makes up to
///    65 % of the score.
/// 5. A name that is equal to the query's words joined with `-` comes before all others, and a name
///    that is equal to the words joined directly comes next: add 2⁴¹ or 2⁴⁰.
///
/// Packages with the same score are ordered by their normalised names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(u64);

/// The popularity of the package with rank 1.
pub(crate) const MOST_POPULAR: u8 = 120;

/// The least text of a name that is the query with a usual affix.
const AFFIXED: u64 = 90_000;
/// What is added if the name begins with the query.
pub(crate) const BEGINS: u64 = 8_000;
/// What is added if the text contains the query as one phrase.
pub(crate) const PHRASE: u64 = 8_000;
/// What is added if the query covers the name.
const COVERAGE: u64 = 10_000;

/// The parts of a score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    /// The [average] points of the words.
    pub(crate) average: u64,
    pub(crate) coverage: u64,
    pub(crate) begins: bool,
    pub(crate) has_phrase: bool,
    pub(crate) popularity: u8,
}

impl Parts {
    pub(crate) fn score(self, relation: Relation) -> Score {
        let bonus = |is_due, bonus| if is_due { bonus } else { 0 };
        let mut text = self.average
            + bonus(self.begins, BEGINS)
            + bonus(self.has_phrase, PHRASE)
            + self.coverage;
        let tier = match relation {
            Relation::Same => 2,
            Relation::Joined => 1,
            Relation::Affixed => {
                text = text.max(AFFIXED);
                0
            }
            Relation::Other => 0,
        };
        Score((tier << 40) + text * factor(self.popularity))
    }
}

/// The score of a package whose text counts this much, if its name is not one that the query spells.
#[inline]
pub(crate) fn score_of(text: u64, popularity: u8) -> Score {
    Score(text * factor(popularity))
}

/// How the name of a package relates to the names that the query spells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Same,
    Joined,
    Affixed,
    Other,
}

/// The average points of the words, in thousandths.
pub(crate) fn average(fifths: u64, words: u64) -> u64 {
    5_000 * fifths / words.max(1)
}

/// How much of a name the query covers. Both lengths are without separators.
pub(crate) fn coverage(query: usize, name: usize) -> u64 {
    let (query, name) = (query as u64, name.max(1) as u64);
    (COVERAGE * query / name).min(COVERAGE)
}

/// What the text is multiplied by.
pub(crate) fn factor(popularity: u8) -> u64 {
    840 + 13 * u64::from(popularity)
}

/// The popularity of a rank.
pub(crate) fn popularity(rank: u64) -> u8 {
    match rank {
        // The number is below 2¹²⁰, and its logarithm is below 120.
        1..0x8000 => MOST_POPULAR - u128::from(rank).pow(8).ilog2() as u8,
        _ => 0,
    }
}

impl Score {
    /// Makes the score of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The score as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_in_the_order_of_their_points() {
        assert!(Place::BEST_FIRST.is_sorted_by(|left, right| left.fifths() > right.fifths()));
        for (at, place) in Place::BEST_FIRST.into_iter().enumerate() {
            assert_eq!(place.order(), at);
        }
    }

    #[test]
    fn popularity_falls_with_the_logarithm_of_the_rank() {
        for (rank, expected) in
            [(0, 0), (1, 120), (2, 112), (3, 108), (1024, 40), (32_767, 1), (32_768, 0)]
        {
            assert_eq!(popularity(rank), expected, "{rank}");
        }
        assert_eq!(popularity(u64::MAX), 0);
    }
}
