//! The file that mirrors a catalogue, and the position up to which it does.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use pyaday_core::{Actor, Batch, Batched, ChangeKind, NormalizedName, PackageStore, Query, Write};
use pyaday_sqlite::SqliteStore;

use crate::source::{Change, Changed, Failure};

pub(crate) struct Target {
    store: SqliteStore,
    /// The file of the position. It is never newer than the packages.
    position: PathBuf,
}

impl Target {
    pub(crate) fn open(file: &str) -> Result<Self, Failure> {
        Ok(Self { store: SqliteStore::open(file)?, position: format!("{file}.position").into() })
    }

    /// The revision of the last change that is surely in the file. `None` if a copy was never finished.
    pub(crate) fn position(&self) -> Option<String> {
        fs::read_to_string(&self.position).ok()
    }

    pub(crate) fn keep_position(&self, revision: &str) -> Result<(), Failure> {
        // Renaming replaces the file in one step.
        let new = self.position.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(revision.as_bytes())?;
        file.sync_all()?;
        Ok(fs::rename(new, &self.position)?)
    }

    pub(crate) fn forget_position(&self) -> Result<(), Failure> {
        match fs::remove_file(&self.position) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn names(&self) -> Result<BTreeSet<NormalizedName>, Failure> {
        let all = self.store.list(&Query::new(NonZeroUsize::MAX)).await?;
        Ok(all.items.iter().map(|version| version.package().name.normalized()).collect())
    }

    /// Makes the packages what they are in the source, in one write. If they are so already, nothing is
    /// written.
    pub(crate) async fn write(
        &self,
        packages: Vec<Changed>,
        change: Option<&Change>,
    ) -> Result<(), Failure> {
        let kind = change.map_or(Ok(ChangeKind::Import), |change| change.what.parse())?;
        let mut batch = Batch::new(kind);
        for Changed { name, after } in packages {
            batch = match (self.store.read(&name).await?, after) {
                (Some(before), Some(after)) => batch.replace(&before, after),
                (Some(before), None) => batch.remove(name, &before),
                (None, Some(after)) => batch.create(after),
                (None, None) => batch,
            };
        }
        let mut write = Write::new();
        if let Some(note) = change.and_then(|change| change.note.as_deref()) {
            write = write.with_note(note.parse()?);
        }
        if let Some(by) = change.and_then(|change| change.by.as_deref()) {
            write = write.by(Actor::new(by)?);
        }
        match self.store.write_batch(batch, write).await? {
            Batched::Written(_) | Batched::Unwritten(_) => Ok(()),
            other => Err(format!("something else wrote to the file: {other:?}").into()),
        }
    }
}
