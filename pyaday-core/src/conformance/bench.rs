//! The store under test. Its methods are plain blocking calls here, and helpers check their
//! results.

use std::any::Any;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use super::Subject;
use super::fixtures::{at_least_one, everything};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::history::{ChangeDetails, ChangePage, ChangeQuery, NoHistory, Past};
use crate::package::{Details, NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{
    Batch, Batched, Create, Delete, PackageStore, Page, Query, Replacement, Seed, Selected,
    StoreError, StoreId, Update, Write,
};

/// The result of a check.
pub(super) type Checked<T = ()> = Result<T, Fault>;

/// A case in which a fact does not hold.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) done: String,
    pub(super) expected: String,
    pub(super) came: String,
}

impl Fault {
    pub(super) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self {
            done: "the store was called".to_owned(),
            expected: "an answer".to_owned(),
            came: format!("the panic: {}", text.unwrap_or("without words")),
        }
    }
}

/// Checks that a value is equal to the expected one.
pub(super) fn same<T: PartialEq + Debug>(done: impl Display, came: &T, expected: &T) -> Checked {
    if came == expected {
        return Ok(());
    }
    Err(Fault { done: done.to_string(), expected: shown(expected), came: shown(came) })
}

/// Checks a condition. The expected value is described in words.
pub(super) fn ensure(
    holds: bool,
    done: impl Display,
    expected: impl Display,
    came: &impl Debug,
) -> Checked {
    if holds {
        return Ok(());
    }
    Err(Fault { done: done.to_string(), expected: expected.to_string(), came: shown(came) })
}

/// Checks that a version of a package is this package.
pub(super) fn shows(done: impl Display, version: &Stored, package: &Package) -> Checked {
    same(done, version, &Stored::new(package, version.revision()))
}

/// A write that expects this revision, if one is given.
pub(super) fn expecting(revision: Option<Revision>) -> Write {
    revision.map_or_else(Write::new, |revision| Write::new().if_revision(revision))
}

/// Formats a value for a message, and shortens it if it would be pages long.
fn shown(value: &impl Debug) -> String {
    const LONGEST: usize = 1500;
    let text = format!("{value:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

/// A store, which is new when a check begins.
pub(super) struct Bench<'a, S: Subject> {
    pub(super) subject: &'a S,
    pub(super) store: S::Store,
}

impl<'a, S: Subject> Bench<'a, S> {
    pub(super) fn new(subject: &'a S) -> Self {
        Self { subject, store: subject.empty() }
    }

    /// The same store, closed and opened again.
    pub(super) fn reopened(self) -> Checked<Self> {
        let Self { subject, store } = self;
        let store = subject.reopen(store).map_err(|error| Fault {
            done: "the store was closed and opened again".to_owned(),
            expected: "the store, as the subject opened another one before".to_owned(),
            came: error.to_string(),
        })?;
        Ok(Self { subject, store })
    }

    fn answer<T>(
        &self,
        method: &str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Checked<T> {
        self.subject.block_on(call).map_err(|error| Fault {
            done: format!("`{method}` was called"),
            expected: "an answer".to_owned(),
            came: error.source().map_or_else(
                || error.to_string(),
                |source| format!("the error: {error}; caused by: {source}"),
            ),
        })
    }

    pub(super) fn id(&self) -> Checked<StoreId> {
        self.answer("id", self.store.id())
    }

    pub(super) fn refresh(&self) -> Checked {
        self.answer("refresh", self.store.refresh())
    }

    pub(super) fn create(&self, package: &Package) -> Checked<Create> {
        self.create_on(package, Write::new())
    }

    /// Creates a package with these conditions.
    pub(super) fn create_on(&self, package: &Package, write: Write) -> Checked<Create> {
        self.answer("create", self.store.create(package.clone(), write))
    }

    pub(super) fn create_many(&self, packages: &[Package]) -> Checked<Vec<Create>> {
        self.create_many_on(packages, Write::new())
    }

    /// Creates packages as one batch with these conditions.
    pub(super) fn create_many_on(
        &self,
        packages: &[Package],
        write: Write,
    ) -> Checked<Vec<Create>> {
        self.answer("create_many", self.store.create_many(packages.to_vec(), write))
    }

    pub(super) fn write_batch(&self, batch: &Batch, write: Write) -> Checked<Batched> {
        self.answer("write_batch", self.store.write_batch(batch.clone(), write))
    }

    pub(super) fn keeps_history(&self) -> Checked<bool> {
        let query = ChangeQuery::new(at_least_one(1));
        Ok(self.changes(&query)? != Past::Unknown(NoHistory::NotKept))
    }

    pub(super) fn changes(&self, query: &ChangeQuery) -> Checked<Past<ChangePage>> {
        self.answer("changes", self.store.changes(query))
    }

    pub(super) fn change_of(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: usize,
    ) -> Checked<Past<Option<ChangeDetails>>> {
        self.answer("change", self.store.change(revision, after, at_least_one(limit)))
    }

    pub(super) fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Checked<Past<Option<Stored>>> {
        self.answer("read_at", self.store.read_at(name, revision))
    }

    pub(super) fn read(&self, name: &NormalizedName) -> Checked<Option<Stored>> {
        self.answer("read", self.store.read(name))
    }

    pub(super) fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: &Details,
    ) -> Checked<Update> {
        self.update_on(name, Replacement::new(details.clone()), expecting(expected))
    }

    /// Replaces a package with these conditions.
    pub(super) fn update_on(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Checked<Update> {
        self.answer("update", self.store.update(name, replacement, write))
    }

    pub(super) fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Checked<Delete> {
        self.delete_on(name, expecting(expected))
    }

    /// Deletes a package with these conditions.
    pub(super) fn delete_on(&self, name: &NormalizedName, write: Write) -> Checked<Delete> {
        self.answer("delete", self.store.delete(name, write))
    }

    pub(super) fn random(&self, seed: Seed) -> Checked<Option<Stored>> {
        self.answer("random", self.store.random(seed))
    }

    pub(super) fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Checked<Vec<Stored>> {
        self.answer("sample", self.store.sample(count, tag, seed))
    }

    pub(super) fn list(&self, query: &Query) -> Checked<Page> {
        self.answer("list", self.store.list(query))
    }

    pub(super) fn select(&self, query: &Query) -> Checked<Selected> {
        self.answer("select", self.store.select(query))
    }

    /// The next page of a selection, unless there is none.
    pub(super) fn next_page(&self, selected: &mut Selected) -> Checked<Option<Vec<Stored>>> {
        let page = async { selected.next_page().await.transpose() };
        self.answer("select", page)
    }

    pub(super) fn daily(&self, date: Date) -> Checked<Day> {
        self.answer("daily", self.store.daily(date))
    }

    pub(super) fn open_daily(&self, date: Date, at: SystemTime) -> Checked<Option<Daily>> {
        let days = self.open_days(date..=date, at)?;
        let one_at_most = days.len() <= 1;
        ensure(one_at_most, format!("{date} was opened"), "one day at most", &days)?;
        Ok(days.into_iter().next())
    }

    pub(super) fn open_days(
        &self,
        dates: RangeInclusive<Date>,
        at: SystemTime,
    ) -> Checked<Vec<Daily>> {
        self.answer("open_daily", self.store.open_daily(dates, at))
    }

    pub(super) fn recent_daily(&self, until: Date, count: usize) -> Checked<Vec<Daily>> {
        self.answer("recent_daily", self.store.recent_daily(until, at_least_one(count)))
    }

    pub(super) fn pins(&self, last_open: Date, count: usize) -> Checked<Vec<Pinned>> {
        self.answer("pins", self.store.pins(last_open, at_least_one(count)))
    }

    pub(super) fn pinned(&self, date: Date) -> Checked<Option<Pinned>> {
        self.answer("pinned", self.store.pinned(date))
    }

    pub(super) fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Checked<Pin> {
        self.pin_on(date, last_open, name, Write::new())
    }

    /// Pins a date with these conditions.
    pub(super) fn pin_on(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Checked<Pin> {
        self.answer("pin_daily", self.store.pin_daily(date, last_open, name, write))
    }

    pub(super) fn unpin_daily(&self, date: Date, last_open: Date) -> Checked<Unpin> {
        self.unpin_on(date, last_open, Write::new())
    }

    /// Removes a pin with these conditions.
    pub(super) fn unpin_on(&self, date: Date, last_open: Date, write: Write) -> Checked<Unpin> {
        self.answer("unpin_daily", self.store.unpin_daily(date, last_open, write))
    }

    /// Lists all packages as one page.
    pub(super) fn page(&self) -> Checked<Page> {
        self.list(&everything())
    }

    /// Creates a package, which must be new.
    pub(super) fn add(&self, package: &Package) -> Checked<Stored> {
        let created = self.create(package)?;
        added(format!("the new name `{}` was created", package.name), created, package)
    }

    /// Creates packages as one batch, all of which must be new.
    pub(super) fn add_all(&self, packages: &[Package]) -> Checked<Vec<Stored>> {
        let answers = self.create_many(packages)?;
        let done = format!("a batch of {} new names was created", packages.len());
        same(format!("{done}, and the answers counted"), &answers.len(), &packages.len())?;
        answers
            .into_iter()
            .zip(packages)
            .map(|(came, package)| added(&done, came, package))
            .collect()
    }

    /// Replaces a package's details, which must change something.
    pub(super) fn change(&self, name: &NormalizedName, details: &Details) -> Checked<Stored> {
        match self.update(name, None, details)? {
            Update::Updated(version) => Ok(version),
            other => Err(Fault {
                done: format!("`{name}` was updated with other details than it had"),
                expected: "Updated".to_owned(),
                came: shown(&other),
            }),
        }
    }

    /// Replaces a package with one whose name is another spelling of the same name.
    pub(super) fn respell(&self, package: &Package) -> Checked<Stored> {
        let done = format!("`{}` replaced another spelling of its name", package.name);
        let replacement = Replacement::from(package.clone());
        match self.update_on(&package.name.normalized(), replacement, Write::new())? {
            Update::Updated(version) => {
                shows(done, &version, package)?;
                Ok(version)
            }
            other => Err(Fault { done, expected: "Updated".to_owned(), came: shown(&other) }),
        }
    }

    /// Deletes a package that exists.
    pub(super) fn remove(&self, name: &NormalizedName) -> Checked {
        let came = self.delete(name, None)?;
        same(format!("`{name}` was deleted, which existed"), &came, &Delete::Deleted)
    }

    /// Reads the whole content of the store.
    pub(super) fn holds(&self) -> Checked<Holds> {
        Ok(Holds {
            page: self.page()?,
            days: self.recent_daily(Date::MAX, usize::MAX)?,
            pins: self.pins(Date::MIN, usize::MAX)?,
        })
    }

    /// Checks that a call writes nothing: the packages, the days, the pins and the store's revision
    /// must stay the same.
    pub(super) fn writes_nothing<T>(
        &self,
        done: &str,
        call: impl FnOnce() -> Checked<T>,
    ) -> Checked<T> {
        let before = self.holds()?;
        let answer = call()?;
        same(format!("{done}; what the store holds, before and after"), &self.holds()?, &before)?;
        Ok(answer)
    }
}

/// The whole content of a store at one moment.
#[derive(Debug, PartialEq)]
pub(super) struct Holds {
    pub(super) page: Page,
    pub(super) days: Vec<Daily>,
    pub(super) pins: Vec<Pinned>,
}

fn added(done: impl Display, came: Create, package: &Package) -> Checked<Stored> {
    match came {
        Create::Created(version) => {
            shows(done, &version, package)?;
            Ok(version)
        }
        Create::Exists(_) | Create::Stale(_) => Err(Fault {
            done: done.to_string(),
            expected: "Created".to_owned(),
            came: shown(&came),
        }),
    }
}
