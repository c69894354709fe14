//! A store that keeps its catalogue in a file.
//!
//! Each write replaces the whole file, in the thread that polls it. That is enough for some thousands
//! of packages; the store of `pyaday-sqlite` writes only what has changed, in a thread of its own.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, Catalogue, ChangeDetails, ChangePage, ChangeQuery, Create, Date, Delete,
    NoHistory, NormalizedName, Package, PackageStore, Page, Past, Picker, Published, Query,
    Replacement, Revision, Seed, Selected, StoreError, StoreId, Stored, Tag, Update, Write,
};

use crate::snapshot;

/// A catalogue in a file, for one process at a time.
pub(crate) struct FileStore {
    path: PathBuf,
    id: StoreId,
    published: Published,
    picker: Picker,
    /// Held by the one writer. True if the file may have a write that is not published.
    is_unsure: Mutex<bool>,
    /// Keeps other processes away from the file until the store is dropped.
    _lock: File,
}

impl FileStore {
    /// Opens the store in a file. If the file does not exist, makes a new store.
    pub(crate) fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let lock = File::create(path.with_extension("lock")).map_err(unavailable)?;
        lock.try_lock().map_err(unavailable)?;
        if !path.try_exists().map_err(unavailable)? {
            save(&path, StoreId::random(), &Catalogue::new(Revision::now()))?;
        }
        let (id, catalogue) = load(&path)?;
        let (published, picker) = (Published::new(catalogue), Picker::new());
        Ok(Self { path, id, published, picker, is_unsure: Mutex::new(false), _lock: lock })
    }

    /// Carries out a write beside the published catalogue, and publishes the result once the file
    /// has it.
    fn write<T>(&self, operation: impl FnOnce(&mut Catalogue) -> T) -> Result<T, StoreError> {
        let mut is_unsure = self.is_unsure.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_unsure {
            self.published.publish(load(&self.path)?.1);
            *is_unsure = false;
        }
        let mut next = self.published.catalogue();
        let result = operation(&mut next);
        if next.revision() != self.published.read(Catalogue::revision) {
            let saved = save(&self.path, self.id, &next);
            *is_unsure = matches!(saved, Err(StoreError::OutcomeUnknown { .. }));
            saved?;
            self.published.publish(next);
        }
        Ok(result)
    }
}

/// Puts a new file in the place of the old one.
fn save(path: &Path, id: StoreId, catalogue: &Catalogue) -> Result<(), StoreError> {
    let text = snapshot::write(id, catalogue).map_err(internal)?;
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(&text)?;
        // The content must be on the disk before the name is, or a power cut leaves an empty file.
        file.sync_all()
    });
    written.map_err(unavailable)?;
    // The path of a file in the current directory has an empty parent.
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let renamed = fs::rename(&new, path).and_then(|()| File::open(directory)?.sync_all());
    // A power cut decides which of the two files is there.
    renamed.map_err(|error| StoreError::OutcomeUnknown { source: error.into() })
}

/// Reads the file, and writes it again: what the last write left may not be on the disk yet.
fn load(path: &Path) -> Result<(StoreId, Catalogue), StoreError> {
    let text = fs::read_to_string(path).map_err(unavailable)?;
    let (id, catalogue) = snapshot::read(&text).map_err(internal)?;
    // If this fails, the write for which the file is loaded was not begun.
    save(path, id, &catalogue).map_err(unavailable)?;
    Ok((id, catalogue))
}

fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable { retry_after: Duration::from_secs(1), source: error.into() }
}

fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Internal { source: error.into() }
}

impl PackageStore for FileStore {
    async fn id(&self) -> Result<StoreId, StoreError> {
        Ok(self.id)
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        self.write(|catalogue| catalogue.create(&package, &write))
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        self.write(|catalogue| catalogue.create_many(&packages, &write))
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        self.write(|catalogue| catalogue.write_batch(&batch, &write))
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        Ok(self.published.read(|it| it.get(name)))
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        self.write(|catalogue| catalogue.update(name, replacement, &write))
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        self.write(|catalogue| catalogue.delete(name, &write))
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        Ok(self.published.read(|it| it.random(seed)))
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.published.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.published.list(query).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        self.published.select(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.published.read(|it| it.daily(date)))
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        let current = || self.published.catalogue();
        let write =
            |pick| async move { self.write(|catalogue| catalogue.open_daily(&pick, picked_at)) };
        self.picker.open(dates, current, write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        Ok(self.published.read(|it| it.recent_daily(until, count)))
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        Ok(self.published.read(|it| it.pins(last_open, count)))
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        Ok(self.published.read(|it| it.pinned(date)))
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        self.write(|catalogue| catalogue.pin_daily(date, last_open, name, &write))
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.write(|catalogue| catalogue.unpin_daily(date, last_open, &write))
    }

    async fn changes(&self, _: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        Ok(Past::Unknown(NoHistory::NotKept))
    }

    async fn change(
        &self,
        _: Revision,
        _: Option<&NormalizedName>,
        _: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        Ok(Past::Unknown(NoHistory::NotKept))
    }

    async fn read_at(
        &self,
        _: &NormalizedName,
        _: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        Ok(Past::Unknown(NoHistory::NotKept))
    }
}
