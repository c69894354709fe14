//! The points of neighbouring packages.

use super::bits::ones;
use super::hits::Hits;

/// The points that the words of a search get in 64 neighbouring packages. Each package has one level
/// for each word.
///
/// It takes a few operations to read the places of a word for all of them, and to find out which of
/// them cannot be among the best. To read the places of each package by itself would take many times
/// as long.
#[derive(Default)]
pub(super) struct Levels {
    levels: Vec<Level>,
    /// The most points that each word gets in any of the packages, in fifths.
    most: Vec<usize>,
}

/// The packages, as bits, in which a word gets these points.
struct Level {
    word: usize,
    fifths: u8,
    packages: u64,
}

impl Levels {
    /// Reads the points in these packages, which are those from 64 × `at` on. All of them have all of
    /// the words.
    pub(super) fn read(&mut self, hits: &[Hits<'_>], at: usize, packages: u64) {
        self.levels.clear();
        self.most.clear();
        for (word, hits) in hits.iter().enumerate() {
            let (mut most, mut left) = (0, packages);
            for (place, set) in hits.places() {
                let packages = set.word(at) & left;
                if packages == 0 {
                    continue;
                }
                let fifths = place.fifths();
                self.levels.push(Level { word, fifths, packages });
                most = most.max(usize::from(fifths));
                left ^= packages;
                if left == 0 {
                    break;
                }
            }
            self.most.push(most);
        }
    }

    /// The packages whose sum may be this one or more. A package is left out if it would not have it
    /// even if all other words had the most points.
    pub(super) fn packages_with(&self, sum: usize) -> u64 {
        let most: usize = self.most.iter().sum();
        if most < sum {
            return 0;
        }
        self.levels.iter().fold(u64::MAX, |left, Level { word, fifths, packages }| {
            match most - self.most[*word] + usize::from(*fifths) < sum {
                true => left & !packages,
                false => left,
            }
        }) & self.levels.iter().fold(0, |all, level| all | level.packages)
    }

    /// The sums of the points of these packages, in fifths.
    pub(super) fn sums(&self, packages: u64) -> [u8; 64] {
        let mut sums = [0; 64];
        for level in &self.levels {
            ones(level.packages & packages).for_each(|bit| sums[bit as usize] += level.fifths);
        }
        sums
    }
}
