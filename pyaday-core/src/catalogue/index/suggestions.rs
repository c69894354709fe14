//! Names that a client may have meant.

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
        edits(query, |name| {
            if let Ok(name) = str::from_utf8(name)
                && self.index.may_have(name, least > 0)
                && let Some(popularity) = self.popularity(name)
                && popularity >= least
            {
                names.push((MOST_POPULAR - popularity, NormalizedName::from_normal(name)));
            }
        });
        names.sort_unstable();
        names.dedup();
        let names = names.iter().take(Page::MAX_SUGGESTIONS);
        names.filter_map(|(_, name)| self.get(name)?.name()).collect()
    }

    fn popularity(&self, name: &str) -> Option<u8> {
        self.tree.place(name).map(|(leaf, at)| leaf.facets(at).popularity())
    }
}

/// Calls `each` with all texts that differ from a name in one edit. Some come twice.
fn edits(name: &[u8], mut each: impl FnMut(&[u8])) {
    const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-";

    let mut edited = Vec::with_capacity(name.len() + 1);
    for at in 0..=name.len() {
        let (before, after) = name.split_at(at);
        let mut with = |middle: &[u8], after: &[u8]| {
            edited.clear();
            edited.extend_from_slice(before);
            edited.extend_from_slice(middle);
            edited.extend_from_slice(after);
            each(&edited);
        };
        for c in CHARACTERS {
            with(&[*c], after);
        }
        let Some((first, rest)) = after.split_first() else { continue };
        with(&[], rest);
        for c in CHARACTERS.iter().filter(|c| *c != first) {
            with(&[*c], rest);
        }
        if let Some((second, rest)) = rest.split_first()
            && first != second
        {
            with(&[*second, *first], rest);
        }
    }
}
