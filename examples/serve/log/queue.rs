//! The queue of lines, and the thread that writes them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::subscriber::with_default;
use tracing_subscriber::filter::Targets;

use super::TOLD;
use super::format::{escaped, subscriber};
use super::limit::{Limit, counted};
use super::options::LogFormat;

/// How many lines wait at most.
const LINES: usize = 4_096;

/// How long a line is at most, in bytes. So the whole queue never takes more than 32 MiB.
const LENGTH: usize = 8 * 1024;

/// How often the thread looks whether lines were withheld.
const PERIOD: Duration = Duration::from_secs(1);

/// Takes lines, and never waits.
pub(super) struct Queue {
    format: LogFormat,
    sender: SyncSender<Item>,
    counts: Arc<Counts>,
    /// Receives when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

enum Item {
    Line(Vec<u8>),
    /// Nothing is to follow.
    End,
}

#[derive(Default)]
struct Counts {
    /// Lines that found no room, and were not reported yet.
    unreported: AtomicU64,
    lost: AtomicU64,
    is_ending: AtomicBool,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(limit: Arc<Limit>, format: LogFormat) -> io::Result<Arc<Self>> {
        let (sender, items) = mpsc::sync_channel(LINES);
        let (ending, ended) = mpsc::channel();
        let counts = Arc::new(Counts::default());
        let mut thread =
            Thread { items, counts: Arc::clone(&counts), limit, format, unreported: 0 };
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            thread.run();
            // Nobody may wait for it.
            let _ = ending.send(());
        })?;
        Ok(Arc::new(Self { format, sender, counts, ended: Mutex::new(ended) }))
    }

    /// How many lines found no room.
    pub(super) fn lost(&self) -> u64 {
        self.counts.lost.load(Relaxed)
    }

    /// Waits until all lines are written, but not for longer than this.
    pub(super) fn end(&self, patience: Duration) {
        self.counts.is_ending.store(true, Relaxed);
        // If there is no room, then the thread sees that it is to end when it has written all lines.
        let _ = self.sender.try_send(Item::End);
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(patience);
    }

    fn put(&self, line: Vec<u8>) {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(Item::Line(line)) {
            self.counts.lost.fetch_add(1, Relaxed);
            self.counts.unreported.fetch_add(1, Relaxed);
        }
    }
}

/// What makes lines gives each of them whole.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(match self.format {
            LogFormat::Text => text_line(line),
            LogFormat::Json => line.to_vec(),
        });
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One line that is not too long and has no control characters.
fn text_line(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
    let mut text = escaped(&text);
    if text.len() > LENGTH {
        text.truncate(text.floor_char_boundary(LENGTH));
        text.push('…');
        text.shrink_to_fit();
    }
    text.push('\n');
    text.into_bytes()
}

/// What the thread has.
struct Thread {
    items: Receiver<Item>,
    counts: Arc<Counts>,
    limit: Arc<Limit>,
    format: LogFormat,
    /// How many lines were written since the last report of lost ones.
    unreported: usize,
}

impl Thread {
    fn run(&mut self) {
        let mut next_look = Instant::now() + PERIOD;
        while let Some(item) = self.next() {
            if let Some(line) = item {
                write(&line);
                self.unreported += 1;
            }
            if self.unreported >= LINES {
                self.report_lost();
            }
            if Instant::now() >= next_look {
                self.report_withheld();
                next_look = Instant::now() + PERIOD;
            }
        }
        self.report_withheld();
        self.report_lost();
    }

    /// The next line, or nothing for a while, or `None` at the end.
    fn next(&mut self) -> Option<Option<Vec<u8>>> {
        match self.items.try_recv() {
            Ok(Item::Line(line)) => return Some(Some(line)),
            Ok(Item::End) | Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        self.report_lost();
        if self.counts.is_ending.load(Relaxed) {
            return None;
        }
        match self.items.recv_timeout(PERIOD) {
            Ok(Item::Line(line)) => Some(Some(line)),
            Err(RecvTimeoutError::Timeout) => Some(None),
            Ok(Item::End) | Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Says how many lines were lost, after those that were not.
    fn report_lost(&mut self) {
        self.unreported = 0;
        match self.counts.unreported.swap(0, Relaxed) {
            0 => {}
            lost => self.say(&format!(
                "… {} more lines, which are lost because nobody read standard error in time",
                counted(lost)
            )),
        }
    }

    fn report_withheld(&self) {
        for line in self.limit.withheld() {
            self.say(&line);
        }
    }

    /// Writes a line of its own, directly: the queue may be full.
    fn say(&self, text: &str) {
        let line = Arc::new(Line::default());
        let all = Targets::new().with_target(TOLD, tracing::Level::TRACE);
        let limit = Arc::new(Limit::default());
        with_default(subscriber(self.format, all, limit, Arc::clone(&line)), || {
            tracing::warn!(target: TOLD, "{text}");
        });
        write(&line.lock());
    }
}

/// A line in memory.
#[derive(Default)]
struct Line(Mutex<Vec<u8>>);

impl Line {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.lock().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A standard error that is closed is nothing to stop for.
fn write(line: &[u8]) {
    let _ = io::stderr().write_all(line);
}
