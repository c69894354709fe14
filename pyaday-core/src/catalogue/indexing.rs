//! The current catalogue, and the thread that builds its index.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use arc_swap::ArcSwap;

use super::index::Segments;
use super::snapshot::Catalogue;

/// The current catalogue. The writer replaces it, and so does the thread that builds the index.
pub(super) struct Current {
    catalogue: ArcSwap<Catalogue>,
    replacing: Mutex<Replacing>,
}

/// What must be known to replace the catalogue.
#[derive(Default)]
struct Replacing {
    /// The replaced catalogues that a reader was still looking at.
    replaced: Vec<Arc<Catalogue>>,
    /// The newest segments, and the history of the catalogue that they were built from. The writer
    /// may have made its next catalogue before the segments were built.
    segments: Option<(u64, Arc<Segments>)>,
    /// True while the thread runs.
    is_building: bool,
}

impl Current {
    pub(super) fn new(mut catalogue: Catalogue) -> Arc<Self> {
        record_if_due(&mut catalogue);
        let catalogue = ArcSwap::from_pointee(catalogue);
        let current = Arc::new(Self { catalogue, replacing: Mutex::default() });
        current.build_if_due(&mut current.lock());
        current
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> T {
        look(&self.catalogue.load())
    }

    pub(super) fn publish(self: &Arc<Self>, mut catalogue: Catalogue) {
        let mut replacing = self.lock();
        let can_use = |(history, segments): &(u64, Arc<Segments>)| {
            *history == catalogue.history && catalogue.index.install(segments)
        };
        if !replacing.segments.as_ref().is_some_and(can_use) {
            // They are of no use any more, and they take much memory.
            replacing.segments = None;
        }
        record_if_due(&mut catalogue);
        self.replace(&mut replacing, catalogue);
        self.build_if_due(&mut replacing);
    }

    fn lock(&self) -> MutexGuard<'_, Replacing> {
        // Nothing panics between two changes that belong together.
        self.replacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, replacing: &mut Replacing, catalogue: Catalogue) {
        /// How often the writer yields to the readers. Most readers finish in microseconds, so this
        /// is usually enough.
        const YIELDS: usize = 100;

        let replaced = self.catalogue.swap(Arc::new(catalogue));
        for _ in 0..YIELDS {
            if Arc::strong_count(&replaced) == 1 {
                break;
            }
            thread::yield_now();
        }
        replacing.replaced.push(replaced);
        // No new reader can reach a replaced catalogue, so a count of one stays one.
        replacing.replaced.retain(|catalogue| Arc::strong_count(catalogue) > 1);
    }

    /// Starts the thread if new segments should be built and it does not run.
    fn build_if_due(self: &Arc<Self>, replacing: &mut Replacing) {
        if replacing.is_building || !self.read(Catalogue::is_index_due) {
            return;
        }
        let current = Arc::clone(self);
        let thread = thread::Builder::new().name("pyaday-index".to_owned());
        // Without the thread, searches look at all packages. The next write tries again.
        replacing.is_building = thread.spawn(move || Building(current).run()).is_ok();
    }
}

/// Lets a catalogue record what is written from now on, if it needs an index. It does so before it is
/// published. So the next catalogue, which the writer makes of it, records everything, and the segments
/// that the thread builds of it meanwhile can be used.
fn record_if_due(catalogue: &mut Catalogue) {
    if catalogue.is_index_due() {
        catalogue.index.begin();
    }
}

/// The work of the thread.
struct Building(Arc<Current>);

impl Building {
    fn run(self) {
        loop {
            let begun = Instant::now();
            let catalogue = self.0.read(Catalogue::clone);
            let segments = Arc::new(catalogue.build_segments());
            if self.finish(catalogue.history, segments) {
                return;
            }
            // More was written meanwhile than could be recorded, as an import does. Trying again at
            // once would keep a processor busy in vain.
            thread::sleep(begun.elapsed());
        }
    }

    /// Gives the segments to the current catalogue. Returns true if nothing more is to be done.
    fn finish(&self, history: u64, segments: Arc<Segments>) -> bool {
        let mut replacing = self.0.lock();
        let mut catalogue = self.0.read(Catalogue::clone);
        if catalogue.history == history && catalogue.index.install(&segments) {
            replacing.segments = Some((history, segments));
            self.0.replace(&mut replacing, catalogue);
        }
        let is_done = !self.0.read(Catalogue::is_index_due);
        replacing.is_building = !is_done;
        is_done
    }
}

impl Drop for Building {
    /// If the thread panics, the next write starts another one.
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().is_building = false;
        }
    }
}
