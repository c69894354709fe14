//! Writes to the packages of a catalogue.

use super::packing::Change;
use super::separator::split;
use super::snapshot::Catalogue;
use crate::package::{NormalizedName, Package, Revision, Stored};
use crate::store::{Create, Delete, Replacement, Update, Write};

impl Catalogue {
    /// Adds a package if `write` admits the newest revision and none of its name exists.
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

    /// Adds those of the packages whose names do not exist, and answers in the order of the
    /// packages. The new ones share a revision.
    ///
    /// When the batch itself holds a name twice, its first package is added and the later ones
    /// exist.
    pub fn create_many(&mut self, packages: &[Package]) -> Vec<Create> {
        let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
        let order = order(&names);
        let revision = self.revision.next();
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

    /// Puts packages into the revisions that they have elsewhere, in the place of those of the same
    /// names. No later write has one of these revisions.
    ///
    /// This loads a catalogue from a database: fastest in the order of the names, a few thousand
    /// packages at a time. Of packages of one name the last stays.
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

    /// Replaces what a package has besides its identity, if `write` admits the revision that it is in.
    ///
    /// A replacement that gives the representation that is stored changes nothing, the revision
    /// neither.
    pub fn update(
        &mut self,
        name: &NormalizedName,
        replacement: Replacement,
        write: &Write,
    ) -> Update {
        let Some(stored) = self.get(name) else {
            return Update::Absent;
        };
        if !write.admits(Some(stored.revision())) {
            return Update::Stale(stored);
        }
        let before = stored.package();
        let package = replacement.apply(&before);
        if package == before {
            return Update::Unchanged(stored);
        }
        Update::Updated(self.put(name, &package))
    }

    /// Removes a package, if `write` admits the revision that it is in.
    pub fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        match self.get(name) {
            None => Delete::Absent,
            Some(stored) if !write.admits(Some(stored.revision())) => Delete::Stale(stored),
            Some(_) => {
                let change = Change { name: name.as_str(), package: None };
                self.edit(&[change], self.revision.next());
                Delete::Deleted
            }
        }
    }

    /// Takes packages out that were removed elsewhere, in a write up to `revision`, and
    /// [advances](Self::advance) to that. Names that are not there are left as they are.
    ///
    /// With [`restore`](Self::restore), [`restore_daily`](Self::restore_daily),
    /// [`restore_pin`](Self::restore_pin), [`forget_pin`](Self::forget_pin) and
    /// [`advance`](Self::advance) a catalogue follows one that others write to.
    pub fn forget(&mut self, names: &[NormalizedName], revision: Revision) {
        let mut names: Vec<_> = names.iter().filter(|name| self.get(name).is_some()).collect();
        names.sort_unstable();
        names.dedup();
        let changes = names.iter().map(|name| Change { name: name.as_str(), package: None });
        self.edit(&changes.collect::<Vec<_>>(), self.revision);
        self.advance(revision);
    }

    /// Notes that elsewhere there were writes up to a revision: no later write has one of these. A
    /// catalogue that is there already stays as it is.
    pub fn advance(&mut self, revision: Revision) {
        self.revision = self.revision.max(revision);
    }

    /// Writes a package over the one of its name, if there is one.
    fn put(&mut self, name: &NormalizedName, package: &Package) -> Stored {
        let revision = self.revision.next();
        let change = Change { name: name.as_str(), package: Some((package, revision)) };
        self.edit(&[change], revision);
        self.existing(name)
    }

    /// Nothing that may panic comes after the new tree is made.
    fn edit(&mut self, changes: &[Change<'_>], revision: Revision) {
        if !changes.is_empty() {
            self.tree = self.tree.edit(changes);
            self.revision = revision;
        }
    }

    fn existing(&self, name: &NormalizedName) -> Stored {
        #[expect(clippy::expect_used, reason = "only called for names that are there")]
        self.get(name).expect("the package exists")
    }
}

/// The places of names in the order of the names; of equal ones, in their own order.
fn order(names: &[NormalizedName]) -> Vec<usize> {
    let names = names.iter().map(|name| split(name.as_str().as_bytes()));
    let mut order: Vec<_> = names.zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}
