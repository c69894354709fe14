//! The log of a store that keeps its history in memory.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::SystemTime;

use rpds::RedBlackTreeMapSync;

use super::snapshot::Catalogue;
use crate::history::{
    Change, ChangeDetails, ChangeOrder, ChangePage, ChangeQuery, ChangedPackage, LoggedChange,
    NoHistory, Past, Retention,
};
use crate::package::{NormalizedName, Revision, Stored};

/// How many entries a small write removes at most if the log is too long. It is more than one, so that
/// the log becomes shorter, and few, because a caller waits.
const REMOVED_AT_ONCE: usize = 16;

/// The changes of a store, and the versions that they replaced. A clone shares everything.
///
/// A reader takes the catalogue first and then the log, and a writer publishes the log first. So the
/// log of a reader has all changes up to the catalogue's revision. It may have newer ones, and the
/// reader leaves them out.
#[derive(Clone, Debug)]
pub(super) struct Log {
    changes: RedBlackTreeMapSync<Revision, Arc<Entry>>,
    /// The versions that were replaced or removed, by the name and by the revision of the write that
    /// did it.
    replaced: RedBlackTreeMapSync<(NormalizedName, Revision), Stored>,
    /// The revision of the newest change that was removed from the log. The log has every later
    /// change. It is 0 if none was removed.
    beginning: Revision,
    /// The newest revision of the store when the log was made.
    first: Revision,
}

/// A change, without the versions that it replaced.
#[derive(Debug)]
struct Entry {
    change: Change,
    names: Vec<NormalizedName>,
    pins: Vec<crate::history::ChangedPin>,
}

/// What a writer still has to remove from a log: removed changes, whose replaced versions are still
/// there.
#[derive(Debug, Default)]
pub(super) struct Leftover {
    entries: VecDeque<Arc<Entry>>,
    /// How many names of the first entry are done.
    done: usize,
}

impl Leftover {
    /// The next replaced version to remove. It copies one name only, because a change may have very
    /// many and a caller waits.
    fn next(&mut self) -> Option<(NormalizedName, Revision)> {
        loop {
            let entry = self.entries.front()?;
            if let Some(name) = entry.names.get(self.done) {
                self.done += 1;
                return Some((name.clone(), entry.change.revision));
            }
            self.entries.pop_front();
            self.done = 0;
        }
    }
}

impl Log {
    /// Makes an empty log of an empty store.
    pub(super) fn new(first: Revision) -> Self {
        let (changes, replaced) = Default::default();
        Self { changes, replaced, beginning: Revision::new(0), first }
    }

    /// Adds the newest change.
    pub(super) fn push(&mut self, logged: LoggedChange) {
        let LoggedChange { change, replaced, pins } = logged;
        let revision = change.revision;
        let mut names = Vec::with_capacity(replaced.len());
        for (name, before) in replaced {
            if let Some(before) = before {
                // The catalogue has the texts of many packages in one piece of memory, which the log
                // must not keep for the sake of one of them.
                self.replaced.insert_mut((name.clone(), revision), before.alone());
            }
            names.push(name);
        }
        self.changes.insert_mut(revision, Arc::new(Entry { change, names, pins }));
    }

    /// Removes what the log need not keep any more, or a part of it. `written` is the number of
    /// packages that were written since the last call: a large write removes more than a small one, so
    /// that the log does not grow.
    pub(super) fn trim(&mut self, leftover: &mut Leftover, retention: Retention, written: usize) {
        let room = REMOVED_AT_ONCE.max(2 * written);
        let since = retention.since(SystemTime::now());
        for _ in 0..room {
            let Some((revision, entry)) = self.changes.first() else { break };
            let is_too_many = retention.count().is_some_and(|count| self.changes.size() > count);
            if !is_too_many && since.is_none_or(|since| entry.change.at >= since) {
                break;
            }
            let (revision, entry) = (*revision, Arc::clone(entry));
            // From here on nothing is answered from the entry.
            self.beginning = revision;
            self.changes.remove_mut(&revision);
            leftover.entries.push_back(entry);
        }
        for _ in 0..room {
            let Some(key) = leftover.next() else { break };
            self.replaced.remove_mut(&key);
        }
    }

    /// Returns a page of changes.
    pub(super) fn page(&self, now: &Catalogue, query: &ChangeQuery) -> Past<ChangePage> {
        let newest = now.revision();
        let (after, before) = match query.order {
            ChangeOrder::Newest { before } => (Revision::new(0), before),
            ChangeOrder::After(after) if !self.has_position(after, now) => {
                return Past::Unknown(NoHistory::Forgotten);
            }
            ChangeOrder::After(after) => (after, None),
        };
        let is_within = |revision: Revision| {
            revision > after && revision <= newest && before.is_none_or(|before| revision < before)
        };
        let page = match (&query.name, query.order) {
            (None, ChangeOrder::Newest { .. }) => {
                let end = before.unwrap_or(Revision::new(u64::MAX));
                page(
                    query,
                    self.changes.range(..end).rev().map(|(revision, _)| *revision),
                    self,
                    is_within,
                )
            }
            (None, ChangeOrder::After(after)) => page(
                query,
                self.changes.range(after..).map(|(revision, _)| *revision),
                self,
                is_within,
            ),
            (Some(name), ChangeOrder::Newest { .. }) => {
                page(query, self.revisions(name, now).into_iter().rev(), self, is_within)
            }
            (Some(name), ChangeOrder::After(_)) => {
                page(query, self.revisions(name, now).into_iter(), self, is_within)
            }
        };
        Past::Known(page)
    }

    /// True if a follower who has this position has missed nothing that the log does not have.
    fn has_position(&self, position: Revision, now: &Catalogue) -> bool {
        let is_newest = position == now.revision();
        position == self.beginning
            || is_newest
            || position < now.revision() && self.changes.contains_key(&position)
            || position > self.beginning && now.has_day_of(position)
            || position == self.first && self.beginning == Revision::new(0)
    }

    /// The revisions of the changes of a package, the oldest first.
    fn revisions(&self, name: &NormalizedName, now: &Catalogue) -> Vec<Revision> {
        let mut revisions = Vec::new();
        for (replaced_in, version) in self.replaced_versions(name, self.beginning) {
            revisions.extend([version.revision(), replaced_in]);
        }
        revisions.extend(now.get(name).map(|version| version.revision()));
        revisions.retain(|revision| self.changes.contains_key(revision));
        // A version that was replaced by another one has the revision in which that was made.
        revisions.dedup();
        revisions
    }

    /// The versions that were replaced or removed after a revision, the earliest first.
    fn replaced_versions(
        &self,
        name: &NormalizedName,
        after: Revision,
    ) -> impl Iterator<Item = (Revision, &Stored)> {
        let from = (name.clone(), Revision::new(after.get().saturating_add(1)));
        let to = (name.clone(), Revision::new(u64::MAX));
        self.replaced.range(from..=to).map(|((_, revision), version)| (*revision, version))
    }

    /// Returns a change and a page of its packages.
    pub(super) fn change(
        &self,
        now: &Catalogue,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Past<Option<ChangeDetails>> {
        // No change has the revision 0, so it is not one that was removed.
        if revision <= self.beginning && revision != Revision::new(0) {
            return Past::Unknown(NoHistory::Forgotten);
        }
        let entry = self.changes.get(&revision).filter(|_| revision <= now.revision());
        Past::Known(entry.map(|entry| {
            let first = after.map_or(0, |after| entry.names.partition_point(|name| name <= after));
            let rest = &entry.names[first..];
            let names = &rest[..rest.len().min(limit.get())];
            let packages = names.iter().map(|name| {
                let before = self.replaced.get(&(name.clone(), revision)).cloned();
                ChangedPackage::new(name.clone(), before, self.version_at(now, name, revision))
            });
            let has_more = names.len() < rest.len();
            let (change, pins) = (entry.change.clone(), entry.pins.clone());
            ChangeDetails::new(change, packages.collect(), has_more, pins)
        }))
    }

    /// Returns the version that a package had at a revision.
    pub(super) fn read_at(
        &self,
        now: &Catalogue,
        name: &NormalizedName,
        revision: Revision,
    ) -> Past<Option<Stored>> {
        if revision > now.revision() {
            Past::Unknown(NoHistory::NotYet)
        } else if revision < self.beginning {
            Past::Unknown(NoHistory::Forgotten)
        } else {
            Past::Known(self.version_at(now, name, revision))
        }
    }

    fn version_at(
        &self,
        now: &Catalogue,
        name: &NormalizedName,
        revision: Revision,
    ) -> Option<Stored> {
        let replaced = self.replaced_versions(name, revision).next();
        let version = match replaced {
            Some((_, version)) => Some(version.clone()),
            None => now.get(name),
        };
        version.filter(|version| version.revision() <= revision)
    }
}

/// Makes a page of the changes with these revisions.
fn page(
    query: &ChangeQuery,
    revisions: impl Iterator<Item = Revision>,
    log: &Log,
    is_within: impl Fn(Revision) -> bool,
) -> ChangePage {
    let within = revisions.filter(|revision| is_within(*revision));
    let mut scan = query.scan();
    for entry in within.filter_map(|revision| log.changes.get(&revision)) {
        if !scan.look(entry.change.clone()) {
            break;
        }
    }
    scan.finish()
}

#[cfg(test)]
mod tests;
