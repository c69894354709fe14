//! Picks packages of the day in a thread of its own.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc::{self, TrySendError};
use std::time::Duration;
use std::{fmt, thread};

use futures_channel::oneshot;

use crate::catalogue::Catalogue;
use crate::daily::{Daily, Day, Opening, Pick};
use crate::date::Date;
use crate::store::StoreError;

/// A thread that [picks](Catalogue::pick_daily) for a store, once somebody asks: looking at a million
/// names would hold up the other requests of the thread that asks.
///
/// Those who ask for one date at once get one pick.
#[derive(Default)]
pub struct Picker {
    requests: OnceLock<mpsc::SyncSender<Request>>,
}

struct Request {
    catalogue: Catalogue,
    date: Date,
    answer: oneshot::Sender<Option<Pick>>,
}

impl Picker {
    /// Without a thread yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a date as [`PackageStore::open_daily`](crate::PackageStore::open_daily) asks, for a store
    /// that has its packages in a catalogue: `current` is that of the moment, and `write` carries out
    /// [`Catalogue::open_daily`], one write at a time.
    ///
    /// # Errors
    /// Those of `write`, and [`StoreError::Unavailable`] if more than a thousand wait.
    pub async fn open<W>(
        &self,
        date: Date,
        current: impl Fn() -> Catalogue,
        write: impl Fn(Pick) -> W,
    ) -> Result<Option<Daily>, StoreError>
    where
        W: Future<Output = Result<Opening, StoreError>>,
    {
        loop {
            let catalogue = current();
            if let Day::Shown(daily) = catalogue.daily(date) {
                return Ok(Some(daily));
            }
            let Some(pick) = self.pick(catalogue, date).await? else {
                return Ok(None);
            };
            match write(pick).await? {
                Opening::Opened(daily) | Opening::Exists(daily) => return Ok(Some(daily)),
                Opening::Stale => {}
            }
        }
    }

    async fn pick(&self, catalogue: Catalogue, date: Date) -> Result<Option<Pick>, StoreError> {
        let (answer, pick) = oneshot::channel();
        let requests = self.requests.get_or_init(start);
        match requests.try_send(Request { catalogue, date, answer }) {
            // If the pick panicked, then nobody answers.
            Ok(()) => pick.await.map_err(|error| StoreError::Internal { source: error.into() }),
            Err(TrySendError::Full(_)) => {
                let source = "too many wait for a pick".into();
                Err(StoreError::Unavailable { retry_after: Duration::from_secs(1), source })
            }
            // The thread could not be started, or has ended.
            Err(TrySendError::Disconnected(request)) => Ok(request.catalogue.pick_daily(date)),
        }
    }
}

fn start() -> mpsc::SyncSender<Request> {
    /// How many may wait.
    const QUEUE: usize = 1024;

    let (sender, requests) = mpsc::sync_channel::<Request>(QUEUE);
    let work = move || {
        let mut last: Option<Pick> = None;
        for Request { catalogue, date, answer } in requests {
            // The last pick will do if it takes account of all that this one knows of.
            let newest = catalogue.revision();
            let pick = last.take().filter(|pick| pick.date == date && pick.seen >= newest);
            last = pick.or_else(|| catalogue.pick_daily(date));
            // Whoever asked may have gone away.
            drop(answer.send(last.clone()));
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
