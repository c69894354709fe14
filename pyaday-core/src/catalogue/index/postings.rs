//! Lists of packages, encoded.

use super::bits::Bits;
use super::blocks::{self, Blocks};

/// The packages that have something in common, as the index keeps them: a list of the differences
/// between neighbours. If there are many packages, it is a list of the packages in each block, and if
/// there are still more, a bit map.
#[derive(Clone, Copy, Debug)]
pub(super) enum Postings<'a> {
    List(List<'a>),
    Blocks(Blocks<'a>),
    Bits(&'a Bits, u32),
}

/// How postings are encoded.
enum Encoding {
    List,
    Blocks,
    Bits,
}

impl Encoding {
    /// A list takes about a byte for each package, so a bit map is shorter for more than an eighth
    /// of the packages. It need not be read before it is used, so it is preferred earlier.
    const BITS_FROM: usize = 30;
    /// With fewer packages than this part, most blocks would be almost empty.
    const BLOCKS_FROM: usize = 160;

    /// How the postings of `len` packages are encoded, out of `all`.
    fn of(len: usize, all: usize) -> Self {
        match len {
            0 | 1 => Self::List,
            _ if len > all / Self::BITS_FROM => Self::Bits,
            _ if len > all / Self::BLOCKS_FROM => Self::Blocks,
            _ => Self::List,
        }
    }
}

/// An increasing list of numbers. The first number and the differences are encoded with 7 bits in
/// each byte. The highest bit is set if another byte follows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct List<'a> {
    pub(super) len: u32,
    bytes: &'a [u8],
}

/// Encoded postings, one after the other, and the bit maps among them.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    bytes: Vec<u8>,
    bits: Vec<Bits>,
}

impl Encoded {
    /// Where the next bytes will be.
    pub(super) fn end(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push_number(&mut self, number: u32) {
        push_number(&mut self.bytes, number);
    }

    pub(super) fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends the postings of these packages, out of `all`.
    pub(super) fn push(&mut self, packages: &[u32], all: usize) {
        push_number(&mut self.bytes, packages.len() as u32);
        match (Encoding::of(packages.len(), all), packages) {
            (Encoding::Bits, _) => {
                push_number(&mut self.bytes, self.bits.len() as u32);
                let mut bits = Bits::none(all);
                packages.iter().for_each(|package| bits.add(*package));
                self.bits.push(bits);
            }
            (Encoding::Blocks, _) => {
                let mut bytes = Vec::with_capacity(2 * packages.len());
                blocks::push(&mut bytes, packages);
                self.push_with_length(&bytes);
            }
            (Encoding::List, []) => {}
            (Encoding::List, [only]) => push_number(&mut self.bytes, *only),
            (Encoding::List, _) => {
                let mut bytes = Vec::with_capacity(2 * packages.len());
                push_list(&mut bytes, packages);
                self.push_with_length(&bytes);
            }
        }
    }

    fn push_with_length(&mut self, bytes: &[u8]) {
        push_number(&mut self.bytes, bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
    }

    /// Reads the number at this place, and moves it after the number.
    pub(super) fn number(&self, at: &mut usize) -> u32 {
        number(&self.bytes, at)
    }

    /// The byte at a place.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes[at]
    }

    /// Reads so many bytes at this place, and moves it after them.
    pub(super) fn bytes(&self, at: &mut usize, len: usize) -> &[u8] {
        let bytes = &self.bytes[*at..*at + len];
        *at += len;
        bytes
    }

    /// Reads the postings at this place, out of `all` packages, and moves it after them.
    pub(super) fn postings(&self, at: &mut usize, all: usize) -> Postings<'_> {
        let len = number(&self.bytes, at);
        match (Encoding::of(len as usize, all), len) {
            (Encoding::Bits, _) => {
                let place = number(&self.bytes, at);
                Postings::Bits(&self.bits[place as usize], len)
            }
            (Encoding::Blocks, _) => Postings::Blocks(Blocks { len, bytes: self.with_length(at) }),
            (Encoding::List, 0) => Postings::NONE,
            (Encoding::List, 1) => {
                let start = *at;
                number(&self.bytes, at);
                Postings::List(List { len, bytes: &self.bytes[start..*at] })
            }
            (Encoding::List, _) => Postings::List(List { len, bytes: self.with_length(at) }),
        }
    }

    fn with_length(&self, at: &mut usize) -> &[u8] {
        let len = self.number(at);
        self.bytes(at, len as usize)
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity()
            + self.bits.iter().map(|bits| size_of_val(bits) + bits.size()).sum::<usize>()
    }

    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.bits.shrink_to_fit();
    }
}

/// Appends the bytes of a list.
fn push_list(out: &mut Vec<u8>, numbers: &[u32]) {
    let mut last = 0;
    for number in numbers {
        push_number(out, number - last);
        last = *number;
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[inline]
fn number(bytes: &[u8], at: &mut usize) -> u32 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return number;
        }
        shift += 7;
    }
}

impl List<'_> {
    /// Calls `each` with the numbers in order.
    #[inline]
    pub(super) fn for_each(self, mut each: impl FnMut(u32)) {
        const HIGHEST_BITS: u64 = 0x8080_8080_8080_8080;

        let (mut bytes, mut left, mut last) = (self.bytes, self.len, 0);
        while left > 0 {
            // In long lists, most numbers take one byte. Eight of them are read with one check.
            if left >= 8
                && let Some(eight) = bytes.first_chunk::<8>()
                && u64::from_le_bytes(*eight) & HIGHEST_BITS == 0
            {
                for difference in eight {
                    last += u32::from(*difference);
                    each(last);
                }
                (bytes, left) = (&bytes[8..], left - 8);
                continue;
            }
            let mut at = 0;
            last += number(bytes, &mut at);
            each(last);
            (bytes, left) = (&bytes[at..], left - 1);
        }
    }

    pub(super) fn to_vec(self) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(self.len as usize);
        self.for_each(|number| numbers.push(number));
        numbers
    }

    /// Keeps those of the numbers, in order, that are in this list.
    pub(super) fn retain_in(self, numbers: &mut Vec<u32>) {
        let (mut kept, mut at, mut last, mut read) = (0, 0, 0, 0);
        for next in 0..numbers.len() {
            let own = numbers[next];
            while read < self.len && (read == 0 || last < own) {
                last += number(self.bytes, &mut at);
                read += 1;
            }
            if read > 0 && last == own {
                numbers[kept] = own;
                kept += 1;
            }
        }
        numbers.truncate(kept);
    }
}

impl Postings<'_> {
    /// No packages.
    pub(super) const NONE: Self = Self::List(List { len: 0, bytes: &[] });

    /// The number of packages.
    pub(super) fn len(self) -> usize {
        let len = match self {
            Self::List(list) => list.len,
            Self::Blocks(blocks) => blocks.len,
            Self::Bits(_, len) => len,
        };
        len as usize
    }

    /// Adds the packages to a set. With `within`, only those that are in that set too.
    pub(super) fn add_to(self, set: &mut Bits, within: Option<&Bits>) {
        match (self, within) {
            (Self::List(list), None) => {
                let mut adding = set.adding();
                list.for_each(|package| adding.add(package));
            }
            (Self::List(list), Some(within)) => {
                let mut adding = set.adding();
                list.for_each(|package| {
                    if within.contains(package) {
                        adding.add(package);
                    }
                });
            }
            (Self::Blocks(blocks), within) => blocks.add_to(set, within),
            (Self::Bits(bits, _), None) => set.union(bits),
            (Self::Bits(bits, _), Some(within)) => set.union_within(bits, within),
        }
    }

    /// What it costs to add the packages to a set, in numbers to read.
    pub(super) fn cost(self) -> usize {
        match self {
            Self::List(list) => list.len as usize,
            // No number of a block waits for the one before, and a bit map takes as long as a list of a
            // few thousand packages.
            Self::Blocks(blocks) => blocks.len as usize / 2,
            Self::Bits(..) => 4_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Increasing numbers, most of them close to each other.
    fn numbers(step: u32, wide: u32) -> Vec<u32> {
        let gap = |at: u32| if at.is_multiple_of(wide) { 1_000 * at } else { 1 + at % step };
        let numbers = (1..500).scan(0, |last, at| {
            *last += gap(at);
            Some(*last)
        });
        numbers.collect()
    }

    #[test]
    fn a_list_has_the_numbers_that_were_pushed() {
        for wide in [1, 2, 7, 8, 9, 20, 1_000] {
            let all = numbers(127, wide);
            for len in [0, 1, 2, 7, 8, 9, 16, 17, 499] {
                let mut encoded = Encoded::default();
                encoded.push(&all[..len], usize::MAX);
                let mut at = 0;
                let Postings::List(list) = encoded.postings(&mut at, usize::MAX) else {
                    panic!("a list was pushed");
                };
                assert_eq!(list.to_vec(), all[..len]);
                assert_eq!(at, encoded.end());
                for step in [1, 3, 50] {
                    let mut some: Vec<_> = (0..60_000).step_by(step).collect();
                    let mut expected = some.clone();
                    expected.retain(|number| all[..len].binary_search(number).is_ok());
                    list.retain_in(&mut some);
                    assert_eq!(some, expected);
                }
            }
        }
    }
}
