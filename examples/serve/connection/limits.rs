//! How much a client may ask of the server.

use std::time::Duration;

use crate::descriptors;

/// How long the server waits for a client, and how many clients it serves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// How long the head of a request may take, from its first byte, and how long a new connection may
    /// take until the head of its first request is complete.
    pub head: Duration,
    /// How long the server waits for the next part of a body.
    pub body_progress: Duration,
    /// How long a whole body may take, besides the time that its bytes earn.
    pub body: Duration,
    /// How many bytes of a body earn one more second.
    pub body_rate: usize,
    /// How long a client may leave an answer unread before it reads on.
    pub answer: Duration,
    /// How long a connection may stay open between two requests.
    pub idle: Duration,
    /// How many bytes of a body are still read after the request was answered without them. They are
    /// thrown away. A client that is busy sending could not read its answer otherwise.
    pub refused_body: usize,
    /// How long these bytes may take after the answer.
    pub lingering: Duration,
    /// How many connections may be open. If there are more, then those that have waited longest for their
    /// clients are closed.
    pub connections: usize,
    /// How long the requests that have begun may take after the server was told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    /// The limits of the servers. The number of connections depends on how many descriptors the process
    /// may have.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body_progress: Duration::from_secs(10),
            body: Duration::from_secs(30),
            body_rate: 32 * 1024,
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            refused_body: 256 * 1024,
            lingering: Duration::from_secs(2),
            connections: descriptors::connections(),
            grace: Duration::from_secs(7),
        }
    }
}

impl Limits {
    /// How much longer a body may take that has so many bytes.
    pub(super) fn earned(&self, bytes: usize) -> Duration {
        // A body of more bytes than a `u32` can count has earned more than a century.
        let seconds = u32::try_from(bytes / self.body_rate.max(1)).unwrap_or(u32::MAX);
        Duration::from_secs(1) * seconds
    }

    /// How often the connections are looked at: often enough that no wait lasts much longer than it may.
    pub(super) fn interval(&self) -> Duration {
        let waits =
            [self.head, self.body_progress, self.body, self.answer, self.idle, self.lingering];
        let shortest = waits.into_iter().min().unwrap_or_default();
        (shortest / 8).clamp(Duration::from_millis(5), Duration::from_millis(250))
    }
}
