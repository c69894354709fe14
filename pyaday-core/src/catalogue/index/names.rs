//! A filter for names.

/// A set of names that may seem to contain other names too: a Bloom filter whose two bits for a name
/// are in one word.
#[derive(Debug, Default)]
pub(super) struct NameFilter {
    words: Box<[u64]>,
}

impl NameFilter {
    /// Makes the filter of the names with these hashes. With 8 bits for each name, about one other
    /// name in 20 seems to be among them; with 64 bits, one in 1,000.
    pub(super) fn new(hashes: &[u64], bits: usize) -> Self {
        let mut words = vec![0; hashes.len() * bits / 64 + 1];
        for hash in hashes {
            let (word, bits) = place(*hash, words.len());
            words[word] |= bits;
        }
        Self { words: words.into() }
    }

    /// Whether the filter may contain the name with this hash.
    pub(super) fn may_contain(&self, hash: u64) -> bool {
        let (word, bits) = place(hash, self.words.len());
        self.words.get(word).is_some_and(|word| word & bits == bits)
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of_val(&*self.words)
    }
}

/// The word of a hash, and its two bits.
fn place(hash: u64, words: usize) -> (usize, u64) {
    let word = ((hash >> 32) * words as u64) >> 32;
    (word as usize, 1 << (hash & 63) | 1 << (hash >> 6 & 63))
}

/// The hash of a name: FNV-1a, mixed once more.
pub(super) fn hash(name: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash: u64 = name.iter().fold(0xcbf2_9ce4_8422_2325, step);
    (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
