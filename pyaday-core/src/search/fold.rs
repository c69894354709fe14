//! Words: how texts are cut into words, and when two words are the same.

use caseless::Caseless as _;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// The byte between two words, and around all words of a folded text.
pub(crate) const SPACE: u8 = b' ';
/// The byte between two parts of a folded text. A phrase lies within one part. Words consist of
/// letters and digits, so no word contains either byte.
pub(crate) const PART: u8 = b'\x01';

/// Appends the words of a text: each with a space before it, and one space after the last word.
///
/// A word is a run of letters and digits. Combining marks are left out, and the rest is case-folded,
/// so `STRASSE` and `straße` are one word, and `cafe` and `café` are too. Each character is folded
/// by itself, so the words of a part of a text do not depend on the rest.
pub(crate) fn push_words(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        push_ascii_words(text.as_bytes(), out);
        return;
    }
    let mut is_in_word = false;
    for c in text.chars() {
        match c.is_ascii() {
            true => push(c.to_ascii_lowercase(), &mut is_in_word, out),
            false => push_folded(c, &mut is_in_word, out),
        }
    }
    if out.last().is_some_and(|byte| *byte != SPACE && *byte != PART) {
        out.push(SPACE);
    }
}

/// What [`push_words`] does, for most texts, and several times as fast: there is no branch.
fn push_ascii_words(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let is_after_space = out.last() == Some(&SPACE);
    out.resize(start + text.len() + 2, SPACE);
    let room = &mut out[start..];
    // The space before the first word is there already, or the next byte is left as it is.
    let mut end = usize::from(!is_after_space);
    let mut last = SPACE;
    for byte in text {
        let folded = match byte {
            b'0'..=b'9' | b'a'..=b'z' => *byte,
            b'A'..=b'Z' => *byte | 0x20,
            _ => SPACE,
        };
        room[end] = folded;
        end += usize::from(folded != SPACE || last != SPACE);
        last = folded;
    }
    let has_words = end > usize::from(!is_after_space);
    if has_words && last != SPACE {
        room[end] = SPACE;
        end += 1;
    }
    out.truncate(if has_words { start + end } else { start });
}

fn push_folded(c: char, is_in_word: &mut bool, out: &mut Vec<u8>) {
    // A syllable of Korean stays one letter: its parts would take three times as many bytes.
    if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
        return push(c, is_in_word, out);
    }
    decompose_canonical(c, |part| {
        for folded in std::iter::once(part).default_case_fold() {
            if !is_combining_mark(folded) {
                push(folded, is_in_word, out);
            }
        }
    });
}

fn push(c: char, is_in_word: &mut bool, out: &mut Vec<u8>) {
    let is_word = c.is_alphanumeric();
    if is_word && !*is_in_word && out.last() != Some(&SPACE) {
        out.push(SPACE);
    }
    if is_word {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else if *is_in_word {
        out.push(SPACE);
    }
    *is_in_word = is_word;
}

/// Appends what a character of a word becomes. Returns false if it is a character between words.
#[cfg(feature = "desk")]
pub(crate) fn push_letter(c: char, out: &mut Vec<u8>) -> bool {
    let mut is_in_word = true;
    match c.is_ascii() {
        true => push(c.to_ascii_lowercase(), &mut is_in_word, out),
        false => push_folded(c, &mut is_in_word, out),
    }
    is_in_word
}

/// The words of a folded text.
pub(crate) fn split(folded: &[u8]) -> impl Iterator<Item = &[u8]> {
    folded.split(|byte| *byte == SPACE || *byte == PART).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits_folded() {
        for (text, words) in [
            ("", ""),
            (" - ", ""),
            ("Zope_Interface", " zope interface "),
            ("zope.interface", " zope interface "),
            ("STRASSE straße", " strasse strasse "),
            ("café cafe\u{301} CAFÉ", " cafe cafe cafe "),
            ("C++ 3.12", " c 3 12 "),
            ("İstanbul", " istanbul "),
            ("ΌΣΟΣ όσος", " οσοσ οσοσ "),
            ("\u{301}a", " a "),
            ("Python™", " python "),
            ("机器 学习", " 机器 学习 "),
            ("한국어 각", " 한국어 각 "),
        ] {
            let mut out = Vec::new();
            push_words(text, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), words, "{text:?}");
        }
    }

    #[test]
    fn texts_are_appended_with_one_space_between_them() {
        let mut out = Vec::new();
        push_words("a-b", &mut out);
        push_words("", &mut out);
        push_words("c", &mut out);
        assert_eq!(out, b" a b c ");
    }
}
