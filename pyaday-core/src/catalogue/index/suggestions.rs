//! Names that a client may have meant.

use std::ops::Range;

use super::names::Edited;
use crate::catalogue::snapshot::Catalogue;
use crate::package::{NormalizedName, PackageName};
use crate::search::{MOST_POPULAR, Search};
use crate::store::Page;

/// A query with fewer characters has too many neighbours.
const MIN_LENGTH: usize = 4;
/// A query with more characters is not the name of a popular package.
const MAX_LENGTH: usize = 64;
/// How much more popular a name must be than the first package that was found: its rank is at least
/// 32 times as high.
const MORE_POPULAR: u8 = 40;

impl Catalogue {
    /// Names that differ from the query in one edit. If a search has found nothing, they are any
    /// names. If `found` is the first package that it has found, they are only the names that are
    /// far more popular. An edit inserts, removes or replaces a character, or swaps two neighbours.
    pub(super) fn suggestions(
        &self,
        search: &Search,
        found: Option<&NormalizedName>,
    ) -> Vec<PackageName> {
        let query = search.hyphenated().as_bytes();
        if !query.is_ascii() || !(MIN_LENGTH..=MAX_LENGTH).contains(&query.len()) {
            return Vec::new();
        }
        let least = match found.map(|name| self.popularity(name.as_str()).unwrap_or_default()) {
            None => 0,
            Some(found) if found + MORE_POPULAR > MOST_POPULAR => return Vec::new(),
            Some(found) => found + MORE_POPULAR,
        };
        let mut names = Vec::new();
        let mut look = |name: &[u8]| {
            if let Ok(name) = str::from_utf8(name)
                && let Some(popularity) = self.popularity(name)
                && popularity >= least
            {
                names.push((MOST_POPULAR - popularity, NormalizedName::from_normal(name)));
            }
        };
        edits(query, |hash| self.index.may_have(hash, least > 0), &mut look);
        // The segments do not know the packages that were written since.
        let written = self.index.written_names().map(str::as_bytes);
        written.filter(|name| is_one_edit(query, name)).for_each(look);
        names.sort_unstable();
        names.dedup();
        let names = names.iter().take(Page::MAX_SUGGESTIONS);
        names.filter_map(|(_, name)| self.get(name)?.name()).collect()
    }

    fn popularity(&self, name: &str) -> Option<u8> {
        self.tree.place(name).map(|(leaf, at)| leaf.facets(at).popularity())
    }
}

/// Calls `each` with the texts that differ from a name in one edit and whose hash is selected. Some come
/// twice.
///
/// There are hundreds of such texts, and hardly any of them is selected. So only the hash is computed
/// for the others.
fn edits(name: &[u8], is_selected: impl Fn(u64) -> bool, mut each: impl FnMut(&[u8])) {
    const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-";

    let edited = Edited::new(name);
    let mut replace = |places: Range<usize>, middle: &[u8]| {
        if is_selected(edited.hash(places.start, middle, places.end)) {
            each(&[&name[..places.start], middle, &name[places.end..]].concat());
        }
    };
    for at in 0..=name.len() {
        for c in CHARACTERS {
            replace(at..at, &[*c]);
        }
        let Some(first) = name.get(at) else { continue };
        replace(at..at + 1, &[]);
        for c in CHARACTERS.iter().filter(|c| *c != first) {
            replace(at..at + 1, &[*c]);
        }
        if let Some(second) = name.get(at + 1)
            && first != second
        {
            replace(at..at + 2, &[*second, *first]);
        }
    }
}

/// Whether two names differ in one edit.
fn is_one_edit(left: &[u8], right: &[u8]) -> bool {
    if left.len().abs_diff(right.len()) > 1 {
        return false;
    }
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[same..], &right[same..]);
    let same = left.iter().rev().zip(right.iter().rev());
    let same = same.take_while(|(left, right)| left == right).count();
    match (&left[..left.len() - same], &right[..right.len() - same]) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([first, second], [other_first, other_second]) => {
            first == other_second && second == other_first
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_all_texts_in_one_edit() {
        let mut edited = Vec::new();
        edits(b"aab-", |_| true, |name| edited.push(name.to_vec()));
        for text in
            ["ab-", "aa-", "aab", "aaab-", "aabb-", "aab-0", "zaab-", "aba-", "aa-b", "a9b-"]
        {
            assert!(edited.contains(&text.into()), "{text}");
        }
        assert!(edited.iter().all(|text| is_one_edit(b"aab-", text) && is_one_edit(text, b"aab-")));
        for text in ["aab-", "a", "ab", "baa-", "ba-a", "aabcc", "zaab", "a-ba"] {
            assert!(!is_one_edit(b"aab-", text.as_bytes()), "{text}");
            assert!(!edited.contains(&text.into()), "{text}");
        }
    }
}
