//! The separators between neighbouring subtrees of the tree.

/// A text that is greater than every name in the subtree before it, and not greater than any name
/// in the subtree after it.
///
/// The default is the smallest text. It stands before the first subtree.
#[derive(Clone, Debug, Default)]
pub(super) struct Separator {
    head: u128,
    tail: Box<[u8]>,
}

impl Separator {
    /// The shortest text that separates `left` from `right`. `right` must be greater than `left`.
    pub(super) fn between(left: &str, right: &str) -> Self {
        let (left, right) = (left.as_bytes(), right.as_bytes());
        let common = left.iter().zip(right).take_while(|(left, right)| left == right).count();
        let (head, tail) = split(right.get(..=common).unwrap_or(right));
        Self { head, tail: tail.into() }
    }

    /// True if `name` comes after this separator or is equal to it.
    #[cfg(test)]
    pub(super) fn is_before(&self, name: Split<'_>) -> bool {
        (self.head, &*self.tail) <= name
    }
}

/// The separators of a node, in order. The parts that decide most comparisons are contiguous in
/// memory.
#[derive(Debug)]
pub(super) struct Separators {
    /// The heads, and then the largest number, which is greater than the head of any name.
    heads: [u128; Separators::MAX_LEN],
    tails: Box<[Box<[u8]>]>,
}

impl Separators {
    /// The maximum number of separators.
    pub(super) const MAX_LEN: usize = 64;

    pub(super) fn new(separators: Vec<Separator>) -> Self {
        let mut heads = [u128::MAX; Self::MAX_LEN];
        let tails = heads.iter_mut().zip(separators).map(|(head, separator)| {
            *head = separator.head;
            separator.tail
        });
        let tails = tails.collect();
        Self { heads, tails }
    }

    pub(super) fn get(&self, at: usize) -> Separator {
        Separator { head: self.heads[at], tail: self.tails[at].clone() }
    }

    /// The number of separators that are less than or equal to `name`.
    pub(super) fn count_up_to(&self, name: Split<'_>) -> usize {
        let (head, tail) = name;
        let smaller = self.heads.partition_point(|own| *own < head);
        let same = self.heads[smaller..].iter().take_while(|own| **own == head).count();
        let tails = &self.tails[smaller..smaller + same];
        smaller + tails.partition_point(|own| **own <= *tail)
    }
}

/// The first 16 bytes of a text as a number, and the rest of the text. A split compares like its
/// text, and mostly the number alone decides.
///
/// A shorter text is padded with NUL, which no name contains.
pub(super) type Split<'a> = (u128, &'a [u8]);

/// Splits a name, or the beginning of a name.
pub(super) fn split(text: &[u8]) -> Split<'_> {
    let (head, tail) = text.split_at(text.len().min(16));
    let mut filled = [0; 16];
    filled[..head.len()].copy_from_slice(head);
    (u128::from_be_bytes(filled), tail)
}
