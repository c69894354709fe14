//! The time between the head of a request and the end of its answer.

use std::sync::Arc;
use std::time::Instant;

use super::Connection;

/// A request that is being answered. It is dropped with the last part of the answer.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Connection>);

impl Answering {
    /// Begins with a request.
    pub(crate) fn begin(connection: &Arc<Connection>, has_body: bool) -> Self {
        connection.lock().state.begun(has_body, Instant::now());
        Self(Arc::clone(connection))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.lock().state.answered(Instant::now());
    }
}
