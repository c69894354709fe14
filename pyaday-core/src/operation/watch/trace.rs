//! The span of a request, and the event that ends it.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use http::StatusCode;
use http::request::Parts;
use tracing::field::{Empty, display};
use tracing::{Level, Span, enabled, event};

use crate::daily::Date;
use crate::http::Problem;
use crate::package::NormalizedName;
use crate::store::Actor;

/// The target of all spans and events.
const TARGET: &str = "pyaday_core";

pub(super) struct Trace {
    span: Span,
    operation: &'static str,
    began: Instant,
    /// Whether anybody gets the event at the end. What it says is kept only then.
    is_heard: bool,
    name: Option<NormalizedName>,
    date: Option<Date>,
    actor: Option<Actor>,
    is_ended: bool,
}

impl Trace {
    pub(super) fn begin(operation: &'static str, parts: &Parts) -> Self {
        let span = tracing::debug_span!(
            target: TARGET,
            "request",
            operation,
            name = Empty,
            date = Empty,
            actor = Empty,
            status = Empty,
        );
        let is_heard = enabled!(target: TARGET, Level::ERROR);
        let actor = parts.extensions.get::<Actor>().filter(|_| is_heard);
        if let Some(actor) = actor {
            span.record("actor", actor.name());
        }
        let (began, actor) = (Instant::now(), actor.cloned());
        Self { span, operation, began, is_heard, name: None, date: None, actor, is_ended: false }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn subject<'a>(
        &mut self,
        subject: impl FnOnce() -> (Option<&'a NormalizedName>, Option<Date>),
    ) {
        if !self.is_heard {
            return;
        }
        let (name, date) = subject();
        if let Some(name) = name {
            self.span.record("name", display(name));
        }
        if let Some(date) = date {
            self.span.record("date", display(date));
        }
        (self.name, self.date) = (name.cloned(), date);
    }

    pub(super) fn end(&mut self, status: StatusCode, problem: Option<&Problem>) {
        self.is_ended = true;
        if !self.is_heard {
            return;
        }
        self.span.record("status", status.as_u16());
        let kind = problem.map(problem_name);
        let kind = kind.as_deref();
        if status.is_server_error() {
            let cause = problem.and_then(Error::source).map(|it| display(Causes(it)));
            // The cause is an error of the host's store, and its text may panic.
            drop(catch_unwind(AssertUnwindSafe(|| self.report_error(status, kind, cause))));
        } else {
            self.report_answer(status, kind);
        }
    }

    fn report_error(
        &self,
        status: StatusCode,
        problem: Option<&str>,
        cause: Option<tracing::field::DisplayValue<Causes<'_>>>,
    ) {
        event!(
            target: TARGET,
            parent: &self.span,
            Level::ERROR,
            operation = self.operation,
            name = self.name.as_ref().map(display),
            date = self.date.map(display),
            actor = self.actor.as_ref().map(Actor::name),
            status = status.as_u16(),
            problem,
            cause,
            duration_seconds = self.began.elapsed().as_secs_f64(),
            "a request failed",
        );
    }

    fn report_answer(&self, status: StatusCode, problem: Option<&str>) {
        event!(
            target: TARGET,
            parent: &self.span,
            Level::DEBUG,
            operation = self.operation,
            name = self.name.as_ref().map(display),
            date = self.date.map(display),
            actor = self.actor.as_ref().map(Actor::name),
            status = status.as_u16(),
            problem,
            duration_seconds = self.began.elapsed().as_secs_f64(),
            "a request was answered",
        );
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if self.is_ended || !self.is_heard {
            return;
        }
        event!(
            target: TARGET,
            parent: &self.span,
            Level::DEBUG,
            operation = self.operation,
            name = self.name.as_ref().map(display),
            date = self.date.map(display),
            actor = self.actor.as_ref().map(Actor::name),
            duration_seconds = self.began.elapsed().as_secs_f64(),
            "a request was dropped before it was answered",
        );
    }
}

/// The short name of the catalogue's own types, and the whole URI of a host's type.
fn problem_name(problem: &Problem) -> String {
    problem.kind().map_or_else(|| problem.type_uri().into_owned(), |kind| kind.slug().to_owned())
}

/// An error and what caused it, in one line.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            f.write_str(": ")?;
            write!(f, "{error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
