//! The names of the packages of a change, as a database stores them.

use std::cmp::Ordering;

use crate::package::NormalizedName;

/// What is between two names in the text.
const BETWEEN: &str = "\",\"";

/// The names of the packages that a change wrote, in the text that
/// [`LoggedChange::names_text`](super::LoggedChange::names_text) has made of them.
///
/// A change may have very many packages, so the text is read in parts.
///
/// ```
/// use pyaday_core::LoggedNames;
///
/// let mut names = LoggedNames::new(r#"["dynaconf","flask","quart"]"#.to_owned()).unwrap();
/// names.skip_to_after(&"dynaconf".parse()?);
/// assert_eq!(names.take(1), Some(vec!["flask".parse()?]));
/// assert!(!names.is_empty());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
pub struct LoggedNames {
    text: String,
    /// The part of the text that has the names that are left, without the outer quotes.
    begin: usize,
    end: usize,
}

impl LoggedNames {
    /// Takes the text. `None` if it cannot be one that was stored. Only [`take`](Self::take) looks at the
    /// names.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        let (begin, end) = match inside.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(names) if !names.is_empty() => (2, 2 + names.len()),
            None if inside.is_empty() => (1, 1),
            _ => return None,
        };
        Some(Self { text, begin, end })
    }

    /// True if no names are left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begin >= self.end
    }

    /// Leaves out all names up to this one, whether or not it is one of them. The names are sorted, so this
    /// looks at few of them.
    pub fn skip_to_after(&mut self, name: &NormalizedName) {
        let (mut low, mut high) = (self.begin, self.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let before = self.bytes(low, middle).and_then(rfind_between);
            let start = before.map_or(low, |at| low + at + BETWEEN.len());
            let rest = self.bytes(start, self.end).unwrap_or_default();
            let length = find_between(rest).unwrap_or(rest.len());
            match rest[..length].cmp(name.as_str().as_bytes()) {
                Ordering::Greater => high = start,
                Ordering::Less | Ordering::Equal => low = start + length + BETWEEN.len(),
            }
        }
        self.begin = low;
    }

    /// Takes the next names, at most `count`. There are fewer if no more are left. `None` if the text is not
    /// one that was stored.
    #[must_use]
    pub fn take(&mut self, count: usize) -> Option<Vec<NormalizedName>> {
        let mut names = Vec::new();
        while names.len() < count && !self.is_empty() {
            let rest = self.text.get(self.begin..self.end)?;
            let name = rest.split_once(BETWEEN).map_or(rest, |(name, _)| name);
            names.push(name.parse().ok()?);
            self.begin += name.len() + BETWEEN.len();
        }
        Some(names)
    }

    fn bytes(&self, from: usize, to: usize) -> Option<&[u8]> {
        self.text.as_bytes().get(from..to)
    }
}

fn find_between(text: &[u8]) -> Option<usize> {
    text.windows(BETWEEN.len()).position(|part| part == BETWEEN.as_bytes())
}

fn rfind_between(text: &[u8]) -> Option<usize> {
    text.windows(BETWEEN.len()).rposition(|part| part == BETWEEN.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Change, ChangeKind, LoggedChange};
    use crate::package::Revision;

    fn stored(names: &[String]) -> LoggedNames {
        let change = Change::new(Revision::new(1), 0, ChangeKind::Bulk, 0);
        let names = names.iter().map(|name| (name.parse().unwrap(), None)).collect();
        LoggedNames::new(LoggedChange::new(change, names, Vec::new()).names_text()).unwrap()
    }

    fn left(mut names: LoggedNames) -> Vec<String> {
        names.take(usize::MAX).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_are_read_from_any_place() {
        for count in [0, 1, 2, 3, 50] {
            // Names of many lengths, some of which begin with others.
            let mut names: Vec<_> = (0..count).map(|at| "ab".repeat(1 + at * 7 % 40)).collect();
            names.sort();
            names.dedup();
            let after = ["a", "aba", "b"].map(str::to_owned);
            for after in names.iter().chain(&after) {
                let mut read = stored(&names);
                read.skip_to_after(&after.parse().unwrap());
                let expected: Vec<_> = names.iter().filter(|name| *name > after).cloned().collect();
                assert_eq!(left(read), expected, "after {after}");
            }
        }
    }

    #[test]
    fn names_are_read_in_parts() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let mut read = stored(&names);
        for name in names {
            assert!(!read.is_empty());
            assert_eq!(read.take(1).unwrap(), [name.parse().unwrap()]);
        }
        assert!(read.is_empty());
        assert_eq!(read.take(1), Some(vec![]));
    }

    #[test]
    fn a_text_that_was_not_stored_has_no_names() {
        for text in ["", "[", "]", "[]]", "[a]", "[\"]", "[\"\"]", "[\"a\",3]", "[\"\u{e9}\"]"] {
            let names = LoggedNames::new(text.to_owned()).and_then(|mut it| it.take(usize::MAX));
            assert_eq!(names, None, "{text}");
        }
    }
}
