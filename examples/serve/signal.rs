//! The signals that end a server.

use std::io;

use crate::error::tell;

/// Waits for the first SIGTERM or SIGINT from now on.
///
/// # Errors
/// The system does not let the process wait for them.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tell("stopping");
    })
}

/// Waits for the first Ctrl-C.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        // If the process cannot wait for it, then it ends without being asked.
        let _ = tokio::signal::ctrl_c().await;
        tell("stopping");
    })
}
