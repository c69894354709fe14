//! The packages of one moment, in memory, in the order of their names.

mod block;
pub(crate) mod draft;
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
use std::ops::RangeInclusive;
use std::time::SystemTime;

use rand::rngs::SmallRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};

use crate::daily::{Choice, Daily, Day, Journal, Made, Opening, Pick, Pin, Pinned, Unpin};
use crate::date::{Date, seconds};
use crate::name::NormalizedName;
use crate::package::{Package, Tag};
use crate::store::{
    Create, Delete, Page, Query, Replacement, Revision, Seed, Stored, Update, Write,
};
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
/// 4. publish the clone if the commit succeeded, drop it if it surely did not happen.
///
/// What becomes of the clone depends on how the commit ends:
///
/// | the commit | the caller is told | the clone | the next write begins with |
/// |---|---|---|---|
/// | succeeded | the answer | is published | the published catalogue |
/// | surely did not happen | [`Unavailable`](crate::StoreError::Unavailable) or [`Internal`](crate::StoreError::Internal) | is dropped | the published catalogue |
/// | may have happened | [`OutcomeUnknown`](crate::StoreError::OutcomeUnknown) | is dropped | a catalogue that was loaded anew |
///
/// In the last row the published catalogue may be older than the database. A write that began with it
/// could get the revision that the lost one has, and two versions would share an entity tag. So the
/// store takes no write until it has loaded from the database, by [`Catalogue::new`] and the
/// `restore` methods, what the database has now, and has published that. Readers may go on with the
/// old one until then.
///
/// [`MemoryStore`](crate::MemoryStore) is this without the third step. No write changes anything
/// before its last step, so one that panics leaves the catalogue as it was.
///
/// Revisions are compared within one history. [`Catalogue::new`] begins one, and clones go on with
/// it. A catalogue that is loaded anew, after a database lost writes for one, is another history: what
/// was [picked](Self::pick_daily) from the former is stale.
///
/// ```
/// use pyaday_core::{Catalogue, Create, Package, Revision, Write};
///
/// let current = Catalogue::new(Revision::new(0));
/// let mut draft = current.clone();
/// let dynaconf = Package::new("dynaconf", "The dynamic configurator.")?;
/// assert!(matches!(draft.create(&dynaconf, &Write::new()), Create::Created(_)));
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
    /// Drawn at random.
    history: u64,
}

impl Catalogue {
    /// A catalogue without packages, the beginning of a history. Its first write has the revision that
    /// [follows](Revision::next) `revision`.
    #[must_use]
    pub fn new(revision: Revision) -> Self {
        let history = rand::random();
        Self { tree: Tree::empty(), journal: Journal::default(), revision, history }
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

    /// What those of the dates that were not opened are to show, as [`daily`](crate::daily) says: the
    /// earliest is picked first, and the later ones take account of it.
    ///
    /// For each date it looks at each name, which takes about 40 nanoseconds, in two threads; a
    /// [`Picker`](crate::Picker) does it elsewhere.
    #[must_use]
    pub fn pick_daily(&self, dates: RangeInclusive<Date>) -> Pick {
        let dates = dates.into_inner();
        let basis = self.journal.basis(self.history);
        let made = Made { basis, seen: self.revision, choices: self.choose(dates) };
        Pick { dates, made: Some(made) }
    }

    fn choose(&self, (first, last): (Date, Date)) -> Vec<Choice> {
        let mut choices = Vec::new();
        for date in days(first, last).filter(|date| self.journal.get(*date).is_none()) {
            let pinned = self.journal.pinned(date).map(|pinned| &pinned.name);
            let (name, cycle) = match pinned.filter(|name| self.get(name).is_some()) {
                Some(name) => (name.clone(), self.journal.cycle_after(&choices)),
                None => {
                    let names = |part, parts| self.names(part, parts);
                    match self.journal.pick(date, &choices, names) {
                        Some((name, cycle)) => (NormalizedName::from_normal(name), cycle),
                        // There are no packages.
                        None => break,
                    }
                }
            };
            choices.push(Choice { date, name, cycle, pinned: pinned.cloned() });
        }
        choices
    }

    /// Opens dates with what was picked for them, those that were not opened, if the picks are still
    /// right: no other day was opened since, the dates have the pins that they had, and the packages
    /// are there. Whatever else was written since does not matter.
    pub fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        let (first, last) = pick.dates;
        let is_open = days(first, last).all(|date| self.journal.get(date).is_some());
        let made = match &pick.made {
            _ if is_open => &[][..],
            Some(made) if self.is_right(made) => &made.choices,
            Some(_) => return Opening::Stale,
            None => &self.choose(pick.dates),
        };
        let revision = self.revision.next();
        let opened = made.iter().filter_map(|choice| {
            let package = self.get(&choice.name)?.package();
            let picked_at = seconds(picked_at);
            Some(Daily::new(choice.date, choice.cycle, package, picked_at, revision))
        });
        let opened: Vec<_> = opened.collect();
        if !opened.is_empty() {
            opened.iter().cloned().for_each(|daily| self.journal.open(daily));
            self.revision = revision;
        }
        let days = days(first, last).filter_map(|date| self.journal.get(date));
        Opening::Open { days: days.map(|daily| self.as_of_now(daily)).collect(), opened }
    }

    /// Whether a pick is for these dates and takes account of all that this catalogue has.
    pub(crate) fn would_pick(&self, pick: &Pick, dates: &RangeInclusive<Date>) -> bool {
        let is_new = |made: &Made| made.seen >= self.revision && self.is_right(made);
        pick.dates == (*dates.start(), *dates.end()) && pick.made.as_ref().is_some_and(is_new)
    }

    fn is_right(&self, made: &Made) -> bool {
        made.basis == self.journal.basis(self.history)
            && made.choices.iter().all(|choice| {
                let pinned = self.journal.pinned(choice.date).map(|pinned| &pinned.name);
                pinned == choice.pinned.as_ref() && self.get(&choice.name).is_some()
            })
    }

    /// The pins of dates after this one, in the order of their dates, at most so many.
    #[must_use]
    pub fn pins(&self, last_open: Date, count: NonZeroUsize) -> Vec<Pinned> {
        self.journal.pins(last_open).take(count.get()).cloned().collect()
    }

    /// The pin of a date.
    #[must_use]
    pub fn pinned(&self, date: Date) -> Option<Pinned> {
        self.journal.pinned(date).cloned()
    }

    /// Pins a package to a date after `last_open`, the last date that has begun anywhere, in the place
    /// of an earlier pin, if `write` admits the revision of that or `None`.
    pub fn pin_daily(
        &mut self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: &Write,
    ) -> Pin {
        if date <= last_open || self.journal.get(date).is_some() {
            return Pin::Fixed;
        }
        let current = self.pinned(date);
        if !write.admits(current.as_ref().map(|pinned| pinned.revision)) {
            return Pin::Stale(current);
        }
        if self.get(name).is_none() {
            return Pin::Absent;
        }
        if let Some(current) = current.filter(|current| current.name == *name) {
            return Pin::Unchanged(current);
        }
        self.revision = self.revision.next();
        let pinned = Pinned::new(date, name.clone(), self.revision);
        self.journal.pin(pinned.clone());
        Pin::Pinned(pinned)
    }

    /// Takes a pin back, if `write` admits its revision.
    pub fn unpin_daily(&mut self, date: Date, last_open: Date, write: &Write) -> Unpin {
        if date <= last_open || self.journal.get(date).is_some() {
            return Unpin::Fixed;
        }
        match self.pinned(date) {
            None => Unpin::NotPinned,
            Some(pinned) if !write.admits(Some(pinned.revision)) => Unpin::Stale(pinned),
            Some(_) => {
                self.revision = self.revision.next();
                self.journal.unpin(date);
                Unpin::Unpinned
            }
        }
    }

    /// Puts a day of the journal back, as it was.
    pub fn restore_daily(&mut self, daily: Daily) {
        self.revision = self.revision.max(daily.revision());
        self.journal.open(daily);
    }

    /// Puts a pin back, in the place of another one of its date.
    pub fn restore_pin(&mut self, pinned: Pinned) {
        self.revision = self.revision.max(pinned.revision);
        self.journal.pin(pinned);
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

    /// Takes out the pin of a date that was taken back elsewhere.
    pub fn forget_pin(&mut self, date: Date) {
        self.journal.unpin(date);
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

/// The dates from the first to the last.
fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    let next = |date: &Date| Some(date.plus_days(1)).filter(|next| next > date);
    iter::successors(Some(first), next).take_while(move |date| *date <= last)
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
