//! Records the content of a store after each write, and checks that the log of the store agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::Subject;
use super::bench::{Bench, Checked, Fault, ensure, same};
use super::fixtures::{at_least_one, normalized};
use crate::daily::Date;
use crate::history::{
    Change, ChangeDetails, ChangeKind, ChangeOrder, ChangeQuery, ChangedPackage, ChangedPin,
    NoHistory, Past,
};
use crate::package::{NormalizedName, Revision, Stored};

/// The content of a store at one moment.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) revision: Revision,
    pub(super) packages: BTreeMap<NormalizedName, Stored>,
    pub(super) pins: BTreeMap<Date, NormalizedName>,
}

impl Moment {
    pub(super) fn of<S: Subject>(bench: &Bench<'_, S>) -> Checked<Self> {
        let holds = bench.holds()?;
        let packages = holds.page.items.into_iter().map(|it| (normalized(&it), it));
        let pins = holds.pins.into_iter().map(|pinned| (pinned.date, pinned.name));
        let revision = holds.page.revision;
        Ok(Self { revision, packages: packages.collect(), pins: pins.collect() })
    }
}

/// A change that the log must have.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) revision: Revision,
    pub(super) kind: ChangeKind,
    pub(super) packages: Vec<ChangedPackage>,
    pub(super) pins: Vec<ChangedPin>,
}

impl Expected {
    fn between(before: &Moment, after: &Moment, kind: ChangeKind) -> Self {
        let names: BTreeSet<_> = before.packages.keys().chain(after.packages.keys()).collect();
        let packages = names.into_iter().map(|name| {
            let version = |moment: &Moment| moment.packages.get(name).cloned();
            ChangedPackage::new(name.clone(), version(before), version(after))
        });
        let dates: BTreeSet<_> = before.pins.keys().chain(after.pins.keys()).collect();
        let pins = dates.into_iter().map(|date| {
            let name = |moment: &Moment| moment.pins.get(date).cloned();
            ChangedPin::new(*date, name(before), name(after))
        });
        Self {
            revision: after.revision,
            kind,
            packages: packages.filter(|it| it.before != it.after).collect(),
            pins: pins.filter(|it| it.before != it.after).collect(),
        }
    }

    fn touches(&self, name: &NormalizedName) -> bool {
        self.packages.iter().any(|package| package.name == *name)
    }
}

/// The moments after each write, and the changes that the log must have.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) moments: Vec<Moment>,
    pub(super) changes: Vec<Expected>,
}

impl Recorder {
    /// Begins with an empty store.
    pub(super) fn new<S: Subject>(bench: &Bench<'_, S>) -> Checked<Self> {
        Ok(Self { moments: vec![Moment::of(bench)?], changes: Vec::new() })
    }

    pub(super) fn last(&self) -> &Moment {
        &self.moments[self.moments.len() - 1]
    }

    /// Records what a call has done. Without a kind, it is no change for the log.
    pub(super) fn record<S: Subject>(
        &mut self,
        bench: &Bench<'_, S>,
        kind: Option<ChangeKind>,
    ) -> Checked {
        let now = Moment::of(bench)?;
        if now.revision != self.last().revision {
            let change = kind.map(|kind| Expected::between(self.last(), &now, kind));
            self.changes.extend(change);
            self.moments.push(now);
        }
        Ok(())
    }

    /// Forgets the first revision, which a store to which nothing was written may change.
    pub(super) fn reopened<S: Subject>(&mut self, bench: &Bench<'_, S>) -> Checked {
        if self.moments.len() == 1 {
            self.moments = vec![Moment::of(bench)?];
        }
        Ok(())
    }

    /// Checks that the log of the store agrees with everything that was recorded.
    pub(super) fn agrees<S: Subject>(&self, bench: &Bench<'_, S>) -> Checked {
        self.lists_agree(bench)?;
        self.positions_agree(bench)?;
        self.changes.iter().try_for_each(|change| details_agree(bench, change))?;
        self.past_agrees(bench)
    }

    fn lists_agree<S: Subject>(&self, bench: &Bench<'_, S>) -> Checked {
        let newest = ChangeOrder::Newest { before: None };
        let from_zero = ChangeOrder::After(Revision::new(0));
        for order in [newest, from_zero] {
            let all = self.expected(order, |_| true);
            list_agrees(bench, &query(order), &all)?;
            for kind in ChangeKind::ALL {
                let query = ChangeQuery { kind: Some(*kind), ..query(order) };
                list_agrees(bench, &query, &self.expected(order, |it| it.kind == *kind))?;
            }
            for name in self.names() {
                let of_name = self.expected(order, |it| it.touches(name));
                let query = ChangeQuery { name: Some(name.clone()), ..query(order) };
                list_agrees(bench, &query, &of_name)?;
            }
        }
        Ok(())
    }

    fn expected(
        &self,
        order: ChangeOrder,
        is_wanted: impl Fn(&Expected) -> bool,
    ) -> Vec<&Expected> {
        let mut wanted: Vec<_> = self.changes.iter().filter(|it| is_wanted(it)).collect();
        match order {
            ChangeOrder::Newest { before } => {
                wanted.retain(|it| before.is_none_or(|before| it.revision < before));
                wanted.reverse();
            }
            ChangeOrder::After(after) => wanted.retain(|it| it.revision > after),
        }
        wanted
    }

    /// Each revision of the store is a position, and others are none.
    fn positions_agree<S: Subject>(&self, bench: &Bench<'_, S>) -> Checked {
        for moment in self.moments.iter().skip(1) {
            let order = ChangeOrder::After(moment.revision);
            list_agrees(bench, &query(order), &self.expected(order, |_| true))?;
            let other = Revision::new(moment.revision.get() + 1);
            if self.moments.iter().all(|moment| moment.revision != other) {
                let done = format!("changes after {other} were listed, which no write has");
                let order = ChangeOrder::After(other);
                let came = bench.changes(&query(order))?;
                same(done, &came, &Past::Unknown(NoHistory::Forgotten))?;
            }
            let order = ChangeOrder::Newest { before: Some(moment.revision) };
            list_agrees(bench, &query(order), &self.expected(order, |_| true))?;
        }
        Ok(())
    }

    /// Every package had at each moment the version that was read then.
    fn past_agrees<S: Subject>(&self, bench: &Bench<'_, S>) -> Checked {
        for name in self.names() {
            for moment in &self.moments {
                let done = format!("`{name}` was read at {}", moment.revision);
                let came = bench.read_at(name, moment.revision)?;
                same(done, &came, &Past::Known(moment.packages.get(name).cloned()))?;
            }
            let later = Revision::new(self.last().revision.get() + 1);
            let done = format!("`{name}` was read at {later}, which is later than the last write");
            let came = bench.read_at(name, later)?;
            same(done, &came, &Past::Unknown(NoHistory::NotYet))?;
        }
        Ok(())
    }

    fn names(&self) -> BTreeSet<&NormalizedName> {
        self.moments.iter().flat_map(|moment| moment.packages.keys()).collect()
    }
}

fn query(order: ChangeOrder) -> ChangeQuery {
    ChangeQuery { order, ..ChangeQuery::new(at_least_one(3)) }
}

/// Reads all pages of a list of changes.
pub(super) fn all_pages<S: Subject>(
    bench: &Bench<'_, S>,
    query: &ChangeQuery,
) -> Checked<Vec<Change>> {
    let (mut all, mut query) = (Vec::new(), query.clone());
    loop {
        let page = match bench.changes(&query)? {
            Past::Known(page) => page,
            unknown => {
                return Err(Fault {
                    done: format!("changes were listed: {query:?}"),
                    expected: "a page".to_owned(),
                    came: format!("{unknown:?}"),
                });
            }
        };
        let fits = page.items.len() <= query.limit.get();
        ensure(fits, format!("changes were listed: {query:?}"), "no more than the limit", &page)?;
        all.extend(page.items);
        let Some(next) = page.next else {
            return Ok(all);
        };
        query.order = match query.order {
            ChangeOrder::Newest { .. } => ChangeOrder::Newest { before: Some(next) },
            ChangeOrder::After(_) => ChangeOrder::After(next),
        };
    }
}

fn list_agrees<S: Subject>(
    bench: &Bench<'_, S>,
    query: &ChangeQuery,
    expected: &[&Expected],
) -> Checked {
    let came = all_pages(bench, query)?;
    let facts = |change: &Change| (change.revision, change.kind, change.count);
    let came: Vec<_> = came.iter().map(facts).collect();
    let count = |it: &Expected| it.packages.len() + it.pins.len();
    let expected: Vec<_> = expected.iter().map(|it| (it.revision, it.kind, count(it))).collect();
    same(format!("all pages of changes were read: {query:?}"), &came, &expected)
}

/// Reads all pages of a change.
pub(super) fn all_of<S: Subject>(
    bench: &Bench<'_, S>,
    revision: Revision,
    limit: NonZeroUsize,
) -> Checked<ChangeDetails> {
    let absent = |came: String| Fault {
        done: format!("the change {revision} was read"),
        expected: "the change".to_owned(),
        came,
    };
    let read =
        |after: Option<&NormalizedName>| match bench.change_of(revision, after, limit.get())? {
            Past::Known(Some(details)) => Ok(details),
            other => Err(absent(format!("{other:?}"))),
        };
    let mut all = read(None)?;
    while let Some(after) = all.next.take() {
        let more = read(Some(&after))?;
        all.packages.extend(more.packages);
        all.next = more.next;
    }
    Ok(all)
}

fn details_agree<S: Subject>(bench: &Bench<'_, S>, expected: &Expected) -> Checked {
    for limit in [NonZeroUsize::MIN, NonZeroUsize::MAX] {
        let came = all_of(bench, expected.revision, limit)?;
        let done = format!("the change {} was read, {limit} at a time", expected.revision);
        same(format!("{done}; its packages"), &came.packages, &expected.packages)?;
        same(format!("{done}; its pins"), &came.pins, &expected.pins)?;
    }
    let other = Revision::new(expected.revision.get() - 1);
    let came = bench.change_of(other, None, 1)?;
    let is_other = matches!(&came, Past::Known(Some(change)) if change.change.revision == other);
    let done = format!("the change {other} was read");
    ensure(is_other || came == Past::Known(None), done, "that change, or none", &came)
}
