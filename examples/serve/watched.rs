//! What the server sees of its store: how long the calls take, which fail, and when that changes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use metrics::{Gauge, Key, Label, Level, Metadata, counter, with_recorder};
use pyaday_core::StoreError;

use crate::log::cause;

/// How long calls of the store take.
pub(crate) const DURATION: &str = "pyaday_store_call_duration_seconds";

/// How many calls of the store run or wait.
pub(crate) const IN_PROGRESS: &str = "pyaday_store_calls_in_progress";

/// How many calls of the store failed.
pub(crate) const ERRORS: &str = "pyaday_store_errors_total";

/// How many reasons of one outage are said.
const REASONS: usize = 8;

/// What calls of a kind have in common: if one is refused, then so are the others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Read,
    Write,
    /// Asks for what others have written.
    Refresh,
}

/// A method of the store.
pub(crate) struct Call {
    name: &'static str,
    kind: Kind,
    duration: Key,
    in_progress: Key,
}

impl Call {
    pub(crate) const fn new(name: &'static str, kind: Kind, label: &'static [Label; 1]) -> Self {
        let duration = Key::from_static_parts(DURATION, label);
        Self { name, kind, duration, in_progress: Key::from_static_parts(IN_PROGRESS, label) }
    }
}

static METADATA: Metadata<'_> = Metadata::new("pyaday_examples", Level::INFO, None);

/// The calls of one store.
#[derive(Debug)]
pub(crate) struct Calls {
    /// What the store is called in the log.
    name: String,
    reads: Service,
    writes: Service,
    refreshes: Service,
}

impl Calls {
    pub(crate) fn new(name: String) -> Self {
        let service = |refused, accepted| Service::new(refused, accepted);
        Self {
            name,
            reads: service("reads are refused", "reads are answered again"),
            writes: service("writes are refused", "writes are accepted again"),
            refreshes: service("the database is away", "the database is back"),
        }
    }

    /// Makes a call. `is_done` says whether an answer shows that calls of this kind work: a write that
    /// changes nothing may be answered by a store that cannot write.
    pub(crate) async fn watch<T>(
        &self,
        call: &'static Call,
        work: impl Future<Output = Result<T, StoreError>>,
        is_done: impl FnOnce(&T) -> bool,
    ) -> Result<T, StoreError> {
        let answer = {
            let _running = Running::new(&call.in_progress);
            let began = Instant::now();
            let answer = work.await;
            let duration = began.elapsed();
            with_recorder(|it| it.register_histogram(&call.duration, &METADATA).record(duration));
            answer
        };
        let service = self.service(call.kind);
        match &answer {
            Ok(answer) if service.is_refused() && is_done(answer) => service.accepted(&self.name),
            Ok(_) => {}
            Err(error) => {
                counter!(ERRORS, "call" => call.name, "error" => kind_of(error)).increment(1);
                if matches!(error, StoreError::Unavailable { .. }) {
                    service.refused(&self.name, cause(error));
                }
            }
        }
        answer
    }

    /// What is refused now, and why.
    pub(crate) fn refused(&self, kind: Kind) -> Option<String> {
        self.service(kind).outage().as_ref().and_then(|outage| outage.reasons.last().cloned())
    }

    fn service(&self, kind: Kind) -> &Service {
        match kind {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
            Kind::Refresh => &self.refreshes,
        }
    }
}

fn kind_of(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Busy { .. } => "busy",
        StoreError::OutcomeUnknown { .. } => "outcome-unknown",
        _ => "internal",
    }
}

/// A call that runs. It ends when this is dropped, also if nobody waits for it any more.
struct Running(Gauge);

impl Running {
    fn new(key: &Key) -> Self {
        let gauge = with_recorder(|recorder| recorder.register_gauge(key, &METADATA));
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Whether calls of a kind are refused. Each change is one line in the log.
#[derive(Debug)]
struct Service {
    /// What the lines say.
    refused: &'static str,
    accepted: &'static str,
    is_refused: AtomicBool,
    outage: Mutex<Option<Outage>>,
}

#[derive(Debug)]
struct Outage {
    since: Instant,
    /// All that were said.
    reasons: Vec<String>,
}

impl Service {
    fn new(refused: &'static str, accepted: &'static str) -> Self {
        Self { refused, accepted, is_refused: AtomicBool::new(false), outage: Mutex::default() }
    }

    fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Acquire)
    }

    fn refused(&self, store: &str, reason: String) {
        let mut outage = self.outage();
        let outage =
            outage.get_or_insert_with(|| Outage { since: Instant::now(), reasons: Vec::new() });
        self.is_refused.store(true, Ordering::Release);
        if outage.reasons.len() < REASONS && !outage.reasons.contains(&reason) {
            tracing::warn!("{store}: {}: {reason}", self.refused);
            outage.reasons.push(reason);
        }
    }

    fn accepted(&self, store: &str) {
        let ended = {
            let mut outage = self.outage();
            // Under the lock, or a refusal in between would be forgotten.
            self.is_refused.store(false, Ordering::Release);
            outage.take()
        };
        if let Some(outage) = ended {
            let seconds = outage.since.elapsed().as_secs();
            tracing::info!("{store}: {}, after {seconds} s", self.accepted);
        }
    }

    /// A panic while the lock is held leaves what was there.
    fn outage(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
