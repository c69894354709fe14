//! The signals that end a server.

use std::io;

/// The signals that end a server, from the moment this is made: SIGTERM and SIGINT, or Ctrl-C where
/// there are no signals.
///
/// They end it even if the process was started with them ignored, as a shell starts its background
/// jobs (SIGINT), and as the first process of a container is (both).
#[derive(Debug)]
pub struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignal {
    /// Begins to wait for the signals.
    ///
    /// # Errors
    /// The system does not let the process wait for them.
    #[cfg(unix)]
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { terminate, interrupt })
    }

    /// Waits for the next of the signals.
    #[cfg(unix)]
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Begins to wait for the signals.
    ///
    /// # Errors
    /// None here.
    #[cfg(not(unix))]
    pub fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next Ctrl-C.
    #[cfg(not(unix))]
    pub async fn received(&mut self) {
        // If the process cannot wait for it, then it ends without being asked.
        let _ = tokio::signal::ctrl_c().await;
    }
}
