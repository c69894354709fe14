//! Writes to the packages of a catalogue.

use super::packing::Change;
use super::separator::split;
use super::snapshot::Catalogue;
use crate::package::{NormalizedName, Package, Revision, Stored};
use crate::store::{Create, Delete, Replacement, Update, Write};

impl Catalogue {
    /// Adds a package if `write` admits the newest revision and no package has its name.
    pub fn create(&mut self, package: &Package, write: &Write) -> Create {
        if !write.admits(Some(self.revision)) {
            return Create::Stale(self.revision);
        }
        let name = package.name.normalized();
        match self.get(&name) {
            Some(stored) => Create::Exists(stored),
            None => Create::Created(self.put(&name, package)),
        }
    }

    /// Adds the packages whose names do not exist yet, if `write` admits the newest revision. The
    /// results are in the order of the packages. The new packages share a revision.
    ///
    /// If two packages of the batch have the same name, the first one is added, and the result for
    /// the later one is that the name exists.
    pub fn create_many(&mut self, packages: &[Package], write: &Write) -> Vec<Create> {
        if !write.admits(Some(self.revision)) {
            return vec![Create::Stale(self.revision); packages.len()];
        }
        let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
        let order = order(&names);
        let revision = self.next_revision();
        let mut is_new = vec![false; packages.len()];
        let mut changes = Vec::new();
        for same in order.chunk_by(|left, right| names[*left] == names[*right]) {
            let (first, name) = (same[0], &names[same[0]]);
            if self.get(name).is_none() {
                is_new[first] = true;
                let package = Some((&packages[first], revision));
                changes.push(Change { name: name.as_str(), package });
            }
        }
        self.edit(&changes, revision);
        let result = |(name, is_new)| match is_new {
            true => Create::Created(self.existing(name)),
            false => Create::Exists(self.existing(name)),
        };
        names.iter().zip(is_new).map(result).collect()
    }

    /// Adds packages with the revisions that they already have in a database. They replace packages
    /// of the same names. Later writes get greater revisions.
    ///
    /// A store uses this to load a catalogue from a database. It is fastest in the order of the
    /// names, with a few thousand packages per call. If several packages have the same name, the
    /// last one counts.
    pub fn restore(&mut self, packages: &[(Package, Revision)]) {
        let names: Vec<_> = packages.iter().map(|(package, _)| package.name.normalized()).collect();
        let order = order(&names);
        let same_names = order.chunk_by(|left, right| names[*left] == names[*right]);
        let changes = same_names.filter_map(|same| same.last()).map(|at| {
            let (package, revision) = &packages[*at];
            Change { name: names[*at].as_str(), package: Some((package, *revision)) }
        });
        let revisions = packages.iter().map(|(_, revision)| *revision);
        let newest = revisions.fold(self.revision, Revision::max);
        self.edit(&changes.collect::<Vec<_>>(), newest);
    }

    /// Replaces everything in a package except its identity, if `write` admits the package's
    /// current revision.
    ///
    /// If the replacement gives the same representation as the stored one, nothing changes, and the
    /// revision stays the same.
    pub fn update(
        &mut self,
        name: &NormalizedName,
        replacement: Replacement,
        write: &Write,
    ) -> Update {
        self.replace(name, replacement, write).0
    }

    /// Carries out [`update`](Self::update). If it replaces the package, also returns the version
    /// that it replaces and the package that it becomes, so that nobody has to look them up again.
    pub(super) fn replace(
        &mut self,
        name: &NormalizedName,
        replacement: Replacement,
        write: &Write,
    ) -> (Update, Option<(Stored, Package)>) {
        let Some(stored) = self.get(name) else {
            return (Update::Absent, None);
        };
        if !write.admits(Some(stored.revision())) {
            return (Update::Stale(stored), None);
        }
        let before = stored.package();
        let package = replacement.apply(&before);
        if package == before {
            return (Update::Unchanged(stored), None);
        }
        let updated = Update::Updated(self.put(name, &package));
        (updated, Some((stored, package)))
    }

    /// Removes a package if `write` admits its current revision.
    pub fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        self.remove(name, write).0
    }

    /// Carries out [`delete`](Self::delete). Also returns the version that it removes.
    pub(super) fn remove(
        &mut self,
        name: &NormalizedName,
        write: &Write,
    ) -> (Delete, Option<Stored>) {
        match self.get(name) {
            None => (Delete::Absent, None),
            Some(stored) if !write.admits(Some(stored.revision())) => (Delete::Stale(stored), None),
            Some(stored) => {
                let change = Change { name: name.as_str(), package: None };
                self.edit(&[change], self.next_revision());
                (Delete::Deleted, Some(stored))
            }
        }
    }

    /// Removes packages that another process has removed from the database, in a write with at most
    /// this `revision`, and [advances](Self::advance) to it. Names that do not exist are ignored.
    ///
    /// Together with [`restore`](Self::restore), [`restore_daily`](Self::restore_daily),
    /// [`restore_pin`](Self::restore_pin), [`forget_pin`](Self::forget_pin) and
    /// [`advance`](Self::advance), this lets a catalogue follow a database that other processes
    /// write to.
    pub fn forget(&mut self, names: &[NormalizedName], revision: Revision) {
        let mut names: Vec<_> = names.iter().filter(|name| self.get(name).is_some()).collect();
        names.sort_unstable();
        names.dedup();
        let changes = names.iter().map(|name| Change { name: name.as_str(), package: None });
        self.edit(&changes.collect::<Vec<_>>(), self.revision);
        self.advance(revision);
    }

    /// Records that another process has made writes up to this revision, so that later writes get
    /// greater revisions. If the catalogue already has a greater revision, nothing changes.
    pub fn advance(&mut self, revision: Revision) {
        self.revision = self.revision.max(revision);
    }

    /// Records that writes after this catalogue were lost, for example because a database failed over to
    /// a standby that did not have them. The next write then gets a revision that none of them had, even
    /// if the clocks of the processes that made them differ by up to a minute: between its revision and
    /// the newest one, or the clock, is a random gap of one to two minutes.
    pub fn leave_gap(&mut self) {
        /// In microseconds, as revisions are.
        const MINUTE: u64 = 60_000_000;

        let gap = rand::random_range(MINUTE..2 * MINUTE);
        self.least = Revision::new(self.revision.next().get().saturating_add(gap));
    }

    /// The revision of the next write.
    pub(super) fn next_revision(&self) -> Revision {
        self.revision.next().max(self.least)
    }

    /// Writes a package, and replaces the one with the same name if it exists.
    fn put(&mut self, name: &NormalizedName, package: &Package) -> Stored {
        let revision = self.next_revision();
        let change = Change { name: name.as_str(), package: Some((package, revision)) };
        self.edit(&[change], revision);
        self.existing(name)
    }

    /// Makes any number of changes, which are in the order of their names. Only a part of them is in
    /// memory at once. Returns false if there are none.
    pub(super) fn edit_many<'a>(
        &mut self,
        mut changes: impl Iterator<Item = Change<'a>>,
        revision: Revision,
    ) -> bool {
        /// More than the index records one by one.
        const PART: usize = 32 * 1024;

        let (mut edited, mut is_edited) = (self.clone(), false);
        loop {
            let part: Vec<_> = changes.by_ref().take(PART).collect();
            if part.is_empty() {
                *self = edited;
                return is_edited;
            }
            edited.edit(&part, revision);
            is_edited = true;
        }
    }

    /// Nothing after the creation of the new tree may panic.
    pub(super) fn edit(&mut self, changes: &[Change<'_>], revision: Revision) {
        if !changes.is_empty() {
            self.tree = self.tree.edit(changes);
            self.index.record(changes);
            self.revision = revision;
        }
    }

    fn existing(&self, name: &NormalizedName) -> Stored {
        #[expect(clippy::expect_used, reason = "only called for names that exist")]
        self.get(name).expect("the package exists")
    }
}

/// The indices of the names, sorted by name. Indices of equal names keep their order.
fn order(names: &[NormalizedName]) -> Vec<usize> {
    let names = names.iter().map(|name| split(name.as_str().as_bytes()));
    let mut order: Vec<_> = names.zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}
