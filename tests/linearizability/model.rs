//! The calls on a single package, their answers, and the states between them.

use std::fmt;

/// A call on the package and what came of it, between two moments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) call: Call,
    /// Nothing if nobody knows: the call took effect at any moment since it began, or will, or not.
    pub(crate) answer: Option<Answer>,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Read,
    Create { value: u64 },
    Update { expected: Option<u64>, value: u64 },
    Delete { expected: Option<u64> },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Found(Version),
    Absent,
    Created(Version),
    Exists(Version),
    Updated(Version),
    Unchanged(Version),
    Stale(Version),
    Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Version {
    pub(crate) value: u64,
    pub(crate) revision: u64,
}

/// What the store may hold, as far as answers tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The value and its revision, which nobody knows yet if the write was not answered.
    current: Option<(u64, Option<u64>)>,
    /// The greatest revision that an answer showed, which the next must exceed.
    newest: u64,
}

impl State {
    /// The state after an event that happened in this state; nothing if it cannot have happened.
    pub(crate) fn after(self, event: &Event) -> Option<Self> {
        match &event.answer {
            Some(answer) => self.answers(&event.call, answer),
            None => self.changed_by(&event.call),
        }
    }

    fn answers(self, call: &Call, answer: &Answer) -> Option<Self> {
        match (call, answer) {
            (Call::Read, Answer::Found(version))
            | (Call::Create { .. }, Answer::Exists(version)) => self.shows(version),
            (Call::Read | Call::Update { .. } | Call::Delete { .. }, Answer::Absent) => {
                self.current.is_none().then_some(self)
            }
            (Call::Create { value }, Answer::Created(version)) => {
                (self.current.is_none() && version.value == *value).then_some(())?;
                self.writes(version)
            }
            (Call::Update { expected, value }, Answer::Updated(version)) => {
                let state = self.is_as(*expected)?;
                let changes = state.current?.0 != *value && version.value == *value;
                changes.then(|| state.writes(version))?
            }
            (Call::Update { expected, value }, Answer::Unchanged(version)) => {
                (version.value == *value).then_some(())?;
                self.is_as(*expected)?.shows(version)
            }
            (
                Call::Update { expected: Some(expected), .. }
                | Call::Delete { expected: Some(expected) },
                Answer::Stale(version),
            ) => (*expected != version.revision).then(|| self.shows(version))?,
            (Call::Delete { expected }, Answer::Deleted) => {
                Some(Self { current: None, ..self.is_as(*expected)? })
            }
            _ => None,
        }
    }

    /// This state if the package is in it in this version.
    fn shows(self, version: &Version) -> Option<Self> {
        (self.current?.0 == version.value).then(|| self.is_as(Some(version.revision)))?
    }

    /// This state if the package is in it, in this revision if one is expected.
    fn is_as(mut self, expected: Option<u64>) -> Option<Self> {
        let (value, revision) = self.current?;
        let Some(expected) = expected else { return Some(self) };
        match revision {
            Some(revision) => (revision == expected).then_some(self),
            None if expected > self.newest => {
                self.current = Some((value, Some(expected)));
                self.newest = expected;
                Some(self)
            }
            None => None,
        }
    }

    fn writes(self, version: &Version) -> Option<Self> {
        let Version { value, revision } = *version;
        let state = Self { current: Some((value, Some(revision))), newest: revision };
        (revision > self.newest).then_some(state)
    }

    /// The state after a call that was not answered and took effect; nothing if it has no effect.
    fn changed_by(self, call: &Call) -> Option<Self> {
        let (before, current) = match *call {
            Call::Read => return None,
            Call::Create { value } => (self, self.current.is_none().then_some((value, None))),
            Call::Update { expected, value } => {
                let state = self.is_as(expected)?;
                (state, (state.current?.0 != value).then_some((value, None)))
            }
            Call::Delete { expected } => {
                return Some(Self { current: None, ..self.is_as(expected)? });
            }
        };
        Some(Self { current: Some(current?), ..before })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, answer, begin, end } = self;
        match answer {
            Some(answer) => write!(f, "{begin} to {end}: {call:?}: {answer:?}"),
            None => write!(f, "{begin} and later: {call:?}: nobody knows"),
        }
    }
}
