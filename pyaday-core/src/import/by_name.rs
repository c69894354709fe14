//! Rows in the order of the names of their packages.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::reader::{Given, Row};
use crate::catalogue::Pace;
use crate::package::NormalizedName;

/// The rows that are packages, in the order of the names. Rows about one package keep their order.
///
/// To sort all rows at once would occupy a thread of a server for too long. So parts of them are sorted,
/// and then merged row by row.
pub(super) struct ByName<'a> {
    rows: &'a [Row],
    /// The rows of each part that are still to come, by their indices. The next one is at the end.
    parts: Vec<Vec<usize>>,
    /// The next row of each part.
    next: BinaryHeap<Reverse<(NormalizedName, usize)>>,
}

impl<'a> ByName<'a> {
    /// How many rows a part has.
    const PART: usize = 512;

    pub(super) async fn sort(rows: &'a [Row], pace: &mut Pace) -> Self {
        let mut parts = Vec::with_capacity(rows.len().div_ceil(Self::PART));
        let mut next = BinaryHeap::with_capacity(parts.capacity());
        for start in (0..rows.len()).step_by(Self::PART) {
            let end = rows.len().min(start + Self::PART);
            let mut part: Vec<_> =
                (start..end).filter_map(|at| Some((name(&rows[at])?, at))).collect();
            part.sort_unstable_by(|one, other| other.cmp(one));
            next.extend(part.pop().map(Reverse));
            parts.push(part.into_iter().map(|(_, at)| at).collect());
            pace.pause().await;
        }
        Self { rows, parts, next }
    }

    /// The next row: the name of its package, its index, and what it says.
    pub(super) fn next(&mut self) -> Option<(NormalizedName, usize, &'a Given)> {
        let mut first = self.next.peek_mut()?;
        let Reverse((_, at)) = &*first;
        let following = self.parts[at / Self::PART].pop();
        let following = following.and_then(|at| Some((name(&self.rows[at])?, at)));
        let (name, at) = match following {
            Some(following) => std::mem::replace(&mut *first, Reverse(following)).0,
            None => PeekMut::pop(first).0,
        };
        let given = self.rows[at].package.as_ref().ok()?;
        Some((name, at, given))
    }
}

fn name(row: &Row) -> Option<NormalizedName> {
    row.package.as_ref().ok().map(|given| given.package().name.normalized())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::ReaderBuilder;

    #[tokio::test]
    async fn rows_come_in_the_order_of_names_and_those_of_one_package_in_their_own() {
        for (count, names) in [(0, 1), (1, 1), (500, 7), (512, 512), (513, 1), (3_000, 1_700)] {
            // Each tenth row is refused. The spelling does not matter.
            let name = |at: usize| match at % 10 {
                9 => "-".to_owned(),
                _ if at.is_multiple_of(2) => format!("P_{}", at * 31 % names),
                _ => format!("p-{}", at * 31 % names),
            };
            let lines: String = (0..count).map(|at| format!("{}\t\n", name(at))).collect();
            let text = format!("name\tsummary\n{lines}");
            let rows = ReaderBuilder::new().open(text.as_bytes()).unwrap();
            let rows: Vec<_> = rows.map(Result::unwrap).collect();
            assert_eq!(rows.len(), count);

            let mut by_name = ByName::sort(&rows, &mut Pace::new()).await;
            let mut found = Vec::new();
            while let Some((name, at, given)) = by_name.next() {
                assert_eq!(name, given.package().name.normalized());
                found.push((name, at));
            }
            let expected = rows.iter().zip(0..).filter_map(|(row, at)| {
                row.package.as_ref().ok().map(|given| (given.package().name.normalized(), at))
            });
            let mut expected: Vec<_> = expected.collect();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }
}
