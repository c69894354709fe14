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
    /// Those of `write`, [`StoreError::Unavailable`] if more than a thousand wait, and
    /// [`StoreError::Internal`] if there can be no thread.
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
        if let Err(TrySendError::Full(_)) = requests.try_send(Request { catalogue, date, answer }) {
            let source = "too many wait for a pick".into();
            return Err(StoreError::Unavailable { retry_after: Duration::from_secs(1), source });
        }
        // If the thread could not be started, or ended, then nobody answers.
        pick.await.map_err(|error| StoreError::Internal { source: error.into() })
    }
}

fn start() -> mpsc::SyncSender<Request> {
    /// How many may wait.
    const QUEUE: usize = 1024;

    let (sender, requests) = mpsc::sync_channel::<Request>(QUEUE);
    let work = move || {
        let mut last: Option<Pick> = None;
        for Request { catalogue, date, answer } in requests {
            // Of the catalogue as it was when this one asked, or later.
            let is_new = |pick: &&Pick| pick.date == date && pick.seen >= catalogue.revision();
            if !last.as_ref().filter(is_new).is_some_and(|pick| catalogue.is_of(pick)) {
                last = catalogue.pick_daily(date);
            }
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
