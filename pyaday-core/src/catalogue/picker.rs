//! Picks packages of the day in a thread of its own.

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::sync::mpsc::{self, TrySendError};
use std::time::Duration;
use std::{fmt, thread};

use futures_channel::oneshot;

use super::snapshot::Catalogue;
use crate::daily::{Daily, Date, Day, Opening, Pick};
use crate::store::StoreError;

/// How many picks are made outside of the writes before one is made within a write.
const TRIES: usize = 2;

/// [Picks](Catalogue::pick_daily) packages of the day for a store, in a thread of its own. A pick
/// looks at every name. With a million names it would delay other requests on the caller's thread.
/// The thread starts with the first pick.
///
/// Callers that ask for the same dates at the same time share one pick.
#[derive(Default)]
pub struct Picker {
    requests: OnceLock<mpsc::SyncSender<Request>>,
}

struct Request {
    catalogue: Catalogue,
    dates: RangeInclusive<Date>,
    reply: oneshot::Sender<Pick>,
}

impl Picker {
    /// Makes a picker. Its thread is not started yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens dates, as [`PackageStore::open_daily`](crate::PackageStore::open_daily) requires, for
    /// a store that keeps its packages in a catalogue. `current` returns the current catalogue.
    /// `write` carries out [`Catalogue::open_daily`] and commits the result. The store must run one
    /// write at a time.
    ///
    /// `write` is called at most three times. If other writes made the first two picks stale, the
    /// third pick is made within the write, and other writes wait for it.
    ///
    /// # Errors
    ///
    /// The errors of `write`, and [`StoreError::Unavailable`] if more than a thousand requests wait
    /// for a pick.
    pub async fn open<W>(
        &self,
        dates: RangeInclusive<Date>,
        current: impl Fn() -> Catalogue,
        write: impl Fn(Pick) -> W,
    ) -> Result<Vec<Daily>, StoreError>
    where
        W: Future<Output = Result<Opening, StoreError>>,
    {
        let (first, last) = (*dates.start(), *dates.end());
        for _ in 0..TRIES {
            let catalogue = current();
            if first == last
                && let Day::Shown(daily) = catalogue.daily(first)
            {
                return Ok(vec![daily]);
            }
            let pick = self.pick(catalogue, dates.clone()).await?;
            if let Opening::Open { days, .. } = write(pick).await? {
                return Ok(days);
            }
        }
        match write(Pick::unmade(first, last)).await? {
            Opening::Open { days, .. } => Ok(days),
            Opening::Stale => Err(StoreError::Internal { source: StaleForGood.into() }),
        }
    }

    async fn pick(
        &self,
        catalogue: Catalogue,
        dates: RangeInclusive<Date>,
    ) -> Result<Pick, StoreError> {
        let (reply, pick) = oneshot::channel();
        let requests = self.requests.get_or_init(start);
        match requests.try_send(Request { catalogue, dates, reply }) {
            // If the pick panicked, the sender is dropped without a reply.
            Ok(()) => pick.await.map_err(|error| StoreError::Internal { source: error.into() }),
            Err(TrySendError::Full(_)) => {
                let source = "too many wait for a pick".into();
                Err(StoreError::Unavailable { retry_after: Duration::from_secs(1), source })
            }
            // The thread could not be started, or it has ended.
            Err(TrySendError::Disconnected(request)) => {
                Ok(request.catalogue.pick_daily(request.dates))
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a pick was stale although it was made within its write")]
struct StaleForGood;

fn start() -> mpsc::SyncSender<Request> {
    /// How many requests may wait.
    const QUEUE: usize = 1024;

    let (sender, requests) = mpsc::sync_channel::<Request>(QUEUE);
    let work = move || {
        let mut last: Option<Pick> = None;
        for Request { catalogue, dates, reply } in requests {
            let usable = last.take().filter(|pick| catalogue.would_pick(pick, &dates));
            let pick = usable.unwrap_or_else(|| catalogue.pick_daily(dates));
            // The caller may have stopped waiting.
            drop(reply.send(pick.clone()));
            last = Some(pick);
        }
    };
    drop(thread::Builder::new().name("pyaday-picker".to_owned()).spawn(work));
    sender
}

impl fmt::Debug for Picker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picker").finish_non_exhaustive()
    }
}
