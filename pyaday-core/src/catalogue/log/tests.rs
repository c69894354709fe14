//! Tests of how a writer removes old changes. The conformance suite tests what readers see.

use super::*;
use crate::history::ChangeKind;
use crate::package::Package;

/// How many packages a large change removes.
const LARGE: usize = 5 * REMOVED_AT_ONCE;

/// A change that removes packages whose names begin with a letter.
fn removal(letter: char, count: usize, revision: u64) -> LoggedChange {
    let removed = |at: usize| {
        let package = Package::new(&format!("{letter}-{at}"), "").unwrap();
        (package.name.normalized(), Some(Stored::new(&package, Revision::new(revision - 1))))
    };
    let change = Change::new(Revision::new(revision), 0, ChangeKind::Delete, count);
    LoggedChange::new(change, (0..count).map(removed).collect(), Vec::new())
}

/// Each write removes a part of a large old change, and no later change is skipped.
#[test]
fn small_writes_remove_a_large_change_in_parts_and_then_the_changes_after_it() {
    let retention = Retention::all().at_most(1);
    let (mut log, mut leftover) = (Log::new(Revision::new(1)), Leftover::default());
    log.push(removal('a', LARGE, 10));
    log.trim(&mut leftover, retention, 0);
    assert_eq!(log.replaced.size(), LARGE);
    for revision in 11..31 {
        let before = log.replaced.size();
        log.push(removal('b', 1, revision));
        log.trim(&mut leftover, retention, 1);
        assert_eq!(log.beginning, Revision::new(revision - 1));
        assert_eq!(log.changes.size(), 1);
        let removed = before + 1 - log.replaced.size();
        assert!(removed <= REMOVED_AT_ONCE, "a write removed {removed} versions");
    }
    let left: Vec<_> = log.replaced.keys().map(|(_, revision)| revision.get()).collect();
    assert_eq!(left, [30]);
    assert!(leftover.entries.is_empty() || leftover.next().is_none());
}
