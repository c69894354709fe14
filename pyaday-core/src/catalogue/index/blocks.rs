//! Lists of many packages, encoded by the block.

use super::bits::{Bits, Four};

/// An increasing list of numbers, by the block of 256 numbers.
///
/// Each block begins with a byte that says how many numbers it has, and the lowest byte of each of them
/// follows. Where that would be longer than a bit map, the byte is [`MAP`], and a bit map follows.
///
/// It takes less time to read this than a list of differences, because no number depends on the one
/// before it. Blocks without candidates are not read at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks<'a> {
    pub(super) len: u32,
    pub(super) bytes: &'a [u8],
}

/// A bit map of a block follows.
const MAP: u8 = u8::MAX;
const MAP_BYTES: usize = 256 / 8;

/// Appends the blocks of increasing numbers.
pub(super) fn push(out: &mut Vec<u8>, numbers: &[u32]) {
    let mut next = 0;
    for block in numbers.chunk_by(|left, right| left >> 8 == right >> 8) {
        let at = block[0] >> 8;
        out.extend((next..at).map(|_| 0));
        next = at + 1;
        if block.len() <= MAP_BYTES {
            out.push(block.len() as u8);
            out.extend(block.iter().map(|number| *number as u8));
        } else {
            out.push(MAP);
            let lowest: Vec<_> = block.iter().map(|number| *number as u8).collect();
            out.extend(four(&lowest).into_iter().flat_map(u64::to_le_bytes));
        }
    }
}

/// The bit map of the lowest bytes of some numbers.
#[inline]
fn four(lowest: &[u8]) -> Four {
    let mut map = Four::default();
    for byte in lowest {
        map[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    map
}

impl Blocks<'_> {
    /// Adds the numbers to a set. With `within`, only those that are in that set too.
    pub(super) fn add_to(self, set: &mut Bits, within: Option<&Bits>) {
        let (mut bytes, mut at) = (self.bytes, 0);
        while let Some((first, rest)) = bytes.split_first() {
            let len = if *first == MAP { MAP_BYTES } else { usize::from(*first) };
            let (block, next) = rest.split_at(len);
            let candidates = within.map_or([u64::MAX; 4], |within| within.four(at));
            if len > 0 && candidates != [0; 4] {
                let mut packages = match (*first, rest.first_chunk()) {
                    (MAP, _) => read_map(block),
                    (0..=8, Some(eight)) => few(eight, len),
                    _ => four(block),
                };
                packages.iter_mut().zip(candidates).for_each(|(own, other)| *own &= other);
                set.add_four(at, packages);
            }
            (bytes, at) = (next, at + 1);
        }
    }
}

/// The bit map of the first `len` of some bytes. The processor cannot predict how many bytes a block
/// has, so it is faster to look at all of these than to end early.
#[inline]
fn few(bytes: &[u8; 8], len: usize) -> Four {
    let mut map = Four::default();
    for (at, byte) in bytes.iter().enumerate() {
        map[usize::from(byte >> 6)] |= u64::from(at < len) << (byte & 63);
    }
    map
}

fn read_map(bytes: &[u8]) -> Four {
    let mut map = Four::default();
    let words = bytes.as_chunks().0;
    map.iter_mut().zip(words).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some blocks are empty, some have few numbers, and some have so many that they are bit maps.
    fn numbers() -> Vec<u32> {
        let of_block = |block: u32| {
            let step = [1, 2, 7, 8, 9, 100, 256][block as usize % 7];
            (0..256).step_by(step).map(move |low| block * 256 + low)
        };
        (1..60).filter(|block| block % 5 > 0).flat_map(of_block).collect()
    }

    #[test]
    fn blocks_have_the_numbers_that_were_pushed() {
        let all = numbers();
        for numbers in [&all[..], &all[300..], &all[..1], &[255, 256, 15_359]] {
            let mut bytes = Vec::new();
            push(&mut bytes, numbers);
            let blocks = Blocks { len: numbers.len() as u32, bytes: &bytes };
            let mut set = Bits::none(16_000);
            blocks.add_to(&mut set, None);
            assert!(set.iter().eq(numbers.iter().copied()));
        }
    }

    #[test]
    fn only_candidates_are_added() {
        let all = numbers();
        let mut bytes = Vec::new();
        push(&mut bytes, &all);
        let blocks = Blocks { len: all.len() as u32, bytes: &bytes };
        for step in [1, 3, 1_000] {
            let (mut within, mut set) = (Bits::none(16_000), Bits::none(16_000));
            (0..16_000).step_by(step).for_each(|number| within.add(number));
            blocks.add_to(&mut set, Some(&within));
            assert!(set.iter().eq(all.iter().copied().filter(|number| within.contains(*number))));
        }
    }
}
