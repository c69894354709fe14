//! Writes to many packages and pins at once.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::packing::Change;
use super::snapshot::Catalogue;
use crate::daily::{Date, Pinned};
use crate::history::ChangedPin;
use crate::package::{NormalizedName, Revision, Stored};
use crate::store::{Batch, Batched, Conflict, PackageSwap, Write};

impl Catalogue {
    /// Changes many packages and pins, if `write` admits the newest revision and each is as the
    /// batch requires. All changes share a revision.
    pub fn write_batch(&mut self, batch: &Batch, write: &Write) -> Batched {
        if !write.admits(Some(self.revision)) {
            return Batched::Stale(self.revision);
        }
        let conflict = self.conflict(batch);
        if !conflict.is_empty() {
            return Batched::Conflict(conflict);
        }
        if batch.is_dry_run() {
            return Batched::Unwritten(self.revision);
        }
        let revision = self.next_revision();
        let changed = batch.packages().filter(|(_, swap)| is_change(swap, revision));
        let changes = changed.map(|(name, swap)| Change {
            name: name.as_str(),
            package: swap.after.as_deref().map(|package| (package, revision)),
        });
        let pins: Vec<_> = batch.pins().filter(|pin| pin.before != pin.after).collect();
        if !self.edit_many(changes, revision) && pins.is_empty() {
            return Batched::Unwritten(self.revision);
        }
        for pin in pins {
            match &pin.after {
                Some(name) => self.journal.pin(Pinned::new(pin.date, name.clone(), revision)),
                None => self.journal.unpin(pin.date),
            }
        }
        self.revision = revision;
        Batched::Written(revision)
    }

    /// What is not as the batch requires.
    fn conflict(&self, batch: &Batch) -> Conflict {
        let is_other = |name: &NormalizedName, expected: Option<&Bytes>| {
            self.get(name).map(Stored::into_representation).as_ref() != expected
        };
        let changed = batch.packages().map(|(name, swap)| (name, swap.before.as_ref()));
        let expected = changed.chain(batch.required());
        let others = expected.filter(|(name, expected)| is_other(name, *expected));
        let packages: BTreeSet<_> = others.map(|(name, _)| name.clone()).collect();
        let dates = batch.pins().filter(|pin| !self.can_change(pin, batch));
        Conflict::new(packages.into_iter().collect(), dates.map(|pin| pin.date).collect())
    }

    fn can_change(&self, pin: &ChangedPin, batch: &Batch) -> bool {
        !self.is_fixed(pin.date, batch.last_open())
            && self.journal.pinned(pin.date).map(|pinned| &pinned.name) == pin.before.as_ref()
            && pin.after.as_ref().is_none_or(|name| self.will_have(name, batch))
    }

    /// True if a package of this name exists after the batch.
    fn will_have(&self, name: &NormalizedName, batch: &Batch) -> bool {
        match batch.package(name) {
            Some(swap) => swap.after.is_some(),
            None => self.get(name).is_some(),
        }
    }

    /// True if the pin of a date cannot be changed any more.
    pub(super) fn is_fixed(&self, date: Date, last_open: Date) -> bool {
        date <= last_open || self.journal.get(date).is_some()
    }
}

/// True if the package is another one afterwards.
fn is_change(swap: &PackageSwap, revision: Revision) -> bool {
    match (&swap.before, &swap.after) {
        (Some(before), Some(after)) => Stored::new(after, revision).representation() != before,
        (before, after) => before.is_some() || after.is_some(),
    }
}
