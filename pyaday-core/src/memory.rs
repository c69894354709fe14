//! The store that keeps its packages in memory alone.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::SmallRng;
use rand::seq::{SliceRandom, index};
use rand::{RngExt, SeedableRng};

use crate::name::NormalizedName;
use crate::package::{Details, Package, Tag};
use crate::store::{
    Create, Delete, PackageStore, Page, Query, Revision, Seed, StoreError, Stored, Update,
};

/// Packages in memory, gone when the process ends.
///
/// Its operations never fail and never wait for anything but each other.
pub struct MemoryStore {
    packages: RwLock<Packages>,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// Its revisions continue from the clock's microseconds, so that an entity tag from an earlier
    /// process never names a version of this one.
    #[must_use]
    pub fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::after(Revision::new(since_epoch.as_micros() as u64))
    }

    /// An empty store whose first write has the revision that follows `revision`.
    #[must_use]
    pub fn after(revision: Revision) -> Self {
        let packages = Packages { slots: Vec::new(), index: BTreeMap::new(), revision };
        Self { packages: RwLock::new(packages) }
    }

    /// A poisoned lock is taken all the same: whatever may panic in a write (rendering, above all)
    /// comes before the first change to the data.
    fn read_lock(&self) -> RwLockReadGuard<'_, Packages> {
        self.packages.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lock(&self) -> RwLockWriteGuard<'_, Packages> {
        self.packages.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packages = self.read_lock();
        f.debug_struct("MemoryStore")
            .field("packages", &packages.slots.len())
            .field("revision", &packages.revision)
            .finish()
    }
}

impl PackageStore for MemoryStore {
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        Ok(self.write_lock().create(&package))
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        let mut guard = self.write_lock();
        Ok(packages.iter().map(|package| guard.create(package)).collect())
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        Ok(self.read_lock().get(name).cloned())
    }

    async fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        Ok(self.write_lock().update(name, expected, details))
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        Ok(self.write_lock().delete(name, expected))
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        let packages = self.read_lock();
        Ok(match packages.slots.len() {
            0 => None,
            len => Some(packages.slots[generator(seed).random_range(..len)].stored.clone()),
        })
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut generator = generator(seed);
        let packages = self.read_lock();
        let of_slots = |slots: &[usize]| {
            let slots = slots.iter().map(|slot| &packages.slots[*slot]);
            slots.map(|slot| slot.stored.clone()).collect()
        };
        let Some(tag) = tag else {
            let len = packages.slots.len();
            let slots = index::sample(&mut generator, len, count.get().min(len));
            return Ok(of_slots(&slots.into_vec()));
        };
        let mut tagged: Vec<usize> = (0..packages.slots.len())
            .filter(|slot| packages.slots[*slot].stored.package().details.tags.contains(tag))
            .collect();
        let (chosen, _) = tagged.partial_shuffle(&mut generator, count.get());
        Ok(of_slots(chosen))
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        Ok(self.read_lock().list(query))
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

/// The packages of one moment.
///
/// A draw needs them without gaps, a list in order: the slots hold them densely in no order, the
/// index holds their names in order.
struct Packages {
    slots: Vec<Slot>,
    index: BTreeMap<NormalizedName, usize>,
    revision: Revision,
}

struct Slot {
    name: NormalizedName,
    stored: Stored,
}

impl Packages {
    fn get(&self, name: &NormalizedName) -> Option<&Stored> {
        self.index.get(name).map(|slot| &self.slots[*slot].stored)
    }

    fn create(&mut self, package: &Package) -> Create {
        let name = package.name.normalized();
        if let Some(stored) = self.get(&name) {
            return Create::Exists(stored.clone());
        }
        let stored = Stored::new(package, self.revision.next());
        self.revision = stored.revision();
        self.index.insert(name.clone(), self.slots.len());
        self.slots.push(Slot { name, stored: stored.clone() });
        Create::Created(stored)
    }

    fn update(
        &mut self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Update {
        let Some(slot) = self.index.get(name) else {
            return Update::Absent;
        };
        let stored = &mut self.slots[*slot].stored;
        if expected.is_some_and(|expected| expected != stored.revision()) {
            return Update::Stale(stored.clone());
        }
        let before = stored.package();
        if before.details == details {
            return Update::Unchanged(stored.clone());
        }
        *stored = Stored::new(&Package { name: before.name, details }, self.revision.next());
        self.revision = stored.revision();
        Update::Updated(stored.clone())
    }

    fn delete(&mut self, name: &NormalizedName, expected: Option<Revision>) -> Delete {
        let Some(slot) = self.index.get(name).copied() else {
            return Delete::Absent;
        };
        let stored = &self.slots[slot].stored;
        if expected.is_some_and(|expected| expected != stored.revision()) {
            return Delete::Stale(stored.clone());
        }
        self.revision = self.revision.next();
        self.index.remove(name);
        self.slots.swap_remove(slot);
        if let Some(moved) = self.slots.get(slot) {
            self.index.insert(moved.name.clone(), slot);
        }
        Delete::Deleted
    }

    fn list(&self, query: &Query) -> Page {
        let words: Vec<String> = query.words.iter().map(|word| lower_case(word)).collect();
        let start = query.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut selected = self
            .index
            .range((start, Bound::Unbounded))
            .map(|(name, slot)| (name, &self.slots[*slot].stored))
            .filter(|(name, stored)| selects(query, &words, name, stored));
        let items: Vec<_> = selected.by_ref().take(query.limit.get()).collect();
        let next = items.last().filter(|_| selected.next().is_some());
        Page {
            next: next.map(|(name, _)| (*name).clone()),
            items: items.into_iter().map(|(_, stored)| stored.clone()).collect(),
            revision: self.revision,
        }
    }
}

fn selects(query: &Query, words: &[String], name: &NormalizedName, stored: &Stored) -> bool {
    if query.tags.is_empty() && words.is_empty() {
        return true;
    }
    let details = stored.package().details;
    let short_desc = lower_case(details.short_desc.as_str());
    query.tags.iter().all(|tag| details.tags.contains(tag))
        && words.iter().all(|word| name.as_str().contains(word) || short_desc.contains(word))
}

/// Character by character: the lower case of a word must not depend on what is around it, as that
/// of a final sigma does in [`str::to_lowercase`].
fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
