//! The difference between two versions of a package, as people read it.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Map, Value};
use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::facts;
use super::text::shortened;
use crate::package::{Package, Stored, Tag};

/// How many characters of a text are compared and shown.
const SHOWN_CHARS: usize = 600;

/// A part of a package that differs, by the name that people use for it.
pub(super) struct Difference {
    pub(super) label: String,
    pub(super) shown: Markup,
}

/// What differs between two versions, in the order of the representation. A version may be absent.
pub(super) fn differences(before: Option<&Stored>, after: Option<&Stored>) -> Vec<Difference> {
    let [before, after] = [before, after].map(|version| version.map(Stored::package));
    let mut differences = Vec::new();
    let mut add = |label: &str, shown: Option<Markup>| {
        differences.extend(shown.map(|shown| Difference { label: label.to_owned(), shown }));
    };
    let of = |part: fn(&Package) -> &str| [&before, &after].map(|it| it.as_ref().map(part));
    if let [Some(before), Some(after)] = of(|package| package.name.as_str()) {
        add("Name", texts(Some(before), Some(after)));
    }
    let [old, new] = of(|package| package.details.short_desc.as_str());
    add("Description", texts(old, new));
    add("Tags", tags(before.as_ref(), after.as_ref()));
    let [old, new] = [&before, &after]
        .map(|it| it.as_ref().map(|package| package.details.metadata.to_map()).unwrap_or_default());
    for key in keys(&old, &new) {
        let [old, new] = [old.get(key), new.get(key)].map(|value| value.map(facts::text));
        add(facts::label(key), texts(old.as_deref(), new.as_deref()));
    }
    differences
}

/// The keys of two objects, those of the first one first.
fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<&'a str> {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    old.keys().chain(added).map(String::as_str).collect()
}

fn tags(before: Option<&Package>, after: Option<&Package>) -> Option<Markup> {
    let set = |package: Option<&Package>| -> BTreeSet<Tag> {
        package.map(|it| it.details.tags.iter().cloned().collect()).unwrap_or_default()
    };
    let (old, new) = (set(before), set(after));
    (old != new).then(|| {
        html! {
            @for tag in old.union(&new) {
                @if !new.contains(tag) { del { (tag) } } @else if !old.contains(tag) { ins { (tag) } } @else { (tag) }
                " "
            }
        }
    })
}

/// The difference between two texts, by words. `None` if they are equal, or if there is nothing to show.
fn texts(old: Option<&str>, new: Option<&str>) -> Option<Markup> {
    let [old, new] = [old, new].map(|text| shortened(text.unwrap_or_default(), SHOWN_CHARS));
    if old == new {
        return None;
    }
    let (left, right) = (words(&old), words(&new));
    let pieces = pieces(&left, &right);
    Some(html! {
        @for Piece { removed, added, same } in &pieces {
            @if !removed.is_empty() { del { (removed) } }
            @if !added.is_empty() { ins { (added) } }
            (same)
        }
    })
}

/// A place where two texts differ, and the text after it that both have.
#[derive(Debug, Default, PartialEq)]
struct Piece {
    removed: String,
    added: String,
    same: String,
}

/// Joins the parts that differ with nothing but a space between them: words are easier to read together.
fn pieces(old: &[&str], new: &[&str]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (is_same, removed, added) in operations(old, new) {
        match pieces.last_mut() {
            Some(last) if is_same => last.same.push_str(&added),
            None if is_same => pieces.push(Piece { same: added, ..Piece::default() }),
            Some(last)
                if !last.same.is_empty()
                    && last.same.trim().is_empty()
                    && !(last.removed.is_empty() && last.added.is_empty()) =>
            {
                let space = std::mem::take(&mut last.same);
                last.removed = format!("{}{space}{removed}", last.removed);
                last.added = format!("{}{space}{added}", last.added);
            }
            _ => pieces.push(Piece { removed, added, same: String::new() }),
        }
    }
    pieces
}

/// What must be removed and added, or is the same in both.
///
/// Finding the words that both have takes a time that grows with the square of their number. So if there are
/// many between the first and the last difference, all of them are taken for replaced.
fn operations(old: &[&str], new: &[&str]) -> Vec<(bool, String, String)> {
    /// How many words are compared with one another.
    const MOST: usize = 100;

    let pairs = |(one, other): &(&&str, &&str)| one == other;
    let start = old.iter().zip(new).take_while(pairs).count();
    let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = ends.take_while(pairs).count();
    let same = |words: &[&str]| (true, words.concat(), words.concat());
    let (before, after) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let between: Vec<_> = match before.len().max(after.len()) > MOST {
        true => vec![(false, before.concat(), after.concat())],
        false => capture_diff_slices(Algorithm::Myers, before, after)
            .into_iter()
            .map(|operation| {
                let (tag, removed, added) = operation.as_tag_tuple();
                (tag == DiffTag::Equal, before[removed].concat(), after[added].concat())
            })
            .collect(),
    };
    let whole =
        [same(&old[..start])].into_iter().chain(between).chain([same(&old[old.len() - end..])]);
    whole.filter(|(_, removed, added)| !removed.is_empty() || !added.is_empty()).collect()
}

/// Cuts a text into words, spaces and single signs. A sign within a word belongs to it: `3.8`, `re-use`.
fn words(text: &str) -> Vec<&str> {
    let chars: Vec<_> = text.char_indices().collect();
    let kind = |at: usize| match chars.get(at).map(|(_, c)| *c) {
        Some(c) if c.is_alphanumeric() => 2,
        Some(c) if c.is_whitespace() => 1,
        _ => 0,
    };
    let end_of = |at: usize| chars.get(at).map_or(text.len(), |(start, _)| *start);
    let (mut words, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        let mut end = at + 1;
        match kind(at) {
            0 => {}
            kind_of_run => loop {
                if kind(end) == kind_of_run && end < chars.len() {
                    end += 1;
                } else if kind_of_run == 2 && kind(end + 1) == 2 && kind(end) == 0 {
                    end += 2;
                } else {
                    break;
                }
            },
        }
        words.push(&text[end_of(at)..end_of(end)]);
        at = end;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_words_and_spaces_and_signs() {
        for (text, expected) in [
            ("", vec![]),
            ("An HTTP client.", vec!["An", " ", "HTTP", " ", "client", "."]),
            (">=3.8", vec![">", "=", "3.8"]),
            ("re-use, a  b", vec!["re-use", ",", " ", "a", "  ", "b"]),
            ("äö ü!", vec!["äö", " ", "ü", "!"]),
            ("-a-", vec!["-", "a", "-"]),
        ] {
            assert_eq!(words(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_difference_is_shown_by_words() {
        for (old, new, shown) in [
            ("The client.", "The client, with APIs.", "The client<ins>, with APIs</ins>."),
            (">=3.8", ">=3.9", "&gt;=<del>3.8</del><ins>3.9</ins>"),
            ("a b c", "x y c", "<del>a b</del><ins>x y</ins> c"),
            ("", "<b>", "<ins>&lt;b&gt;</ins>"),
            ("gone", "", "<del>gone</del>"),
        ] {
            let text = texts(Some(old), Some(new)).map(Markup::into_string);
            assert_eq!(text.as_deref(), Some(shown), "{old:?} {new:?}");
        }
        assert!(texts(Some("same"), Some("same")).is_none());
        assert!(texts(None, None).is_none());
    }

    /// Both versions can be read from what is shown.
    #[test]
    fn no_word_is_lost() {
        let long = ["a.", "b.", "a"].map(|text| format!("begin {}end", text.repeat(70)));
        let texts = ["", "a", "a b", "b a", "a, b: c", "x  y", "one two three", "two one three."];
        let texts = texts.into_iter().chain(long.iter().map(String::as_str));
        for old in texts.clone() {
            for new in texts.clone() {
                let pieces = pieces(&words(old), &words(new));
                let read = |part: fn(&Piece) -> &str| -> String {
                    pieces.iter().map(|piece| format!("{}{}", part(piece), piece.same)).collect()
                };
                assert_eq!(read(|piece| &piece.removed), old);
                assert_eq!(read(|piece| &piece.added), new);
            }
        }
    }
}
