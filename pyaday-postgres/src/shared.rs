//! The state that the tasks of a store share with readers.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyaday_core::{Catalogue, Published, Revision, StoreError, StoreId};
use tokio::sync::{Notify, watch};

use crate::error::Fault;
use crate::follow::Followed;
use crate::rows::head::Point;

/// The shared state.
#[derive(Debug)]
pub(crate) struct Shared {
    /// All packages.
    current: Published,
    /// The packages again, and the point in the history of the database at which they were the newest.
    followed: Mutex<Option<(Catalogue, Point)>>,
    /// The packages were loaded and are not too old.
    is_shown: AtomicBool,
    /// The progress of the task that follows.
    progress: watch::Sender<Progress>,
    fault: Mutex<Fault>,
    notices: Mutex<Vec<String>>,
    /// A reader asks whether the database holds more than is shown.
    pub(crate) asked: Notify,
    /// The database holds more than is shown, or may do so.
    pub(crate) behind: Notify,
}

/// The progress of the task that follows the database.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// `None` until something was loaded.
    shown: Option<Shown>,
    /// When the latest failed attempt to follow the database began.
    failed: Option<Instant>,
}

/// The facts about the packages that are shown.
#[derive(Clone, Copy, Debug)]
struct Shown {
    store: StoreId,
    point: Point,
    /// When the database was last known to hold exactly this.
    as_of: Instant,
}

impl Shown {
    fn of(followed: &Followed, as_of: Instant) -> Self {
        Self { store: followed.store, point: followed.point, as_of }
    }
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            current: Published::new(Catalogue::new(Revision::new(0))),
            followed: Mutex::default(),
            is_shown: AtomicBool::new(false),
            progress: watch::Sender::default(),
            fault: Mutex::new(Fault::Never),
            notices: Mutex::new(Vec::new()),
            asked: Notify::new(),
            behind: Notify::new(),
        }
    }

    /// Shows a catalogue that the database held at the moment `as_of`. The catalogue becomes the one that
    /// is shown, which has the index for searches; the next one must be made of it.
    pub(crate) fn publish(&self, followed: &mut Followed, as_of: Instant) {
        // Revisions cannot be compared here: they may be equal in two histories.
        let is_same = self.shown().is_some_and(|shown| shown.point == followed.point);
        if !(is_same && self.is_shown.load(Ordering::Acquire)) {
            self.show(followed);
        } else {
            followed.catalogue = self.current.catalogue();
        }
        self.progress.send_modify(|progress| {
            // The database may have confirmed a later moment already. This catalogue holds that state too.
            // A reader may still wait for that moment, so it must not be replaced by an earlier one.
            let confirmed = progress.shown.map(|shown| shown.as_of);
            progress.shown = Some(Shown::of(followed, confirmed.map_or(as_of, |it| it.max(as_of))));
        });
    }

    /// Shows a catalogue that was loaded anew. It may have other rows at the same point, and may lack rows
    /// that were shown before.
    pub(crate) fn replace(&self, followed: &mut Followed, as_of: Instant) {
        self.show(followed);
        let mut is_earlier = false;
        self.progress.send_modify(|progress| {
            is_earlier = progress.shown.is_some_and(|shown| shown.as_of > as_of);
            progress.shown = Some(Shown::of(followed, as_of));
        });
        if is_earlier {
            // The database has confirmed a later moment of what was shown before. A reader may still wait for
            // that moment, but nothing is known about this catalogue at that moment. So the database is asked
            // again.
            self.asked.notify_one();
        }
    }

    fn show(&self, followed: &mut Followed) {
        // Whoever has seen a catalogue must find it here.
        *self.followed.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((followed.catalogue.clone(), followed.point));
        self.current.publish(followed.catalogue.clone());
        followed.catalogue = self.current.catalogue();
        self.is_shown.store(true, Ordering::Release);
    }

    /// Notes that the database was at a point at or after a moment. Returns false if another point is shown.
    pub(crate) fn confirm(&self, point: &Point, as_of: Instant) -> bool {
        self.is_shown.load(Ordering::Acquire)
            && self.progress.send_if_modified(|progress| match &mut progress.shown {
                Some(shown) if shown.point == *point => {
                    shown.as_of = shown.as_of.max(as_of);
                    true
                }
                _ => false,
            })
    }

    /// Notes that an attempt to follow the database failed, and when it began. Two tasks follow, so a later
    /// attempt may have been noted already. A reader may still wait for that one.
    pub(crate) fn fail_to_follow(&self, begin: Instant, fault: Fault) {
        self.fail(fault);
        self.progress.send_modify(|progress| progress.failed = progress.failed.max(Some(begin)));
    }

    fn shown(&self) -> Option<Shown> {
        self.progress.borrow().shown
    }

    /// Stops showing the packages if they are older than this.
    pub(crate) fn withdraw(&self, max_age: Duration) {
        if self.age().is_some_and(|age| age > max_age)
            && self.is_shown.swap(false, Ordering::AcqRel)
        {
            self.fail(Fault::Old(max_age));
        }
    }

    /// How long ago the database was last known to hold exactly what is shown.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.shown().map(|shown| shown.as_of.elapsed())
    }

    /// The identity of what is shown.
    pub(crate) fn id(&self) -> Result<StoreId, StoreError> {
        self.shown().map(|shown| shown.store).ok_or_else(|| self.fault().refused())
    }

    /// The catalogue that is shown.
    pub(crate) fn published(&self) -> Result<&Published, StoreError> {
        match self.is_shown.load(Ordering::Acquire) {
            true => Ok(&self.current),
            false => Err(self.fault().refused()),
        }
    }

    /// The packages that are shown, or that will be shown in a moment, and the point at which they were the
    /// newest.
    pub(crate) fn followed(&self) -> Option<(Catalogue, Point)> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the catalogue that is shown.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> Result<T, StoreError> {
        Ok(self.published()?.read(look))
    }

    /// Waits until at least this revision is shown.
    pub(crate) async fn wait_for(&self, revision: Revision) {
        self.behind.notify_one();
        self.wait(|it| it.shown.is_some_and(|shown| shown.point.revision >= revision)).await;
    }

    /// Waits until the packages are shown that the database held at some moment after this call began.
    ///
    /// # Errors
    /// The fault of an attempt to read the database that began after this call and failed.
    pub(crate) async fn refresh(&self) -> Result<(), Fault> {
        let begin = Instant::now();
        self.asked.notify_one();
        let is_shown = |it: &Progress| it.shown.is_some_and(|shown| shown.as_of > begin);
        let has_failed = |it: &Progress| it.failed.is_some_and(|failed| failed > begin);
        let progress = self.wait(|it| is_shown(it) || has_failed(it)).await;
        match is_shown(&progress) {
            true => Ok(()),
            false => Err(self.fault()),
        }
    }

    /// Waits until the tasks have made enough progress.
    async fn wait(&self, is_enough: impl Fn(&Progress) -> bool) -> Progress {
        let mut progress = self.progress.subscribe();
        // `self` owns the sender, so the channel is not closed.
        progress.wait_for(|it| is_enough(it)).await.map_or_else(|_| Progress::default(), |it| *it)
    }

    /// Notes why the database cannot be used.
    pub(crate) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// The last reason why the database could not be used.
    pub(crate) fn fault(&self) -> Fault {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True if nobody has ever written, as far as this process knows.
    pub(crate) fn is_new(&self) -> bool {
        self.shown().is_some_and(|shown| shown.point.position == 0)
    }

    /// Adds a message for the operator of the database.
    pub(crate) fn notice(&self, notice: String) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
