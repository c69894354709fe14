//! Implements [`PackageStore`] for a store in an [`Arc`].

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::SystemTime;

use super::batch::{Batch, Batched};
use super::error::StoreError;
use super::id::StoreId;
use super::list::{Page, Query};
use super::package_store::PackageStore;
use super::result::{Create, Delete, Update};
use super::seed::Seed;
use super::selected::Selected;
use super::write::{Replacement, Write};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::history::{ChangeDetails, ChangePage, ChangeQuery, Past};
use crate::package::{NormalizedName, Package, Revision, Stored, Tag};

impl<S: PackageStore> PackageStore for Arc<S> {
    async fn id(&self) -> Result<StoreId, StoreError> {
        S::id(self).await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        S::refresh(self).await
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        S::create(self, package, write).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        S::create_many(self, packages, write).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        S::read(self, name).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        S::update(self, name, replacement, write).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        S::delete(self, name, write).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        S::write_batch(self, batch, write).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        S::random(self, seed).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        S::sample(self, count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        S::list(self, query).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        S::select(self, query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        S::daily(self, date).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        S::open_daily(self, dates, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        S::recent_daily(self, until, count).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        S::pins(self, last_open, count).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        S::pinned(self, date).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        S::pin_daily(self, date, last_open, name, write).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        S::unpin_daily(self, date, last_open, write).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        S::changes(self, query).await
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        S::change(self, revision, after, limit).await
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        S::read_at(self, name, revision).await
    }
}
