//! All connections of a server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use futures_util::task::AtomicWaker;
use tokio::time::interval;

use super::Limits;
use super::state::{State, Urgency, Verdict};
use crate::rarely::Rarely;

/// How many connections more than the limit may be open until others have closed; half of the limit if that
/// is less.
const OVERLAP: usize = 64;

/// The connections of a server.
#[derive(Debug)]
pub(crate) struct Connections {
    limits: Limits,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    is_stopping: AtomicBool,
    /// Who waits until there is room for a connection.
    room: AtomicWaker,
    full: Rarely,
    refused: Rarely,
}

/// The place that a connection takes until it is closed.
#[derive(Debug)]
pub(crate) struct Place(Arc<Connection>);

/// What a stream and the requests on it know of each other.
#[derive(Debug)]
pub(crate) struct Connection {
    number: u64,
    connections: Arc<Connections>,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: State,
    /// True once the connection is to be closed as soon as it waits for its client.
    pub(super) is_closing: bool,
    /// Who waits for the socket.
    pub(super) stream: Option<Waker>,
    /// Who waits for a part of a body.
    pub(super) body: Option<Waker>,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            open: Mutex::default(),
            next: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
            room: AtomicWaker::new(),
            full: Rarely::new(),
            refused: Rarely::new(),
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many connections may be open for a moment, until those that give way are closed.
    pub(crate) fn most(&self) -> usize {
        let limit = self.limits.connections;
        limit + OVERLAP.min(limit / 2).max(1)
    }

    /// Takes a new connection in. If there are too many, then others give way.
    pub(crate) fn admit(self: &Arc<Self>) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection {
            number,
            connections: Arc::clone(self),
            shared: Mutex::new(Shared {
                state: State::new(Instant::now()),
                is_closing: false,
                stream: None,
                body: None,
            }),
        });
        let count = {
            let mut open = self.open();
            open.insert(number, Arc::clone(&connection));
            open.len()
        };
        if count > self.limits.connections {
            self.make_room(number);
        }
        Place(connection)
    }

    /// Closes connections that wait for their clients: those that have waited longest, first among those
    /// without a request, and never the new one. Several at once, since looking at all of them takes its
    /// time. Connections that are being closed already make room, so they do not count.
    fn make_room(&self, new: u64) {
        let (mut others, mut waiting) = (0, Vec::<(Urgency, Arc<Connection>)>::new());
        for connection in self.all() {
            let urgency = {
                let shared = connection.lock();
                if shared.is_closing || connection.number == new {
                    continue;
                }
                shared.state.urgency()
            };
            others += 1;
            waiting.extend(urgency.map(|urgency| (urgency, connection)));
        }
        if others < self.limits.connections {
            return;
        }
        let several = (self.limits.connections / 64).clamp(1, OVERLAP / 2).min(waiting.len());
        if several > 0 && several < waiting.len() {
            waiting.select_nth_unstable_by_key(several - 1, |(urgency, _)| *urgency);
        }
        for (_, connection) in waiting.into_iter().take(several) {
            connection.close();
        }
        if several == 0 {
            return;
        }
        let limit = self.limits.connections;
        self.full.tell(several as u64, |count| {
            format!(
                "connections: {limit} are open, which is the limit; {count} that waited for their \
                 clients were closed to make room"
            )
        });
    }

    /// Waits until there is room for a connection.
    pub(crate) fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let has_room = || self.is_stopping() || self.open().len() < self.most();
        if has_room() {
            return Poll::Ready(());
        }
        self.room.register(context.waker());
        // It may have come before anybody was to be woken.
        if has_room() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Ends the waits that have lasted too long, as long as it is polled.
    pub(crate) async fn watch(&self) {
        let mut interval = interval(self.limits.interval());
        loop {
            interval.tick().await;
            let now = Instant::now();
            for connection in self.all() {
                connection.judge(now);
            }
        }
    }

    /// Closes the connections without a request, now and whenever a request is answered.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.room.wake();
        for connection in self.all() {
            connection.wake();
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Reports that no connection could be accepted, which another one may be able to change.
    pub(crate) fn not_accepted(&self, _: Option<&SocketAddr>, error: &std::io::Error) {
        self.refused
            .tell(1, |count| format!("connections: {count} could not be accepted: {error}"));
    }

    fn all(&self) -> Vec<Arc<Connection>> {
        self.open().values().cloned().collect()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let connections = &self.0.connections;
        connections.open().remove(&self.0.number);
        connections.room.wake();
    }
}

impl Connection {
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.connections.limits
    }

    /// True if the server has been told to stop, so that no further request is taken.
    pub(crate) fn is_stopping(&self) -> bool {
        self.connections.is_stopping()
    }

    /// True if the body of the request has taken too long.
    pub(crate) fn is_late(&self) -> bool {
        self.lock().state.is_late()
    }

    fn judge(&self, now: Instant) {
        let mut shared = self.lock();
        let waker = match shared.state.judge(self.limits(), now) {
            None => None,
            Some(Verdict::FailBody) => shared.body.take(),
            Some(Verdict::Close) => {
                shared.is_closing = true;
                shared.stream.take()
            }
        };
        drop(shared);
        waker.into_iter().for_each(Waker::wake);
    }

    fn close(&self) {
        self.lock().is_closing = true;
        self.wake();
    }

    fn wake(&self) {
        let waker = self.lock().stream.take();
        waker.into_iter().for_each(Waker::wake);
    }
}
