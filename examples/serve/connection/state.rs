//! What a connection waits for, and until when. It knows neither sockets nor timers.

use std::time::Instant;

use super::Limits;

/// A connection as the limits see it.
#[derive(Debug)]
pub(super) struct State {
    awaited: Awaited,
    /// Since when that is awaited.
    since: Instant,
    body: Body,
    /// True if the body of this request took too long.
    is_late: bool,
    /// Since when the client has read nothing, although something is to be sent.
    blocked: Option<Instant>,
}

/// What the server needs from the client to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// The first request, of which nothing came yet.
    FirstRequest,
    /// The rest of a head.
    Head,
    /// The next request of a connection that is kept open.
    NextRequest,
    /// The next part of a body.
    Body,
    /// Nothing: the server works on a request.
    Nothing,
    /// The rest of a body that nobody reads. What comes is thrown away.
    Rest,
}

/// What became of the body of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// There is none, or it was read to its end.
    Read,
    Open {
        begun: Instant,
        bytes: usize,
    },
    /// It was not read to its end, and so many bytes came since.
    Refused(usize),
}

/// What to do about a connection that has waited too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The request fails and is answered.
    FailBody,
    Close,
}

/// Connections with a greater urgency are closed later: first by what is awaited, then by how long.
pub(super) type Urgency = (u8, Instant);

impl State {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            awaited: Awaited::FirstRequest,
            since: now,
            body: Body::Read,
            is_late: false,
            blocked: None,
        }
    }

    /// Bytes came, whatever they are.
    pub(super) fn received(&mut self, bytes: usize, now: Instant) {
        match self.awaited {
            // The time of the first head has begun with the connection.
            Awaited::FirstRequest => self.awaited = Awaited::Head,
            Awaited::NextRequest => self.wait_for(Awaited::Head, now),
            _ => {}
        }
        if let Body::Refused(refused) = &mut self.body {
            *refused = refused.saturating_add(bytes);
        }
    }

    /// The head of a request is complete.
    pub(super) fn begun(&mut self, has_body: bool, now: Instant) {
        self.awaited = Awaited::Nothing;
        self.is_late = false;
        self.body = if has_body { Body::Open { begun: now, bytes: 0 } } else { Body::Read };
    }

    /// The request cannot go on without the next part of its body.
    pub(super) fn body_awaited(&mut self, now: Instant) {
        if self.awaited == Awaited::Nothing && matches!(self.body, Body::Open { .. }) {
            self.wait_for(Awaited::Body, now);
        }
    }

    /// The request got a part of its body.
    pub(super) fn body_received(&mut self, more: usize) {
        if let Body::Open { bytes, .. } = &mut self.body {
            *bytes = bytes.saturating_add(more);
            self.awaited = Awaited::Nothing;
        }
    }

    /// The request got all of its body.
    pub(super) fn body_ended(&mut self) {
        self.body = Body::Read;
        self.stop_waiting_for_body();
    }

    /// Nobody reads the body any more.
    pub(super) fn body_dropped(&mut self) {
        if matches!(self.body, Body::Open { .. }) {
            self.body = Body::Refused(0);
        }
        self.stop_waiting_for_body();
    }

    fn stop_waiting_for_body(&mut self) {
        if self.awaited == Awaited::Body {
            self.awaited = Awaited::Nothing;
        }
    }

    /// The answer is complete, though the client may not have it yet.
    pub(super) fn answered(&mut self, now: Instant) {
        let next = if self.body == Body::Read { Awaited::NextRequest } else { Awaited::Rest };
        self.wait_for(next, now);
    }

    /// Nothing more will be sent. True if what still comes is to be thrown away for a while.
    pub(super) fn lingers(&mut self, now: Instant) -> bool {
        if self.awaited != Awaited::Rest && matches!(self.body, Body::Refused(_)) {
            self.wait_for(Awaited::Rest, now);
        }
        self.awaited == Awaited::Rest
    }

    /// The system takes no more bytes for the client.
    pub(super) fn blocked(&mut self, now: Instant) {
        self.blocked.get_or_insert(now);
    }

    /// The client has read something.
    pub(super) fn unblocked(&mut self, now: Instant) {
        self.blocked = None;
        if self.awaited == Awaited::NextRequest {
            // It cannot ask again before it has read its answer.
            self.since = now;
        }
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// True if a request was begun and not even its head is complete.
    pub(super) fn is_in_head(&self) -> bool {
        self.awaited == Awaited::Head && !self.is_blocked()
    }

    /// True if nothing is lost when the connection is closed.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.awaited, Awaited::FirstRequest | Awaited::NextRequest | Awaited::Rest)
    }

    /// True if enough was read of a body that nobody wants.
    pub(super) fn has_read_enough(&self, limits: &Limits) -> bool {
        matches!(self.body, Body::Refused(bytes) if bytes >= limits.refused_body)
    }

    /// When the client has had enough time for what is awaited.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        if let Some(since) = self.blocked {
            return Some(since + limits.answer);
        }
        let wait = match self.awaited {
            Awaited::Nothing => return None,
            Awaited::Body => return Some(self.body_deadline(limits)),
            Awaited::FirstRequest | Awaited::Head => limits.head,
            Awaited::NextRequest => limits.idle,
            Awaited::Rest => limits.lingering,
        };
        Some(self.since + wait)
    }

    fn body_deadline(&self, limits: &Limits) -> Instant {
        let progress = self.since + limits.body_progress;
        match self.body {
            Body::Open { begun, bytes } => {
                let whole = begun + limits.body;
                progress.min(whole.checked_add(limits.earned(bytes)).unwrap_or(progress))
            }
            _ => progress,
        }
    }

    /// What is to be done now, if the client has taken too long.
    pub(super) fn judge(&mut self, limits: &Limits, now: Instant) -> Option<Verdict> {
        if self.deadline(limits)? > now {
            return None;
        }
        if self.awaited == Awaited::Body && !self.is_blocked() {
            self.is_late = true;
            self.awaited = Awaited::Nothing;
            return Some(Verdict::FailBody);
        }
        Some(Verdict::Close)
    }

    /// How urgent the connection is, unless the server works for it at the moment. The least urgent is
    /// closed first when a new client needs its place.
    pub(super) fn urgency(&self) -> Option<Urgency> {
        if let Some(since) = self.blocked {
            return Some((2, since));
        }
        match (self.awaited, self.body) {
            (Awaited::Nothing, _) => None,
            // Each part would make it look new.
            (Awaited::Body, Body::Open { begun, .. }) => Some((1, begun)),
            (Awaited::Body, _) => Some((1, self.since)),
            _ => Some((0, self.since)),
        }
    }

    fn wait_for(&mut self, awaited: Awaited, now: Instant) {
        self.awaited = awaited;
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A connection at moments that are counted in seconds.
    struct Story {
        state: State,
        start: Instant,
    }

    impl Story {
        fn new() -> Self {
            let start = Instant::now();
            Self { state: State::new(start), start }
        }

        fn at(&self, second: u64) -> Instant {
            self.start + Duration::from_secs(second)
        }

        /// Until which second the server waits.
        fn deadline(&self) -> Option<u64> {
            let deadline = self.state.deadline(&Limits::default())?;
            Some(deadline.duration_since(self.start).as_secs())
        }

        fn begin(mut self, second: u64, has_body: bool) -> Self {
            self.state.begun(has_body, self.at(second));
            self
        }

        fn received(mut self, second: u64, bytes: usize) -> Self {
            self.state.received(bytes, self.at(second));
            self
        }

        fn waits_for_body(mut self, second: u64) -> Self {
            self.state.body_awaited(self.at(second));
            self
        }

        fn body(mut self, bytes: usize) -> Self {
            self.state.body_received(bytes);
            self
        }

        fn refuse(mut self) -> Self {
            self.state.body_dropped();
            self
        }

        fn answered(mut self, second: u64) -> Self {
            self.state.answered(self.at(second));
            self
        }

        fn blocked(mut self, second: u64) -> Self {
            self.state.blocked(self.at(second));
            self
        }

        fn unblocked(mut self, second: u64) -> Self {
            self.state.unblocked(self.at(second));
            self
        }
    }

    #[test]
    fn each_wait_has_its_deadline() {
        let new = Story::new;
        let mib = 1024 * 1024;
        for (what, story, deadline) in [
            ("a new connection", new(), Some(10)),
            ("its first head, whenever that began", new().received(4, 1).received(9, 1), Some(10)),
            ("the server itself", new().begin(1, false), None),
            ("the next request", new().begin(1, false).answered(2), Some(62)),
            (
                "a later head, from its beginning",
                new().begin(1, false).answered(2).received(5, 1).received(9, 1),
                Some(15),
            ),
            ("a body that nobody reads yet", new().begin(1, true), None),
            ("a body, from when it is needed", new().begin(1, true).waits_for_body(4), Some(14)),
            (
                "the rest of a body, from its last part",
                new().begin(1, true).waits_for_body(2).body(1).waits_for_body(9),
                Some(19),
            ),
            (
                "asking again changes nothing",
                new().begin(1, true).waits_for_body(2).waits_for_body(9),
                Some(12),
            ),
            (
                "the whole of a body",
                new().begin(1, true).waits_for_body(2).body(1).waits_for_body(29),
                Some(31),
            ),
            (
                "the whole of a long body",
                new().begin(1, true).body(mib).waits_for_body(55),
                Some(63),
            ),
            ("what is left of a body", new().begin(1, true).refuse().answered(2), Some(4)),
            (
                "a client that reads nothing",
                new().begin(1, false).blocked(3).blocked(9).answered(20),
                Some(33),
            ),
            (
                "the next request, once the answer is read",
                new().begin(1, false).blocked(3).answered(4).unblocked(20),
                Some(80),
            ),
        ] {
            assert_eq!(story.deadline(), deadline, "{what}");
        }
    }

    #[test]
    fn a_late_body_fails_the_request_and_other_waits_the_connection() {
        let limits = Limits::default();
        let mut late = Story::new().begin(1, true).waits_for_body(1);
        let (before, after) = (late.at(10), late.at(11));
        assert_eq!(late.state.judge(&limits, before), None);
        assert_eq!(late.state.judge(&limits, after), Some(Verdict::FailBody));
        assert!(late.state.is_late());
        // The answer is on its way now.
        assert_eq!(late.deadline(), None);
        let mut silent = Story::new();
        let after = silent.at(10);
        assert_eq!(silent.state.judge(&limits, after), Some(Verdict::Close));
    }

    /// The first to give way comes first.
    #[test]
    fn those_that_have_waited_longest_without_a_request_give_way_first() {
        let start = Instant::now();
        let state = |second: u64| State::new(start + Duration::from_secs(second));
        let mut body = state(0);
        body.begun(true, start);
        body.body_awaited(start);
        let mut unread = state(0);
        unread.blocked(start);
        let mut busy = state(0);
        busy.begun(false, start);
        let order = [state(1), state(2), body, unread].map(|state| state.urgency());
        assert!(order.is_sorted() && order.iter().all(Option::is_some), "{order:?}");
        assert_eq!(busy.urgency(), None);
    }

    #[test]
    fn so_many_bytes_of_a_refused_body_are_read() {
        let limits = Limits::default();
        let story = Story::new().begin(1, true).received(2, 1_000_000).refuse();
        assert!(!story.state.has_read_enough(&limits));
        let story = story.received(2, limits.refused_body - 1);
        assert!(!story.state.has_read_enough(&limits));
        assert!(story.received(2, 1).state.has_read_enough(&limits));
    }
}
