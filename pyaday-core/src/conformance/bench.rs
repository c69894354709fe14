//! A store on the bench: its methods as plain calls, and how a fact about it is stated.

use std::any::Any;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::num::NonZeroUsize;
use std::time::SystemTime;

use super::Subject;
use super::fixtures::{at_least_one, everything};
use crate::daily::{Daily, Date, Day, Pin, Unpin};
use crate::package::{Details, NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{
    Create, Delete, PackageStore, Page, Query, Replacement, Seed, StoreError, Update, Write,
};

/// What a check comes to.
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

/// States that what came of something is what was expected.
pub(super) fn same<T: PartialEq + Debug>(done: impl Display, came: &T, expected: &T) -> Checked {
    if came == expected {
        return Ok(());
    }
    Err(Fault { done: done.to_string(), expected: shown(expected), came: shown(came) })
}

/// States that what came of something is as expected, in words.
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

/// States that a version of a package is this package.
pub(super) fn shows(done: impl Display, version: &Stored, package: &Package) -> Checked {
    same(done, version, &Stored::new(package, version.revision()))
}

/// A write that is tied to this revision, if one is given.
pub(super) fn expecting(revision: Option<Revision>) -> Write {
    revision.map_or_else(Write::new, |revision| Write::new().if_revision(revision))
}

/// A value in a message, which nobody reads when it is pages long.
fn shown(value: &impl Debug) -> String {
    const LONGEST: usize = 1500;
    let text = format!("{value:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

/// A store, new when a check begins.
pub(super) struct Bench<'a, S: Subject> {
    pub(super) subject: &'a S,
    pub(super) store: S::Store,
}

impl<'a, S: Subject> Bench<'a, S> {
    pub(super) fn new(subject: &'a S) -> Self {
        Self { subject, store: subject.empty() }
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

    pub(super) fn create(&self, package: &Package) -> Checked<Create> {
        self.answer("create", self.store.create(package.clone(), Write::new()))
    }

    pub(super) fn create_many(&self, packages: &[Package]) -> Checked<Vec<Create>> {
        self.answer("create_many", self.store.create_many(packages.to_vec()))
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
        let replacement = Replacement::new(details.clone());
        self.answer("update", self.store.update(name, replacement, expecting(expected)))
    }

    pub(super) fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Checked<Delete> {
        self.answer("delete", self.store.delete(name, expecting(expected)))
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

    pub(super) fn daily(&self, date: Date) -> Checked<Day> {
        self.answer("daily", self.store.daily(date))
    }

    pub(super) fn open_daily(&self, date: Date, at: SystemTime) -> Checked<Option<Daily>> {
        let days = self.answer("open_daily", self.store.open_daily(date..=date, at))?;
        Ok(days.into_iter().next())
    }

    pub(super) fn recent_daily(&self, until: Date, count: usize) -> Checked<Vec<Daily>> {
        self.answer("recent_daily", self.store.recent_daily(until, at_least_one(count)))
    }

    pub(super) fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Checked<Pin> {
        self.answer("pin_daily", self.store.pin_daily(date, last_open, name, Write::new()))
    }

    pub(super) fn unpin_daily(&self, date: Date, last_open: Date) -> Checked<Unpin> {
        self.answer("unpin_daily", self.store.unpin_daily(date, last_open, Write::new()))
    }

    /// All packages, as one page.
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

    /// Deletes a package that exists.
    pub(super) fn remove(&self, name: &NormalizedName) -> Checked {
        let came = self.delete(name, None)?;
        same(format!("`{name}` was deleted, which existed"), &came, &Delete::Deleted)
    }

    /// States that a call writes nothing: the packages and the store's revision stay as they are.
    pub(super) fn writes_nothing<T>(
        &self,
        done: &str,
        call: impl FnOnce() -> Checked<T>,
    ) -> Checked<T> {
        let before = self.page()?;
        let answer = call()?;
        same(format!("{done}; all packages listed before and behind"), &self.page()?, &before)?;
        Ok(answer)
    }
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
