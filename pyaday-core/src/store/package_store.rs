//! The trait of a store.

use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use super::batch::{Batch, Batched};
use super::error::StoreError;
use super::id::StoreId;
use super::list::{Page, Query};
use super::result::{Create, Delete, Update};
use super::seed::Seed;
use super::selected::Selected;
use super::write::{Replacement, Write};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::history::{ChangeDetails, ChangePage, ChangeQuery, Past};
use crate::package::{NormalizedName, Package, Revision, Stored, Tag};

/// A place where packages are kept: memory, a file or a database.
///
/// # How to write a store
///
/// Three types of this crate do most of the work, and the stores of this project are written with
/// them:
///
/// - [`Catalogue`](crate::Catalogue) holds all packages, days and pins in memory. It answers every
///   read and decides the result of every write. Its documentation describes the steps of a write,
///   and what the store does after a commit that failed.
/// - [`Published`](crate::Published) holds the catalogue that readers see. The store replaces it
///   after each committed write.
/// - [`Picker`](crate::Picker) carries out [`open_daily`](Self::open_daily): it picks the packages
///   of the day in a thread of its own.
///
/// The store itself saves each change and loads the saved state when it is opened. A
/// [`Draft`](crate::Draft) lists the changes that a store with a database must save. The feature
/// `conformance` has a test suite that checks a store against the contract below.
///
/// The folder `examples/file-store` of the repository has a store that is written with these types
/// and saves to a file.
///
/// # Contract
///
/// Implementors write each method as an `async fn`, whose future must be [`Send`].
///
/// - The [`NormalizedName`] of a package identifies it. A store never has two packages with the
///   same normalised name.
/// - Each method is atomic, even when many callers use the store at once. It takes effect
///   completely, at one moment between call and return, or it has no effect. A method that takes a
///   [`Write`] checks it at the moment when it writes. It never decides from old data: if it
///   reports that a package is absent, or has another version, that is true at that moment.
/// - Each write that changes something gets a [`Revision`] that is greater than
///   every earlier revision in the whole store. A revision is never used again, not even for a
///   package that is deleted and created again.
/// - A store that is opened again has the same packages, days, pins and [identity](Self::id), and
///   the same newest revision. Only a store to which nothing was ever written may have another
///   first revision.
/// - The journal of the package of the day is part of the store. A date is opened only once.
///   Setting a pin and opening its date happen one after the other. Both are writes and have a
///   revision.
/// - A store may keep a history. Then it logs each write in the same transaction, except for those
///   that open days. The log and the content of the store always agree. A store that keeps no
///   history says so: [`changes`](Self::changes), [`change`](Self::change) and
///   [`read_at`](Self::read_at) return `Past::Unknown(NoHistory::NotKept)`, whatever they are asked.
/// - A write runs to its end after the first poll of its future, even if the future is dropped. A
///   store that must wait for something writes in a thread or a task of its own.
/// - Absence and conflict are results, not errors. A [`StoreError`] means that the store could not
///   do its work, and says whether the write may have happened.
///
/// The trait has no default methods. A store that wraps another store could otherwise forget to
/// forward a method, and its behaviour would change silently.
pub trait PackageStore: Send + Sync + 'static {
    /// Returns the identity of the store's history. It is drawn once, when the store is created,
    /// and saved with the store.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn id(&self) -> impl Future<Output = Result<StoreId, StoreError>> + Send;

    /// Returns as soon as reads show every write that any process had acknowledged before this
    /// call. If the reads of a store always show them, this method returns at once.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn refresh(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds a package if no package has its name. `write` is checked against the newest revision of
    /// the whole store.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the package may have been added.
    fn create(
        &self,
        package: Package,
        write: Write,
    ) -> impl Future<Output = Result<Create, StoreError>> + Send;

    /// Adds the packages whose names do not exist yet, all of them or none: no reader sees a part
    /// of the batch. The new packages may share a revision.
    ///
    /// The results are in the order of the packages. If two packages of the batch have the same
    /// name, the first one is added, and the result for the later one is that the name exists.
    /// `write` is checked against the newest revision of the whole store; if it does not admit it,
    /// this is the result for each package. The log calls the write an import.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the packages may have been added. Either all were added
    /// or none.
    fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> impl Future<Output = Result<Vec<Create>, StoreError>> + Send;

    /// Returns the package of a name.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn read(
        &self,
        name: &NormalizedName,
    ) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Replaces everything in a package except its identity, if `write` admits the package's
    /// current revision.
    ///
    /// If the replacement gives the same representation as the stored one, nothing changes, and the
    /// revision stays the same.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the package may have been replaced.
    fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Removes a package if `write` admits its current revision.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the package may have been removed.
    fn delete(
        &self,
        name: &NormalizedName,
        write: Write,
    ) -> impl Future<Output = Result<Delete, StoreError>> + Send;

    /// Changes many packages and pins, all of them or none, if each is as the batch requires. `write`
    /// is checked first, against the newest revision of the whole store. All changes share a
    /// revision. What the batch replaces by the same is not written.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the batch may have been written.
    fn write_batch(
        &self,
        batch: Batch,
        write: Write,
    ) -> impl Future<Output = Result<Batched, StoreError>> + Send;

    /// Returns one package; each is equally likely. Returns `None` if the store is empty.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn random(&self, seed: Seed)
    -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Returns `count` different packages in random order; each such sequence is equally likely.
    /// Returns all packages if there are fewer. If `tag` is given, only packages with this tag are
    /// drawn.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> impl Future<Output = Result<Vec<Stored>, StoreError>> + Send;

    /// Returns a page of the packages that a query selects. They are in the order of their
    /// normalised names, or of their scores if the query is [by
    /// relevance](Query::is_by_relevance).
    ///
    /// The first page has the total number of packages, and the first page of a search may have
    /// names that the client may have meant. [`Published::list`](crate::Published::list) answers
    /// all of this.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn list(&self, query: &Query) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Returns all packages that a query selects, at one moment during the call. They are in the
    /// order of their normalised names, also if the query is a search.
    ///
    /// Of the query, [`tags`](Query::tags) and [`search`](Query::search) decide which packages are
    /// selected, and [`limit`](Query::limit) is the maximum number on each page. `after` and `sort`
    /// are ignored.
    ///
    /// The caller takes the pages at its own pace, which may be slow: a client downloads them.
    /// Meanwhile writes must not wait. [`Published::select`](crate::Published::select) does all of
    /// this.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn select(&self, query: &Query) -> impl Future<Output = Result<Selected, StoreError>> + Send;

    /// Returns what the journal has for a date.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn daily(&self, date: Date) -> impl Future<Output = Result<Day, StoreError>> + Send;

    /// Opens those of the dates that are not open yet, in one write. The packages are
    /// [picked](crate::daily) from the packages and the journal at one moment during the call, the
    /// earliest date first. Returns what the dates show, in the order of the dates. The result is
    /// empty if the store is empty.
    ///
    /// Every caller gets the same result for a date, and it never changes, even if the package
    /// changes or is deleted. This is the only write that may be left undone when its future is
    /// dropped: the next call opens the dates.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the dates may have been opened. Either all were opened or
    /// none.
    fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> impl Future<Output = Result<Vec<Daily>, StoreError>> + Send;

    /// Returns at most `count` opened days, up to and including `until`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<Daily>, StoreError>> + Send;

    /// Returns at most `count` pins of dates after `last_open`, in the order of their dates.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn pins(
        &self,
        last_open: Date,
        count: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<Pinned>, StoreError>> + Send;

    /// Returns the pin of a date that is not open yet.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn pinned(&self, date: Date)
    -> impl Future<Output = Result<Option<Pinned>, StoreError>> + Send;

    /// Pins a package to a date, and replaces an earlier pin of the date. The date must be after
    /// `last_open` and must not be open yet. When the date is opened, it shows the package, if the
    /// package exists then. `write` is checked against the revision of the date's current pin, or
    /// against `None` if there is no pin.
    ///
    /// Setting the same pin again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the package may have been pinned.
    fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> impl Future<Output = Result<Pin, StoreError>> + Send;

    /// Removes the pin of a date, if `write` admits the pin's revision. The date must be after
    /// `last_open` and must not be open yet.
    ///
    /// # Errors
    /// [`StoreError`], which says whether the pin may have been removed.
    fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> impl Future<Output = Result<Unpin, StoreError>> + Send;

    /// Returns a page of the changes that a query selects. Each change has one revision; a page has
    /// only changes whose effects reads show.
    ///
    /// For a page [after](crate::ChangeOrder::After) a position that the log does not have, the
    /// answer is [`NoHistory::Forgotten`](crate::NoHistory::Forgotten).
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn changes(
        &self,
        query: &ChangeQuery,
    ) -> impl Future<Output = Result<Past<ChangePage>, StoreError>> + Send;

    /// Returns a change, and of the packages that it changed at most `limit` whose normalised names
    /// come after `after`. Returns `None` if the log has no change of this revision, and
    /// [`NoHistory::Forgotten`](crate::NoHistory::Forgotten) if the log begins later. No change has the
    /// revision 0, so the answer for it is `None` in any case.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> impl Future<Output = Result<Past<Option<ChangeDetails>>, StoreError>> + Send;

    /// Returns the version that a package had right after the write with this revision. The
    /// revision need not be one of a change of this package.
    ///
    /// The answer is [`NoHistory::NotYet`](crate::NoHistory::NotYet) for a revision greater than the
    /// newest one, and [`NoHistory::Forgotten`](crate::NoHistory::Forgotten) for one before the
    /// beginning of the log.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> impl Future<Output = Result<Past<Option<Stored>>, StoreError>> + Send;
}
