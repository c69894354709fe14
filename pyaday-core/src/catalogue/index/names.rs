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

/// The hash of a name.
pub(super) fn hash(name: &[u8]) -> u64 {
    mix(sum(name))
}

/// Each byte times a power of [`BASE`]: the first byte as it is. So the sum of a text can be computed
/// from the sums of its parts.
fn sum(text: &[u8]) -> u64 {
    text.iter().rev().fold(0, |sum, byte| sum.wrapping_mul(BASE).wrapping_add(u64::from(*byte)))
}

/// Any large odd number.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads a sum over all bits.
fn mix(sum: u64) -> u64 {
    let mixed = (sum ^ sum >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ mixed >> 29
}

/// Makes the hashes of names that differ from one name in a few bytes, each in a few operations.
pub(super) struct Edited {
    /// For each place in the name: the sum of what is before it, the power of its byte, and the sum of
    /// what begins there.
    places: Vec<(u64, u64, u64)>,
}

impl Edited {
    pub(super) fn new(name: &[u8]) -> Self {
        let mut power = 1_u64;
        let places = (0..=name.len()).map(|at| {
            let (before, after) = name.split_at(at);
            let place = (sum(before), power, sum(after));
            power = power.wrapping_mul(BASE);
            place
        });
        Self { places: places.collect() }
    }

    /// The hash of the first `start` bytes of the name, these bytes, and the name from `end` on.
    #[inline]
    pub(super) fn hash(&self, start: usize, middle: &[u8], end: usize) -> u64 {
        let ((before, power, _), (.., after)) = (self.places[start], self.places[end]);
        let rest = middle
            .iter()
            .rev()
            .fold(after, |sum, byte| sum.wrapping_mul(BASE).wrapping_add(u64::from(*byte)));
        mix(power.wrapping_mul(rest).wrapping_add(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_name_has_the_hash_of_its_bytes() {
        let name = b"tensor-flow";
        let edited = Edited::new(name);
        for start in 0..=name.len() {
            for end in start..=name.len() {
                for middle in [&b""[..], b"x", b"-9"] {
                    let text = [&name[..start], middle, &name[end..]].concat();
                    assert_eq!(edited.hash(start, middle, end), hash(&text));
                }
            }
        }
    }

    #[test]
    fn few_other_names_seem_to_be_in_a_filter() {
        let names = |word: &'static str| (0..10_000).map(move |at| format!("{word}-{at}"));
        for (bits, most) in [(8, 800), (64, 30)] {
            let hashes: Vec<_> = names("py").map(|name| hash(name.as_bytes())).collect();
            let filter = NameFilter::new(&hashes, bits);
            assert!(hashes.iter().all(|hash| filter.may_contain(*hash)));
            let others = names("lib").filter(|name| filter.may_contain(hash(name.as_bytes())));
            assert!(others.count() < most);
        }
    }
}
