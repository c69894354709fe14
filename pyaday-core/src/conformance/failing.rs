//! A store that fails when a test asks it to.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::history::{ChangeDetails, ChangePage, ChangeQuery, Past};
use crate::package::{NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{
    Batch, Batched, Create, Delete, PackageStore, Page, Query, Replacement, Seed, Selected,
    StoreError, StoreId, Update, Write,
};

/// A store that wraps another store. For each call, a function decides whether the call fails. It
/// is for tests of how a host handles errors.
///
/// ```
/// use std::time::Duration;
///
/// use pyaday_core::conformance::{Call, Failing, Then};
/// use pyaday_core::{MemoryStore, Package, PackageStore, StoreError, Write};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Failing::new(MemoryStore::new(), |call| match call {
///     Call::Create(package) if package.name.as_str() == "flask" => {
///         let retry_after = Duration::from_secs(2);
///         Then::Fail(StoreError::Unavailable { retry_after, source: "the disk is full".into() })
///     }
///     _ => Then::Pass,
/// });
/// let flask = Package::new("flask", "A micro framework.")?;
/// assert!(store.create(flask, Write::new()).await.is_err());
/// let django = Package::new("django", "A macro framework.")?;
/// assert!(store.create(django, Write::new()).await.is_ok());
/// # Ok(())
/// # }
/// ```
pub struct Failing<S> {
    store: S,
    decide: Arc<Decide>,
}

/// Decides what becomes of a call. A write has terms, unless it opens days.
type Decide = dyn Fn(Call<'_>, Option<&Write>) -> Then + Send + Sync;

/// A call to a [`Failing`] store: its method and its most important arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the method of the same name")]
pub enum Call<'a> {
    Id,
    Refresh,
    Create(&'a Package),
    CreateMany(&'a [Package]),
    Read(&'a NormalizedName),
    Update(&'a NormalizedName),
    Delete(&'a NormalizedName),
    Random,
    Sample,
    List,
    Select,
    /// A page of a [selection](PackageStore::select) is taken.
    SelectedPage,
    Daily(Date),
    OpenDaily(Date, Date),
    RecentDaily,
    Pins,
    Pinned(Date),
    PinDaily(Date, &'a NormalizedName),
    UnpinDaily(Date),
    WriteBatch(&'a Batch),
    Changes,
    Change(Revision),
    ReadAt(&'a NormalizedName, Revision),
}

impl Call<'_> {
    /// The normalised name of the package that the call is about, if it is about one package.
    #[must_use]
    pub fn name(&self) -> Option<NormalizedName> {
        match self {
            Self::Create(package) => Some(package.name.normalized()),
            Self::Read(name)
            | Self::Update(name)
            | Self::Delete(name)
            | Self::ReadAt(name, _)
            | Self::PinDaily(_, name) => Some((*name).clone()),
            _ => None,
        }
    }

    /// True if the call may write.
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(
            self,
            Self::Create(_)
                | Self::CreateMany(_)
                | Self::Update(_)
                | Self::Delete(_)
                | Self::OpenDaily(..)
                | Self::PinDaily(..)
                | Self::UnpinDaily(_)
                | Self::WriteBatch(_)
        )
    }
}

/// What a [`Failing`] store does with a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Then {
    /// The wrapped store answers the call.
    Pass,
    /// The call fails with this error. The wrapped store is not called.
    Fail(StoreError),
    /// The wrapped store carries out the call, and then the call fails with this error. A write
    /// whose [outcome is unknown](StoreError::OutcomeUnknown) can end like this.
    FailAfter(StoreError),
    /// The call panics with this message. The wrapped store is not called.
    Panic(String),
}

impl<S: PackageStore> Failing<S> {
    /// Wraps a store. The function `decide` is called when the future of a call is first polled. It
    /// may block, so that a test can make calls overlap that seldom would.
    #[must_use]
    pub fn new(store: S, decide: impl Fn(Call<'_>) -> Then + Send + Sync + 'static) -> Self {
        Self { store, decide: Arc::new(move |call, _| decide(call)) }
    }

    /// Wraps a store like [`new`](Self::new). The function also gets the terms of each write, such
    /// as [who makes it](Write::actor).
    #[must_use]
    pub fn with_terms(
        store: S,
        decide: impl Fn(Call<'_>, Option<&Write>) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self { store, decide: Arc::new(decide) }
    }

    /// The wrapped store.
    #[must_use]
    pub fn inner(&self) -> &S {
        &self.store
    }

    async fn call<T>(
        &self,
        call: Call<'_>,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.write(call, None, answer).await
    }

    async fn write<T>(
        &self,
        call: Call<'_>,
        write: Option<&Write>,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match (self.decide)(call, write) {
            Then::Pass => answer.await,
            Then::Fail(error) => Err(error),
            Then::FailAfter(error) => {
                answer.await?;
                Err(error)
            }
            #[expect(clippy::panic, reason = "the test asked for it")]
            Then::Panic(message) => panic!("{message}"),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Failing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failing").field("store", &self.store).finish_non_exhaustive()
    }
}

impl<S: PackageStore> PackageStore for Failing<S> {
    async fn id(&self) -> Result<StoreId, StoreError> {
        self.call(Call::Id, self.store.id()).await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        self.call(Call::Refresh, self.store.refresh()).await
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        let answer = self.store.create(package.clone(), write.clone());
        self.write(Call::Create(&package), Some(&write), answer).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        let answer = self.store.create_many(packages.clone(), write.clone());
        self.write(Call::CreateMany(&packages), Some(&write), answer).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        let answer = self.store.write_batch(batch.clone(), write.clone());
        self.write(Call::WriteBatch(&batch), Some(&write), answer).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        self.call(Call::Read(name), self.store.read(name)).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        let answer = self.store.update(name, replacement, write.clone());
        self.write(Call::Update(name), Some(&write), answer).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        let answer = self.store.delete(name, write.clone());
        self.write(Call::Delete(name), Some(&write), answer).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        self.call(Call::Random, self.store.random(seed)).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.call(Call::Sample, self.store.sample(count, tag, seed)).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.call(Call::List, self.store.list(query)).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        let mut selected = self.call(Call::Select, self.store.select(query)).await?;
        let decide = Arc::clone(&self.decide);
        let (revision, total) = (selected.revision(), selected.total());
        let next_page = move |context: &mut Context<'_>| match decide(Call::SelectedPage, None) {
            Then::Pass => selected.poll_page(context),
            Then::Fail(error) | Then::FailAfter(error) => Poll::Ready(Some(Err(error))),
            #[expect(clippy::panic, reason = "the test asked for it")]
            Then::Panic(message) => panic!("{message}"),
        };
        let selected = Selected::new(revision, next_page);
        Ok(match total {
            Some(total) => selected.with_total(total),
            None => selected,
        })
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.call(Call::Daily(date), self.store.daily(date)).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        let call = Call::OpenDaily(*dates.start(), *dates.end());
        self.call(call, self.store.open_daily(dates, picked_at)).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.call(Call::RecentDaily, self.store.recent_daily(until, count)).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        self.call(Call::Pins, self.store.pins(last_open, count)).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        self.call(Call::Pinned(date), self.store.pinned(date)).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        let answer = self.store.pin_daily(date, last_open, name, write.clone());
        self.write(Call::PinDaily(date, name), Some(&write), answer).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        let answer = self.store.unpin_daily(date, last_open, write.clone());
        self.write(Call::UnpinDaily(date), Some(&write), answer).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        self.call(Call::Changes, self.store.changes(query)).await
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        self.call(Call::Change(revision), self.store.change(revision, after, limit)).await
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        self.call(Call::ReadAt(name, revision), self.store.read_at(name, revision)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::MemoryStore;
    use crate::conformance::fixtures::{full, name};

    fn unknown() -> StoreError {
        StoreError::OutcomeUnknown { source: "on purpose".into() }
    }

    fn by_name() -> Failing<MemoryStore> {
        Failing::new(MemoryStore::new(), |call| {
            match call.name().as_ref().map(NormalizedName::as_str) {
                Some("before") => Then::Fail(unknown()),
                Some("after") => Then::FailAfter(unknown()),
                Some("panics") => Then::Panic("on purpose".to_owned()),
                _ => Then::Pass,
            }
        })
    }

    #[tokio::test]
    async fn a_call_passes_or_fails_before_or_after_it_was_carried_out() {
        let store = by_name();
        for (own, fails, is_there) in
            [("flask", false, true), ("before", true, false), ("after", true, true)]
        {
            let answer = store.create(full(own), Write::new()).await;
            assert_eq!(answer.is_err(), fails, "{own}");
            let stored = store.inner().read(&name(own)).await.unwrap();
            assert_eq!(stored.is_some(), is_there, "{own}");
        }
    }

    #[tokio::test]
    async fn a_call_panics_with_its_message() {
        let call = tokio::spawn(async { by_name().read(&name("panics")).await.is_ok() });
        let panic = call.await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some("on purpose"));
    }

    #[test]
    fn a_store_that_never_fails_conforms() {
        let report = crate::conformance::run(&|| Failing::new(MemoryStore::new(), |_| Then::Pass));
        assert!(report.skipped().len() > 1, "{report}");
    }
}
