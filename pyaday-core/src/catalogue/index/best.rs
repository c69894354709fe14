//! The best packages that a search has found so far.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::search::Score;

/// The best packages so far, and at most `limit` of them. Packages with the same score are in the
/// order of their keys.
pub(in crate::catalogue) struct Best<K> {
    limit: usize,
    /// The score of the worst one, once there are enough.
    least: Score,
    /// The worst one is on top.
    found: BinaryHeap<(Reverse<Score>, K)>,
}

impl<K: Ord> Best<K> {
    pub(in crate::catalogue) fn new(limit: usize) -> Self {
        Self { limit, least: Score::default(), found: BinaryHeap::new() }
    }

    /// A package with a lower score is not among the best.
    #[inline]
    pub(in crate::catalogue) fn least(&self) -> Score {
        self.least
    }

    /// Whether a package with this score could be among the best.
    pub(in crate::catalogue) fn would_take(&self, score: Score) -> bool {
        score >= self.least
    }

    pub(in crate::catalogue) fn add(&mut self, score: Score, key: K) {
        if !self.would_take(score) {
            return;
        }
        self.found.push((Reverse(score), key));
        if self.found.len() > self.limit {
            self.found.pop();
        }
        if self.found.len() == self.limit {
            self.least = self.found.peek().map_or(self.least, |(Reverse(worst), _)| *worst);
        }
    }

    /// The best packages, in order.
    pub(in crate::catalogue) fn into_sorted(self) -> impl Iterator<Item = (Score, K)> {
        self.found.into_sorted_vec().into_iter().map(|(Reverse(score), key)| (score, key))
    }
}
