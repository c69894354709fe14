//! The signals that end a server, and the end that comes even if the server hangs.

use std::fmt;
use std::future::pending;
use std::io;
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_util::future::{BoxFuture, Shared};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::tell;
use crate::{Error, log};

mod received;

use received::Signals;

/// How long the process may take to end after the first signal. Whoever sent it may kill the process ten
/// seconds later, as Docker does.
const LIMIT: Duration = Duration::from_secs(9);

/// How long after the first signal another one belongs to it. A terminal that is closed sends one, and so
/// does its shell.
const REPETITION: Duration = Duration::from_secs(1);

/// How long a line on standard error may take, if it is the last.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// A signal that ends a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGINT, or Ctrl-C.
    Interrupt,
    /// SIGHUP.
    HangUp,
}

impl Signal {
    /// The exit code of a process that this signal has ended, as shells report it.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::HangUp => "SIGHUP",
        })
    }
}

/// The signal that ends the server, for all steps that it may end.
pub(crate) type Stopping = Shared<BoxFuture<'static, Signal>>;

/// Waits for a step of the start, unless the server is told to stop.
pub(crate) async fn unless_stopped<T>(
    stop: &Stopping,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        signal = stop.clone() => Err(Error::Stopped { signal, import: None }),
        done = step => done,
    }
}

/// The signals that end a server, from the moment this is made: SIGTERM, SIGINT and SIGHUP, or Ctrl-C where
/// there are no signals.
///
/// SIGTERM and SIGINT end it even if the process was started with them ignored, as a shell starts its
/// background jobs (SIGINT), and as the first process of a container is (both). SIGHUP does not if it is
/// ignored at the start, since that is what `nohup` is for; only Linux can tell.
///
/// A thread of its own waits for them, so that they are heard whatever the other threads wait for. If the
/// process has not ended nine seconds after the first signal, or if another signal comes more than a second
/// after the first, then this thread ends the process.
#[derive(Debug)]
pub struct StopSignal {
    first: watch::Receiver<Option<Signal>>,
}

impl StopSignal {
    /// Begins to wait for the signals.
    ///
    /// # Errors
    /// The system does not let the process wait for them.
    pub fn new() -> io::Result<Self> {
        let (sender, first) = watch::channel(None);
        let (begun, beginning) = mpsc::channel();
        thread::Builder::new().name("signals".to_owned()).spawn(move || wait(&begun, &sender))?;
        beginning.recv().unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))?;
        Ok(Self { first })
    }

    /// Waits for the first of the signals.
    pub async fn received(&mut self) -> Signal {
        match self.first.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            // The thread that waits is gone, so there will be none.
            _ => pending().await,
        }
    }
}

/// Waits for the signals, and then for the end of the process.
fn wait(begun: &mpsc::Sender<io::Result<()>>, first: &watch::Sender<Option<Signal>>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(begun.send(Err(error))),
    };
    runtime.block_on(async {
        let mut signals = match Signals::new() {
            Ok(signals) => signals,
            Err(error) => return drop(begun.send(Err(error))),
        };
        // If nobody waits for it, then nobody waits for signals either.
        let _ = begun.send(Ok(()));
        let signal = signals.next().await;
        first.send_replace(Some(signal));
        let deadline = Instant::now() + LIMIT;
        sleep(REPETITION).await;
        signals.forget();
        tokio::select! {
            signal = signals.next() => end(
                &format!("error: stopped at once by {signal}, the second signal; {UNFINISHED}"),
                signal.exit_code(),
            ),
            () = sleep_until(deadline) => end(
                &format!(
                    "error: stopped at once, {} seconds after {signal}; {UNFINISHED}",
                    LIMIT.as_secs()
                ),
                1,
            ),
        }
    });
}

const UNFINISHED: &str = "requests without an answer may or may not have been carried out";

/// Ends the process, whatever its other threads do.
fn end(line: &str, code: u8) {
    let line = line.to_owned();
    let (written, is_written) = mpsc::channel();
    // What hangs may be standard error.
    thread::spawn(move || {
        tell(&line);
        log::end();
        // Nobody may wait any more.
        let _ = written.send(());
    });
    let _ = is_written.recv_timeout(LAST_WORDS);
    process::exit(code.into())
}
