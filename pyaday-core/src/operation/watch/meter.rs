//! The metrics of a request.
//!
//! All keys are made once, so a request allocates nothing for them, whether there is a recorder or
//! not. None of their labels comes from a client, so the number of time series is bounded.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Instant;

use http::StatusCode;
use metrics::{Key, Label, Level, Metadata, with_recorder};

use super::{METHODS, UNKNOWN_METHOD};
use crate::http::{Operation, Problem, ProblemType};

const REQUESTS: &str = "pyaday_requests_total";
const DURATION: &str = "pyaday_request_duration_seconds";
const PROBLEMS: &str = "pyaday_problems_total";

/// The status codes of the catalogue's responses, each with its label.
const STATUSES: [(u16, &str); 19] = [
    (200, "200"),
    (201, "201"),
    (204, "204"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (409, "409"),
    (412, "412"),
    (413, "413"),
    (414, "414"),
    (415, "415"),
    (421, "421"),
    (422, "422"),
    (428, "428"),
    (500, "500"),
    (503, "503"),
];

/// What stands for a status or a type of problem that a host defines.
const OTHER: &str = "other";

/// The status of a request whose client has left before the answer.
const DROPPED: &str = "dropped";

/// The keys of the time series of one operation.
struct Keys {
    duration: Key,
    statuses: Vec<(u16, Key)>,
    other_status: Key,
    dropped: Key,
    problems: Vec<(ProblemType, Key)>,
    other_problem: Key,
}

static KEYS: LazyLock<HashMap<&str, Keys>> = LazyLock::new(|| {
    let operations = Operation::ALL.iter().map(|operation| operation.name());
    let operations = operations.chain([METHODS, UNKNOWN_METHOD]);
    operations.map(|operation| (operation, Keys::of(operation))).collect()
});

impl Keys {
    fn of(operation: &'static str) -> Self {
        let operation = Label::from_static_parts("operation", operation);
        let key = |name, label, value| {
            Key::from_parts(name, vec![operation.clone(), Label::from_static_parts(label, value)])
        };
        let of_status = |text| key(REQUESTS, "status", text);
        let of_problem = |slug| key(PROBLEMS, "problem", slug);
        let kinds = ProblemType::ALL.iter();
        Self {
            duration: Key::from_parts(DURATION, vec![operation.clone()]),
            statuses: STATUSES.map(|(code, text)| (code, of_status(text))).into(),
            other_status: of_status(OTHER),
            dropped: of_status(DROPPED),
            problems: kinds.map(|kind| (*kind, of_problem(kind.slug()))).collect(),
            other_problem: of_problem(OTHER),
        }
    }

    fn status(&self, status: StatusCode) -> &Key {
        let found = self.statuses.iter().find(|(code, _)| *code == status.as_u16());
        found.map_or(&self.other_status, |(_, key)| key)
    }

    fn problem(&self, problem: &Problem) -> &Key {
        let found = self.problems.iter().find(|(kind, _)| Some(*kind) == problem.kind());
        found.map_or(&self.other_problem, |(_, key)| key)
    }
}

pub(super) struct Meter {
    operation: &'static str,
    began: Instant,
    is_ended: bool,
}

impl Meter {
    pub(super) fn begin(operation: &'static str) -> Self {
        Self { operation, began: Instant::now(), is_ended: false }
    }

    pub(super) fn end(&mut self, status: StatusCode, problem: Option<&Problem>) {
        self.is_ended = true;
        let Some(keys) = KEYS.get(self.operation) else {
            return;
        };
        count(keys.status(status));
        if let Some(problem) = problem {
            count(keys.problem(problem));
        }
        let duration = self.began.elapsed();
        with_recorder(|recorder| {
            recorder.register_histogram(&keys.duration, &METADATA).record(duration);
        });
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.is_ended {
            return;
        }
        if let Some(keys) = KEYS.get(self.operation) {
            count(&keys.dropped);
        }
    }
}

static METADATA: Metadata<'_> = Metadata::new("pyaday_core", Level::INFO, Some("pyaday_core"));

fn count(key: &Key) {
    with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
}
