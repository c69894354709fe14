//! Whether the server can answer.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pyaday_core::PackageStore;
use tokio::time::timeout;

use crate::error::with_causes;
use crate::gate::{CLOSED, Gate};
use crate::watched::Kind;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a store knows of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// How many packages it has.
    pub(crate) packages: Option<usize>,
    /// The revision of the newest write.
    pub(crate) revision: Option<u64>,
    /// How long ago it was last known to show the newest, if it follows a database.
    pub(crate) age: Option<Duration>,
}

/// How far the server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Serving,
    Stopping,
}

/// A store that can be asked how it is.
pub(super) trait Probe: Send + Sync {
    /// Asks the store for its newest state. `None` if it was closed.
    fn ask(&self) -> BoxFuture<'_, Option<Result<(), String>>>;

    /// What the store knows of itself.
    fn facts(&self) -> Facts;

    /// Why calls of this kind are refused, if they are.
    fn refused(&self, kind: Kind) -> Option<String>;
}

/// A store and its gate. It does not keep the store open.
pub(super) struct Probed<S> {
    gate: Weak<Gate<S>>,
    look: fn(&S) -> Facts,
}

impl<S> Probed<S> {
    pub(super) fn new(gate: &Arc<Gate<S>>, look: fn(&S) -> Facts) -> Self {
        Self { gate: Arc::downgrade(gate), look }
    }
}

impl<S: PackageStore> Probe for Probed<S> {
    fn ask(&self) -> BoxFuture<'_, Option<Result<(), String>>> {
        let ask = async {
            let gate = self.gate.upgrade()?;
            if !gate.is_open() {
                return Some(Err(CLOSED.to_owned()));
            }
            Some(gate.refresh().await.map_err(|error| with_causes(&error)))
        };
        ask.boxed()
    }

    fn facts(&self) -> Facts {
        self.gate.upgrade().map_or_else(Facts::default, |gate| (self.look)(gate.store()))
    }

    fn refused(&self, kind: Kind) -> Option<String> {
        self.gate.upgrade()?.calls().refused(kind)
    }
}

/// What decides whether the server can answer.
#[derive(Default)]
pub(super) struct Readiness {
    phase: AtomicU8,
    store: OnceLock<Box<dyn Probe>>,
}

impl Readiness {
    pub(super) fn watch(&self, store: impl Probe + 'static) {
        // A server has one store.
        let _ = self.store.set(Box::new(store));
    }

    pub(super) fn store(&self) -> Option<&dyn Probe> {
        self.store.get().map(|store| &**store)
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }

    /// What to say if the server can answer, or why it cannot.
    pub(super) async fn ask(&self) -> Result<String, String> {
        const STOPPING: &str = "the server is stopping";

        if self.is(Phase::Stopping) {
            return Err(STOPPING.to_owned());
        }
        let store = self.store().ok_or("the server opens its store")?;
        match timeout(PATIENCE, store.ask()).await {
            Err(_) => {
                return Err(format!("the store did not answer in {} s", PATIENCE.as_secs()));
            }
            Ok(None) => return Err(STOPPING.to_owned()),
            Ok(Some(answer)) => answer?,
        }
        if self.is(Phase::Starting) {
            return Err("the server does not listen yet".to_owned());
        }
        Ok(match store.refused(Kind::Write) {
            None => "ready\n".to_owned(),
            Some(reason) => format!("ready, but writes are refused: {reason}\n"),
        })
    }
}
