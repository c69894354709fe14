//! The trait of a store.

use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use super::error::StoreError;
use super::id::StoreId;
use super::list::{Page, Query};
use super::result::{Create, Delete, Update};
use super::seed::Seed;
use super::write::{Replacement, Write};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::package::{NormalizedName, Package, Stored, Tag};

/// A place where packages are kept: in memory, in a file, in a database far away.
///
/// Implementors write each method as an `async fn`; the futures are [`Send`]. The contract, which
/// the feature `conformance` tests for any store:
///
/// - A package's identity is its [`NormalizedName`]. There is never more than one of a name.
/// - Each method is atomic: it takes effect whole, at one moment between call and return, or not
///   at all, also when many call at once. A method that takes a [`Write`] asks it and writes in that
///   one moment, and never decides by what may be old: also that a package is absent, or in another
///   version, is true at that moment.
/// - Each write that changes something gives a [`Revision`](crate::Revision) greater than every one before it in the
///   whole store. None is ever used again, not for a package that is deleted and created anew.
/// - A store that is opened again has the same packages, days, pins and [identity](Self::id), and the
///   same newest revision; one to which nothing was ever written may begin its revisions anew.
/// - The journal of the package of the day is part of the store: a date is opened once, a pin and the
///   opening of its date come one behind the other, and both are writes with a revision.
/// - A write runs to its end once its future was polled, even when the future is dropped: a store
///   that waits for something writes in a thread or task of its own.
/// - Absence and conflict are answers. A [`StoreError`] means that the store could not do its work,
///   and whether the write may have happened nevertheless.
///
/// The folder `examples/file-store` of the repository has a store that is written with
/// [`Catalogue`](crate::Catalogue), [`Published`](crate::Published) and [`Picker`](crate::Picker) and
/// saves to a file.
///
/// There are no default methods: a store around another one that forgot to pass a method on would
/// change its meaning silently.
pub trait PackageStore: Send + Sync + 'static {
    /// The identity of the store's history: drawn once, when the store is made, and kept with it.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn id(&self) -> impl Future<Output = Result<StoreId, StoreError>> + Send;

    /// Returns once reads show every write that was acknowledged, by whichever process, before this
    /// was called. A store whose reads always do has nothing to wait for.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn refresh(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds a package if none of its name exists. `write` is asked about the newest revision of the
    /// whole store.
    ///
    /// # Errors
    /// [`StoreError`]; the package was added, or not, as it says.
    fn create(
        &self,
        package: Package,
        write: Write,
    ) -> impl Future<Output = Result<Create, StoreError>> + Send;

    /// Adds those of the packages whose names do not exist, all of them or none: no reader sees a
    /// part of the batch. They may share a revision.
    ///
    /// The answers come in the order of the packages. When the batch itself holds a name twice, its
    /// first package is added and the later ones exist.
    ///
    /// # Errors
    /// [`StoreError`]; all were added, or none, as it says.
    fn create_many(
        &self,
        packages: Vec<Package>,
    ) -> impl Future<Output = Result<Vec<Create>, StoreError>> + Send;

    /// The package of a name.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn read(
        &self,
        name: &NormalizedName,
    ) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Replaces what a package has besides its identity, if `write` admits the revision that it is
    /// in.
    ///
    /// A replacement that gives the representation that is stored changes nothing, the revision
    /// neither.
    ///
    /// # Errors
    /// [`StoreError`]; the package was replaced, or not, as it says.
    fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Removes a package, if `write` admits the revision that it is in.
    ///
    /// # Errors
    /// [`StoreError`]; the package was removed, or not, as it says.
    fn delete(
        &self,
        name: &NormalizedName,
        write: Write,
    ) -> impl Future<Output = Result<Delete, StoreError>> + Send;

    /// One package, each equally likely; `None` from an empty store.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn random(&self, seed: Seed)
    -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// `count` different packages in random order, each such sequence equally likely; all of them
    /// where there are fewer. If `tag` is given, only of those that carry it.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> impl Future<Output = Result<Vec<Stored>, StoreError>> + Send;

    /// A page of the packages that a query selects, in the order of their normalised names.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn list(&self, query: &Query) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// What is known of a date.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn daily(&self, date: Date) -> impl Future<Output = Result<Day, StoreError>> + Send;

    /// Opens those of the dates that were not opened, in one write, with the packages that are
    /// [picked](crate::daily) for them, the earliest first, from the packages and the journal of one
    /// moment during the call. Returns what the dates show, in their order; nothing from an empty
    /// store.
    ///
    /// Every caller gets the same, and it never changes, whatever becomes of the package. This write
    /// alone may be left undone when its future is dropped: the next caller opens the dates.
    ///
    /// # Errors
    /// [`StoreError`]; the dates were opened, or none of them, as it says.
    fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> impl Future<Output = Result<Vec<Daily>, StoreError>> + Send;

    /// The days up to a date that were opened, the newest first, at most `count`.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<Daily>, StoreError>> + Send;

    /// The pins of dates after `last_open`, in the order of their dates, at most `count`.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn pins(
        &self,
        last_open: Date,
        count: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<Pinned>, StoreError>> + Send;

    /// The pin of a date that was not opened.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn pinned(&self, date: Date)
    -> impl Future<Output = Result<Option<Pinned>, StoreError>> + Send;

    /// Pins a package to a date after `last_open` that was not opened, in the place of an earlier
    /// pin: the date will show it, if it exists then. `write` is asked about the revision of the
    /// date's pin, or about `None`.
    ///
    /// The same pin again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; the package was pinned, or not, as it says.
    fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> impl Future<Output = Result<Pin, StoreError>> + Send;

    /// Takes back the pin of a date after `last_open` that was not opened, if `write` admits the
    /// revision that the pin is in.
    ///
    /// # Errors
    /// [`StoreError`]; the pin was taken back, or not, as it says.
    fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> impl Future<Output = Result<Unpin, StoreError>> + Send;
}
