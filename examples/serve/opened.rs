//! A store that was opened, and how it gets its first packages.

use std::sync::Arc;
use std::time::Duration;

use pyaday_core::{PackageStore, StoreError, Write};
use tokio::time::sleep;

use crate::begun::Begun;
use crate::error::{tell, with_causes};
use crate::gate::Gate;
use crate::mark::{Fault, Mark};
use crate::signal::{Stopping, unless_stopped};
use crate::store::{Supply, fill};
use crate::{Error, ImportOptions};

/// How long to wait until the database or the lock of the mark is asked for again.
const RETRY: Duration = Duration::from_secs(1);

/// A store that was opened.
pub(crate) struct Opened<S> {
    pub(crate) store: Arc<Gate<S>>,
    /// What the store is called.
    pub(crate) name: String,
    /// What it is called when something is wrong with it: a database has its hosts.
    pub(crate) place: String,
    /// Whether its database was away when it was opened. That was told then.
    pub(crate) is_away: bool,
    /// True if nobody has ever written to the store.
    is_new: fn(&S) -> bool,
    begun: Begun,
    mark: Mark,
    /// Whether this run has set the mark.
    is_marker: bool,
    /// Whether this run has begun a first import and has not finished it.
    is_unfinished: bool,
}

impl<S: PackageStore> Opened<S> {
    /// `name` is what messages about the start call the store, and `place` what those about outages do.
    pub(crate) fn new(
        store: S,
        name: String,
        place: String,
        is_away: bool,
        is_new: fn(&S) -> bool,
        begun: Begun,
        mark: Mark,
    ) -> Self {
        let store = Arc::new(Gate::new(store, place.clone()));
        Self {
            store,
            name,
            place,
            is_away,
            is_new,
            begun,
            mark,
            is_marker: false,
            is_unfinished: false,
        }
    }

    /// Gives the store its packages and opens its gate. It waits for a database that is away, and for a process that makes the first import.
    ///
    /// It can be dropped at any moment. [`give_up`](Self::give_up) then takes back what can be taken back.
    ///
    /// # Errors
    /// The packages cannot be added, the store has a part of a first import and is not to get the rest, or
    /// `stop` came before the end.
    pub(crate) async fn fill(
        &mut self,
        supply: Supply,
        options: ImportOptions,
        stop: &Stopping,
    ) -> Result<(), Error> {
        let is_first =
            unless_stopped(stop, self.begin(matches!(supply, Supply::Sources(_)))).await?;
        // An import finishes what it is writing before it stops.
        let filled = fill(self.store.store(), &self.name, is_first, supply, options, stop).await;
        if matches!(filled, Err(Error::Stopped { .. })) {
            return filled;
        }
        unless_stopped(stop, self.end(filled)).await
    }

    /// Finds out whether this is the first import into the store, and marks that it begins.
    async fn begin(&mut self, has_sources: bool) -> Result<bool, Error> {
        self.lock().await;
        let is_marked = self.mark.is_set().await.map_err(|source| self.unmarkable(source))?;
        if is_marked && !has_sources {
            let store = self.name.clone();
            return Err(Error::Unfinished { store, remedy: self.mark.remedy() });
        }
        let is_first = is_marked || (self.is_new)(self.store.store());
        self.is_unfinished = is_first && has_sources;
        if self.is_unfinished && !is_marked {
            self.is_marker = true;
            self.mark.set().await.map_err(|source| self.unmarkable(source))?;
        }
        if !is_first {
            // Others need not wait for a later import.
            self.mark.unlock();
        }
        Ok(is_first)
    }

    /// Takes the mark away after an import, and opens the gate if nothing was wrong with it.
    async fn end(&mut self, filled: Result<(), Error>) -> Result<(), Error> {
        // The error about packages that exist comes after the last row, so no package is missing.
        if self.is_unfinished && matches!(filled, Ok(()) | Err(Error::Existing { .. })) {
            // During a long import the lock may have been lost.
            self.lock().await;
            self.mark.clear().await.map_err(|source| self.unmarkable(source))?;
            self.is_unfinished = false;
        }
        filled?;
        self.mark.unlock();
        self.store.open();
        Ok(())
    }

    /// Waits until the store can be used and this process holds the lock of the mark. What the store shows
    /// is then what it has, and stays so if it is new or marked.
    async fn lock(&mut self) {
        let mut told = self.is_away.then_some(false);
        loop {
            let (is_busy, reason) = match self.try_lock().await {
                Ok(true) => return,
                Ok(false) => (true, "another server makes the first import".to_owned()),
                Err(fault) => (false, with_causes(&*fault)),
            };
            self.mark.unlock();
            if told != Some(is_busy) {
                tell(&format!("{}: waiting: {reason}", self.name));
                told = Some(is_busy);
            }
            sleep(RETRY).await;
        }
    }

    async fn try_lock(&mut self) -> Result<bool, Fault> {
        let store = self.store.store();
        // Until this is known, the tables may not exist, which is another error than a database that is away.
        unless_unavailable(store.id().await)?;
        let is_locked = self.mark.lock().await?;
        unless_unavailable(store.refresh().await)?;
        Ok(is_locked)
    }

    /// Takes back what the run has created, or says that a first import is not finished.
    pub(crate) async fn give_up(self, error: &Error) {
        let is_untouched = self.is_untouched(error).await;
        let Self { store, name, begun, mark, is_marker, is_unfinished, .. } = self;
        if is_untouched && is_marker {
            // If it stays, then the next start says how to go on.
            let _ = mark.clear().await;
        }
        // This closes the files.
        drop(store);
        if is_untouched {
            begun.take_back();
        } else if is_unfinished {
            tell(&format!(
                "{name}: the first import is not finished: start the server again with the same \
                 `--import` to complete it"
            ));
        }
    }

    /// True if surely nothing was ever written to the store, and nothing will be.
    async fn is_untouched(&self, error: &Error) -> bool {
        let store = self.store.store();
        let may_be_written =
            matches!(error, Error::Store { source: StoreError::OutcomeUnknown { .. }, .. });
        // A write that a signal interrupted may wait in the store. This one is answered after it.
        let is_done = store.create_many(Vec::new(), Write::new()).await.is_ok()
            && store.refresh().await.is_ok();
        !may_be_written && is_done && (self.is_new)(store)
    }

    fn unmarkable(&self, source: Fault) -> Error {
        Error::Mark { store: self.name.clone(), source }
    }
}

/// The error if it may pass by itself. Another one is reported by whoever uses the store.
fn unless_unavailable<T>(answer: Result<T, StoreError>) -> Result<(), Fault> {
    match answer {
        Err(error @ StoreError::Unavailable { .. }) => Err(error.into()),
        _ => Ok(()),
    }
}
