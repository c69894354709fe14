//! The body of a request, as far as the limits are concerned.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::Connection;

/// Who reads the body of a request.
#[derive(Debug)]
pub(crate) struct ReadBody {
    connection: Arc<Connection>,
    has_ended: bool,
}

/// The rest of a body took too long.
#[derive(Debug)]
pub(crate) struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client took too long to send the body of its request")
    }
}

impl std::error::Error for TooLate {}

impl ReadBody {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, has_ended: false }
    }

    /// True if it is too late for what comes now, which is not to be carried out: the answer will be 408.
    pub(crate) fn is_late(&self) -> bool {
        self.connection.is_late()
    }

    /// Keeps account of a part of the body of so many bytes, or of its end.
    pub(crate) fn received(&mut self, bytes: Option<usize>) {
        let mut shared = self.connection.lock();
        match bytes {
            Some(bytes) => shared.state.body_received(bytes),
            None => {
                self.has_ended = true;
                shared.state.body_ended();
            }
        }
    }

    /// Waits for the next part, which has not come yet, until it is too late.
    pub(crate) fn wait(&self, context: &Context<'_>) -> Poll<TooLate> {
        let mut shared = self.connection.lock();
        if shared.state.is_late() {
            return Poll::Ready(TooLate);
        }
        shared.state.body_awaited(Instant::now());
        shared.body = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ReadBody {
    fn drop(&mut self) {
        if !self.has_ended {
            self.connection.lock().state.body_dropped();
        }
    }
}
