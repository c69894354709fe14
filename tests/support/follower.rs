//! Follows the changes of a store, and finds out whether its log and its content agree.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use pyaday_core::daily::Day;
use pyaday_core::{
    Change, ChangeDetails, ChangeKind, ChangeOrder, ChangeQuery, ChangedPackage, ChangedPin, Date,
    NormalizedName, PackageStore, Past, Query, Revision, StoreError, Stored,
};

/// What a program has that follows the changes from the beginning.
#[derive(Debug)]
pub(crate) struct Follower {
    position: Revision,
    packages: BTreeMap<NormalizedName, Stored>,
    pins: BTreeMap<Date, NormalizedName>,
    /// The changes that it has applied.
    pub(crate) changes: Vec<Change>,
}

impl Default for Follower {
    fn default() -> Self {
        let (packages, pins) = (BTreeMap::new(), BTreeMap::new());
        Self { position: Revision::new(0), packages, pins, changes: Vec::new() }
    }
}

impl Follower {
    /// Applies all changes since the last time. Each must fit what the earlier ones have left.
    pub(crate) async fn follow<S: PackageStore>(&mut self, store: &S) -> Result<(), String> {
        loop {
            let mut query = ChangeQuery::new(NonZeroUsize::MIN.saturating_add(199));
            query.order = ChangeOrder::After(self.position);
            let page = known("the list", store.changes(&query).await)?;
            for change in page.items {
                let details = self.details(store, change.revision).await?;
                if details.change != change {
                    return Err(format!("{change:?} is {:?} when read alone", details.change));
                }
                self.apply(details)?;
                self.changes.push(change);
            }
            match page.next {
                Some(next) => self.position = next,
                None => return Ok(()),
            }
        }
    }

    async fn details<S: PackageStore>(
        &self,
        store: &S,
        revision: Revision,
    ) -> Result<ChangeDetails, String> {
        let all = NonZeroUsize::MAX;
        let change = known("a change", store.change(revision, None, all).await)?;
        change.ok_or_else(|| format!("the change {revision} is listed and cannot be read"))
    }

    fn apply(&mut self, details: ChangeDetails) -> Result<(), String> {
        let revision = details.change.revision;
        if revision <= self.position {
            return Err(format!("{revision} comes after {}", self.position));
        }
        for ChangedPackage { name, before, after, .. } in details.packages {
            let is_there = match details.change.kind {
                ChangeKind::Create | ChangeKind::Import => (false, true),
                ChangeKind::Update => (true, true),
                ChangeKind::Delete => (true, false),
                _ => (before.is_some(), after.is_some()),
            };
            if is_there != (before.is_some(), after.is_some()) {
                return Err(format!("{revision} made {after:?} of {before:?}"));
            }
            let there = match after {
                Some(after) => self.packages.insert(name.clone(), after),
                None => self.packages.remove(&name),
            };
            if there != before {
                return Err(format!("{name} was {there:?}, and {before:?} before {revision}"));
            }
        }
        for ChangedPin { date, after, .. } in details.pins {
            match after {
                Some(name) => drop(self.pins.insert(date, name)),
                None => drop(self.pins.remove(&date)),
            }
        }
        self.position = revision;
        Ok(())
    }

    /// Follows, and compares the result with the content of the store, to which nobody writes.
    pub(crate) async fn agrees<S: PackageStore>(&mut self, store: &S) -> Result<(), String> {
        self.follow(store).await?;
        let page = store.list(&Query::new(NonZeroUsize::MAX)).await.map_err(said)?;
        if !self.packages.values().eq(&page.items) {
            let own: Vec<_> = self.packages.values().collect();
            return Err(format!("the log gives {own:?}, but there is {:?}", page.items));
        }
        let pins = store.pins(Date::MIN, NonZeroUsize::MAX).await.map_err(said)?;
        let pins: BTreeMap<_, _> = pins.into_iter().map(|pin| (pin.date, pin.name)).collect();
        for date in self.pins.keys().copied().collect::<Vec<_>>() {
            // Opening a day is not in the log, and removes its pin.
            if matches!(store.daily(date).await.map_err(said)?, Day::Shown(_)) {
                self.pins.remove(&date);
            }
        }
        match self.pins == pins {
            true => Ok(()),
            false => Err(format!("the log gives the pins {:?}, but there are {pins:?}", self.pins)),
        }
    }
}

fn known<T>(what: &str, answer: Result<Past<T>, StoreError>) -> Result<T, String> {
    answer.map_err(said)?.known().map_err(|why| format!("{what} is not there: {why:?}"))
}

fn said(error: StoreError) -> String {
    format!("{error:?}")
}
