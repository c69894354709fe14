//! Where the words of a search are in a text.

use std::ops::Range;

use super::fold::push_letter;
use super::terms::{Search, Word};

/// The parts of a text that a search found, in their order. No two of them touch the same character.
///
/// A word is found at the beginning of a word, and in a name anywhere, as [`Search::score`] finds it.
pub(crate) fn marks(search: &Search, text: &str, is_name: bool) -> Vec<Range<usize>> {
    let (mut marks, mut folded) = (Vec::new(), Vec::new());
    let (mut end, mut is_in_word) = (0, false);
    for (at, c) in text.char_indices() {
        let is_anywhere = is_in_word && is_name;
        folded.clear();
        is_in_word = push_letter(c, &mut folded);
        if at < end || !is_in_word || folded.is_empty() {
            continue;
        }
        let begins_word = !is_in_word_before(text, at);
        if !begins_word && !is_anywhere {
            continue;
        }
        let found = search.terms().iter().filter_map(|word| {
            let length = found_at(word, &text[at..], &mut folded)?;
            let is_whole = !text[at + length..].starts_with(is_letter);
            let fits = if word.is_short() {
                begins_word && (is_whole || is_name && at == 0)
            } else {
                true
            };
            fits.then_some(length)
        });
        if let Some(length) = found.max() {
            end = at + length;
            marks.push(at..end);
        }
    }
    marks
}

/// True if the character before this place belongs to a word.
fn is_in_word_before(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(is_letter)
}

fn is_letter(c: char) -> bool {
    push_letter(c, &mut Vec::new())
}

/// The length of the part of a text that is the word. `None` if the text does not begin with the word.
/// `folded` is room to fold the text in.
fn found_at(word: &Word, text: &str, folded: &mut Vec<u8>) -> Option<usize> {
    let word = word.text();
    folded.clear();
    for (at, c) in text.char_indices() {
        if !push_letter(c, folded) {
            return None;
        }
        let end = at + c.len_utf8();
        if folded.len() >= word.len() {
            return folded.starts_with(word).then(|| end + marks_after(&text[end..]));
        }
        if !word.starts_with(folded) {
            return None;
        }
    }
    None
}

/// The length of the combining marks at the beginning of a text: they belong to the letter before.
fn marks_after(text: &str) -> usize {
    let is_mark = |c: &char| {
        let mut folded = Vec::new();
        push_letter(*c, &mut folded) && folded.is_empty()
    };
    text.chars().take_while(is_mark).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_search_are_marked_where_they_were_found() {
        for (query, text, is_name, marked) in [
            ("http client", "An HTTP Client.", false, vec!["HTTP", "Client"]),
            ("http", "httpx", true, vec!["http"]),
            ("http", "aiohttp", true, vec!["http"]),
            ("http", "aiohttp", false, vec![]),
            ("ht", "aht ht htx", false, vec!["ht"]),
            ("ht", "htx-aht", true, vec!["ht"]),
            ("http httpx", "httpx", true, vec!["httpx"]),
            ("cafe", "Café cafe\u{301}!", false, vec!["Café", "cafe\u{301}"]),
            ("strasse", "STRASSE Straße", false, vec!["STRASSE", "Straße"]),
            ("zope.interface", "zope-interface", true, vec!["zope", "interface"]),
            ("机器", "机器 学习", false, vec!["机器"]),
            ("web", "", false, vec![]),
            ("-", "web", false, vec![]),
        ] {
            let Ok(search) = query.parse::<Search>() else { panic!("{query}") };
            let found: Vec<_> =
                marks(&search, text, is_name).into_iter().map(|it| &text[it]).collect();
            assert_eq!(found, marked, "{query:?} in {text:?}");
        }
    }
}
