//! The packages of one moment, in memory, in the order of their names.

mod block;
mod leaf;
mod packing;
mod search;
mod separator;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;
use std::iter;
use std::num::NonZeroUsize;
use std::time::SystemTime;

use rand::rngs::SmallRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};

use crate::daily::{Daily, Day, Journal, Opening, Pick, Pin, Unpin};
use crate::date::{Date, seconds};
use crate::name::NormalizedName;
use crate::package::{Details, Package, Tag};
use crate::store::{Create, Delete, Page, Query, Revision, Seed, Stored, Update};
use packing::Change;
use search::Filter;
use separator::split;
use tree::Tree;

/// The packages of one moment: what a store answers reads from.
///
/// A clone takes no time and shares everything; a write to one of the clones copies the few
/// kilobytes around its place and leaves the others as they are. So a store has its readers look
/// at a catalogue that never changes, and makes the next one beside it:
///
/// 1. clone the current catalogue,
/// 2. write to the clone, as often as belongs together,
/// 3. commit to the database, if there is one,
/// 4. publish the clone, or drop it when something failed.
///
/// [`MemoryStore`](crate::MemoryStore) is this without the third step. No write changes anything
/// before its last step, so one that panics leaves the catalogue as it was.
///
/// ```
/// use pyaday_core::{Catalogue, Create, Package, Revision};
///
/// let current = Catalogue::new(Revision::new(0));
/// let mut draft = current.clone();
/// let dynaconf = Package::new("dynaconf", "The dynamic configurator.")?;
/// assert!(matches!(draft.create(&dynaconf), Create::Created(_)));
///
/// let name = dynaconf.name.normalized();
/// assert!(draft.get(&name).is_some());
/// assert!(current.get(&name).is_none());
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
#[derive(Clone)]
pub struct Catalogue {
    tree: Tree,
    journal: Journal,
    revision: Revision,
}

impl Catalogue {
    /// A catalogue without packages, whose first write has the revision that follows `revision`.
    #[must_use]
    pub fn new(revision: Revision) -> Self {
        Self { tree: Tree::empty(), journal: Journal::default(), revision }
    }

    /// The number of packages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// True if there are no packages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The newest revision: any write that changes something makes it a greater one.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The package of a name.
    #[must_use]
    pub fn get(&self, name: &NormalizedName) -> Option<Stored> {
        self.tree.get(name.as_str())
    }

    /// One package, each equally likely.
    #[must_use]
    pub fn random(&self, seed: Seed) -> Option<Stored> {
        match self.len() {
            0 => None,
            len => Some(self.tree.nth(generator(seed).random_range(..len))),
        }
    }

    /// `count` different packages in random order, each such sequence equally likely; all of them
    /// where there are fewer. If `tag` is given, only of those that carry it.
    #[must_use]
    pub fn sample(&self, count: NonZeroUsize, tag: Option<&Tag>, seed: Seed) -> Vec<Stored> {
        let draw = |len| index::sample(&mut generator(seed), len, count.get().min(len)).into_iter();
        let Some(tag) = tag else {
            return draw(self.len()).map(|rank| self.tree.nth(rank)).collect();
        };
        let filter = Filter::tagged(tag);
        let mut tagged = 0;
        let selections: Vec<_> = self
            .tree
            .leaves(None)
            .map(|(leaf, _)| (leaf, leaf.matching(&filter)))
            .filter(|(_, selected)| *selected != 0)
            .map(|(leaf, selected)| {
                let before = tagged;
                tagged += selected.count_ones() as usize;
                (before, leaf, selected)
            })
            .collect();
        let chosen = draw(tagged).filter_map(|rank| {
            let at = selections.partition_point(|(before, ..)| *before <= rank) - 1;
            let (before, leaf, selected) = selections[at];
            places(selected).nth(rank - before).map(|at| leaf.stored(at))
        });
        chosen.collect()
    }

    /// A page of the packages that a query selects, in the order of their normalised names.
    #[must_use]
    pub fn list(&self, query: &Query) -> Page {
        let after = query.after.as_ref().map(NormalizedName::as_str);
        let filter = Filter::new(&query.words, &query.tags);
        let mut selected = filter.iter().flat_map(|filter| {
            self.tree.leaves(after).flat_map(move |(leaf, behind)| {
                places(leaf.matching(filter) & behind).map(move |at| (leaf, at))
            })
        });
        let items: Vec<_> = selected.by_ref().take(query.limit.get()).collect();
        let next = items.last().filter(|_| selected.next().is_some());
        Page {
            next: next.map(|(leaf, at)| NormalizedName::from_normal(leaf.name(*at))),
            items: items.into_iter().map(|(leaf, at)| leaf.stored(at)).collect(),
            revision: self.revision,
        }
    }

    /// Adds a package if none of its name exists.
    pub fn create(&mut self, package: &Package) -> Create {
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
        let answer = |(name, is_new)| match is_new {
            true => Create::Created(self.existing(name)),
            false => Create::Exists(self.existing(name)),
        };
        names.iter().zip(is_new).map(answer).collect()
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

    /// Replaces all but the name of a package, whose spelling stays; if `expected` is given, only
    /// in that revision.
    ///
    /// Details equal to those that are stored change nothing, the revision neither.
    pub fn update(
        &mut self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Update {
        let Some(stored) = self.get(name) else {
            return Update::Absent;
        };
        if expected.is_some_and(|expected| expected != stored.revision()) {
            return Update::Stale(stored);
        }
        let before = stored.package();
        if before.details == details {
            return Update::Unchanged(stored);
        }
        Update::Updated(self.put(name, &Package { name: before.name, details }))
    }

    /// Removes a package; if `expected` is given, only in that revision.
    pub fn delete(&mut self, name: &NormalizedName, expected: Option<Revision>) -> Delete {
        match self.get(name) {
            None => Delete::Absent,
            Some(stored) if expected.is_some_and(|expected| expected != stored.revision()) => {
                Delete::Stale(stored)
            }
            Some(_) => {
                let change = Change { name: name.as_str(), package: None };
                self.edit(&[change], self.revision.next());
                Delete::Deleted
            }
        }
    }

    /// What is known of a date.
    #[must_use]
    pub fn daily(&self, date: Date) -> Day {
        match self.journal.get(date) {
            Some(daily) => Day::Shown(self.as_of_now(daily)),
            None => Day::Unopened { first: self.journal.first() },
        }
    }

    /// The days up to a date that were opened, the newest first, at most so many.
    #[must_use]
    pub fn recent_daily(&self, until: Date, count: NonZeroUsize) -> Vec<Daily> {
        self.journal.recent(until, count).map(|daily| self.as_of_now(daily)).collect()
    }

    /// What a date that nobody has opened is to show, as [`daily`](crate::daily) says; `None` if
    /// there are no packages.
    ///
    /// It looks at each name, which takes about 40 nanoseconds, in two threads; a
    /// [`Picker`](crate::Picker) does it elsewhere.
    #[must_use]
    pub fn pick_daily(&self, date: Date) -> Option<Pick> {
        let pinned = self.journal.pinned(date).filter(|name| self.get(name).is_some());
        let (name, cycle) = match pinned {
            Some(name) => (name.clone(), self.journal.current_cycle()),
            None => {
                let names = |part, parts| self.names(part, parts);
                let (name, cycle) = self.journal.pick(date, names)?;
                (NormalizedName::from_normal(name), cycle)
            }
        };
        Some(Pick { date, name, cycle, seen: self.revision })
    }

    /// Opens a date with what was picked for it, if it was not opened and the pick is still right:
    /// its package in the version that it was, the journal too. Packages that were added since do not
    /// matter.
    pub fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        if let Some(daily) = self.journal.get(pick.date) {
            return Opening::Exists(self.as_of_now(daily));
        }
        let package = self.get(&pick.name).filter(|package| package.revision() <= pick.seen);
        let Some(package) = package.filter(|_| !self.journal.has_changed_since(pick.seen)) else {
            return Opening::Stale;
        };
        let (package, picked_at) = (package.package(), seconds(picked_at));
        let revision = self.revision.next();
        let daily = Daily::new(pick.date, pick.cycle, package, picked_at, revision);
        self.journal.open(daily.clone());
        self.revision = revision;
        Opening::Opened(daily)
    }

    /// Pins a package to a date behind `last_open`, the last date that has begun anywhere; in the
    /// place of an earlier pin.
    pub fn pin_daily(&mut self, date: Date, last_open: Date, name: &NormalizedName) -> Pin {
        if self.get(name).is_none() {
            return Pin::Absent;
        }
        if date <= last_open || self.journal.get(date).is_some() {
            return Pin::Fixed;
        }
        if self.journal.pinned(date) != Some(name) {
            self.revision = self.revision.next();
            self.journal.pin(date, name.clone(), self.revision);
        }
        Pin::Pinned
    }

    /// Takes a pin back.
    pub fn unpin_daily(&mut self, date: Date, last_open: Date) -> Unpin {
        if date <= last_open || self.journal.get(date).is_some() {
            return Unpin::Fixed;
        }
        if self.journal.pinned(date).is_none() {
            return Unpin::NotPinned;
        }
        self.revision = self.revision.next();
        self.journal.unpin(date, self.revision);
        Unpin::Unpinned
    }

    /// Puts a day of the journal back, as it was.
    pub fn restore_daily(&mut self, daily: Daily) {
        self.revision = self.revision.max(daily.revision());
        self.journal.open(daily);
    }

    /// Puts a pin back.
    pub fn restore_pin(&mut self, date: Date, name: NormalizedName) {
        self.journal.pin(date, name, self.revision);
    }

    /// Takes packages out that were removed elsewhere, in a write up to `revision`, as which no later
    /// write counts. Names that are not there are left as they are.
    ///
    /// With [`restore`](Self::restore), [`restore_daily`](Self::restore_daily) and
    /// [`follow_pin`](Self::follow_pin) a catalogue follows one that others write to.
    pub fn forget(&mut self, names: &[NormalizedName], revision: Revision) {
        let mut names: Vec<_> = names.iter().filter(|name| self.get(name).is_some()).collect();
        names.sort_unstable();
        names.dedup();
        let changes = names.iter().map(|name| Change { name: name.as_str(), package: None });
        let newest = self.revision.max(revision);
        self.edit(&changes.collect::<Vec<_>>(), newest);
        self.revision = newest;
    }

    /// Has a date pinned to a package, or to none, as it was left elsewhere by a write up to
    /// `revision`.
    pub fn follow_pin(&mut self, date: Date, pinned: Option<NormalizedName>, revision: Revision) {
        self.revision = self.revision.max(revision);
        match pinned {
            Some(name) => self.journal.pin(date, name, revision),
            None => self.journal.unpin(date, revision),
        }
    }

    /// Notes the newest write to the journal, which need not show in any day or pin that is left: a pin
    /// may have been taken back. Picks of before are not taken from then on.
    pub fn follow_journal(&mut self, newest: Revision) {
        self.revision = self.revision.max(newest);
        self.journal.note(newest);
    }

    /// How many days were opened, and how many are pinned.
    #[must_use]
    pub fn journal_len(&self) -> (usize, usize) {
        self.journal.len()
    }

    fn as_of_now(&self, daily: &Daily) -> Daily {
        daily.clone().with_gone(self.get(daily.name()).is_none())
    }

    /// The normalised names, or one of so many parts of them.
    fn names(&self, part: usize, parts: usize) -> impl Iterator<Item = &str> {
        let leaves = self.tree.leaves(None).skip(part).step_by(parts);
        leaves.flat_map(|(leaf, _)| leaf.names())
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

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("len", &self.len())
            .field("revision", &self.revision)
            .finish()
    }
}

/// A fast generator: a draw decides nothing that must stay secret.
fn generator(seed: Seed) -> SmallRng {
    let mut own = <SmallRng as SeedableRng>::Seed::default();
    for (to, from) in own.iter_mut().zip(seed.bits()) {
        *to = from;
    }
    SmallRng::from_seed(own)
}

/// The places of names in the order of the names; of equal ones, in their own order.
fn order(names: &[NormalizedName]) -> Vec<usize> {
    let names = names.iter().map(|name| split(name.as_str().as_bytes()));
    let mut order: Vec<_> = names.zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

/// The places that a selection of a leaf's packages has.
fn places(selected: u64) -> impl Iterator<Item = usize> {
    let rest = |selected: u64| Some(selected).filter(|selected| *selected != 0);
    let without_lowest = move |selected: &u64| rest(selected & (selected - 1));
    iter::successors(rest(selected), without_lowest)
        .map(|selected| selected.trailing_zeros() as usize)
}
