//! What readers see of the task that follows the database.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyaday_core::{Catalogue, Published, Revision, StoreError};
use tokio::sync::{Notify, watch};

use crate::error::Fault;
use crate::follow::Followed;

/// What the task shows.
#[derive(Debug)]
pub(crate) struct Shared {
    /// All packages.
    current: Published,
    /// They were loaded and are not too old.
    is_shown: AtomicBool,
    /// The newest revision that was shown.
    revision: watch::Sender<u64>,
    start: Instant,
    /// When the database was last known to hold what is shown, in microseconds from `start`; 0 if
    /// never.
    as_of: AtomicU64,
    /// Nobody has ever written.
    is_new: AtomicBool,
    /// The tables are there.
    is_set_up: AtomicBool,
    fault: Mutex<Fault>,
    notices: Mutex<Vec<String>>,
    /// Somebody waits for news.
    pub(crate) asked: Notify,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            current: Published::new(Catalogue::new(Revision::new(0))),
            is_shown: AtomicBool::new(false),
            revision: watch::Sender::new(0),
            start: Instant::now(),
            as_of: AtomicU64::new(0),
            is_new: AtomicBool::new(false),
            is_set_up: AtomicBool::new(false),
            fault: Mutex::new(Fault::Never),
            notices: Mutex::new(Vec::new()),
            asked: Notify::new(),
        }
    }

    /// Shows a catalogue that the database was known to hold at a moment.
    pub(crate) fn publish(&self, followed: &Followed, as_of: Instant) {
        let is_same = self.current.read(Catalogue::revision) == followed.catalogue.revision();
        if is_same && self.is_shown.load(Ordering::Acquire) {
            self.note(as_of);
        } else {
            self.replace(followed, as_of);
        }
    }

    /// The same where the history is another than that of what was shown.
    pub(crate) fn replace(&self, followed: &Followed, as_of: Instant) {
        let Followed { catalogue, point } = followed;
        self.note(as_of);
        self.is_new.store(point.position == 0, Ordering::Release);
        self.current.publish(catalogue.clone());
        self.is_shown.store(true, Ordering::Release);
        self.revision.send_replace(catalogue.revision().get());
    }

    fn note(&self, as_of: Instant) {
        let since_start = as_of.saturating_duration_since(self.start).as_micros() as u64;
        self.as_of.store(since_start.max(1), Ordering::Release);
    }

    /// Shows nothing more if what is shown is older than this.
    pub(crate) fn withdraw(&self, max_age: Duration) {
        if self.age().is_some_and(|age| age > max_age)
            && self.is_shown.swap(false, Ordering::AcqRel)
        {
            self.fail(Fault::Old(max_age));
        }
    }

    /// How long ago the database was last known to hold what is shown.
    pub(crate) fn age(&self) -> Option<Duration> {
        match self.as_of.load(Ordering::Acquire) {
            0 => None,
            as_of => Some(self.start.elapsed().saturating_sub(Duration::from_micros(as_of))),
        }
    }

    /// What a look at the catalogue gives.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> Result<T, StoreError> {
        match self.is_shown.load(Ordering::Acquire) {
            true => Ok(self.current.read(look)),
            false => Err(self.fault().refused()),
        }
    }

    /// Waits until something of at least this revision is shown.
    pub(crate) async fn wait_for(&self, revision: u64) {
        self.asked.notify_one();
        // The sender is here, so it does not go away.
        let _ = self.revision.subscribe().wait_for(|shown| *shown >= revision).await;
    }

    /// Notes why the database cannot be used.
    pub(crate) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Why the database could not be used when it last could not.
    pub(crate) fn fault(&self) -> Fault {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True if nobody is known to have ever written.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new.load(Ordering::Acquire)
    }

    /// The tables are there.
    pub(crate) fn set_up(&self, notice: Option<String>) {
        notice.into_iter().for_each(|notice| self.notice(notice));
        self.is_set_up.store(true, Ordering::Release);
    }

    pub(crate) fn is_set_up(&self) -> bool {
        self.is_set_up.load(Ordering::Acquire)
    }

    /// Notes what whoever runs the database should know.
    pub(crate) fn notice(&self, notice: String) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
