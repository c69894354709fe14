//! A store that was opened, and how it gets its first packages.

use std::pin::Pin;

use pyaday_core::{PackageStore, StoreError};

use crate::begun::Begun;
use crate::error::tell;
use crate::mark::Mark;
use crate::store::fill;
use crate::{Arguments, Error};

/// What ends a server.
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store that was opened.
pub(crate) struct Opened<S> {
    pub(crate) store: S,
    /// What the store is called.
    pub(crate) name: String,
    /// True if nobody has ever written to the store.
    pub(crate) is_new: fn(&S) -> bool,
    pub(crate) begun: Begun,
    pub(crate) mark: Mark,
}

impl<S: PackageStore> Opened<S> {
    /// Gives the store the packages that the options name, until it is told to stop.
    ///
    /// If that fails before anything was written, then what this run has created is removed. If a part
    /// of a first import was written, then it stays, and the mark stays with it.
    ///
    /// # Errors
    /// The packages cannot be added, or it was told to stop, or the store has a part of a first import and is
    /// not to get the rest.
    pub(crate) async fn fill(self, options: &Arguments, stop: &mut Stop) -> Result<S, Error> {
        let is_new = (self.is_new)(&self.store);
        let is_first = is_new || self.is_marked().await?;
        if is_first && !is_new && options.import.is_none() {
            return Err(Error::Unfinished { store: self.name, remedy: self.mark.remedy() });
        }
        match self.add_packages(is_first, options, stop).await {
            Ok(()) => Ok(self.store),
            Err(error) => {
                self.give_up(is_first && options.import.is_some(), &error).await;
                Err(error)
            }
        }
    }

    async fn add_packages(
        &self,
        is_first: bool,
        options: &Arguments,
        stop: &mut Stop,
    ) -> Result<(), Error> {
        if is_first && options.import.is_some() {
            self.mark.set().await.map_err(|source| self.unmarkable(source))?;
        }
        tokio::select! {
            () = &mut *stop => return Err(Error::Stopped),
            filled = fill(&self.store, is_first, options.import.as_deref(), options.on_existing) => filled?,
        }
        if is_first {
            self.mark.clear().await.map_err(|source| self.unmarkable(source))?;
        }
        Ok(())
    }

    /// Takes back what the run has created, or says that a first import is not finished.
    async fn give_up(self, is_first_import: bool, error: &Error) {
        let is_untouched = self.is_untouched(error).await;
        let Self { store, name, begun, mark, .. } = self;
        // This closes the files.
        drop(store);
        if is_untouched {
            // A mark means nothing while nothing was written, so one that cannot be removed may stay.
            let _ = mark.clear().await;
            begun.take_back();
        } else if is_first_import {
            tell(&format!(
                "{name}: the first import is not finished: start the server again with the same \
                 `--import` to complete it"
            ));
        }
    }

    /// True if surely nothing was ever written to the store, and nothing will be.
    async fn is_untouched(&self, error: &Error) -> bool {
        let may_be_written =
            matches!(error, Error::Store { source: StoreError::OutcomeUnknown { .. }, .. });
        // A write that a signal interrupted may wait in the store. This one is answered after it.
        let is_done =
            self.store.create_many(Vec::new()).await.is_ok() && self.store.refresh().await.is_ok();
        !may_be_written && is_done && (self.is_new)(&self.store)
    }

    async fn is_marked(&self) -> Result<bool, Error> {
        self.mark.is_set().await.map_err(|source| self.unmarkable(source))
    }

    fn unmarkable(&self, source: crate::mark::Fault) -> Error {
        Error::Mark { store: self.name.clone(), source }
    }
}
