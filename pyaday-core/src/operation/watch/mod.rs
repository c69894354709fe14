//! What the host's log and metrics get to know about each request.
//!
//! The pipeline calls these functions for every request. Without the features `tracing` and
//! `metrics` they do nothing, and a [`Watch`] has no size, so a request pays nothing for them.

#[cfg(feature = "metrics")]
mod meter;
#[cfg(feature = "tracing")]
mod trace;

use http::StatusCode;
use http::request::Parts;

use crate::daily::Date;
use crate::http::{Operation, Problem};
use crate::package::NormalizedName;

/// The watch over one request. If it is dropped before [`end`](Self::end), then the client has left
/// before it got an answer, and the request is reported as dropped.
pub(super) struct Watch {
    #[cfg(feature = "tracing")]
    trace: trace::Trace,
    #[cfg(feature = "metrics")]
    meter: meter::Meter,
}

/// The span of a request. What runs within it belongs to the request.
pub(super) struct Scope {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl Watch {
    /// Begins to watch a request to an operation. There is none if the request asks for the methods
    /// of a path, or has a method that the path does not have.
    #[cfg_attr(
        not(any(feature = "tracing", feature = "metrics")),
        expect(unused_variables, reason = "only the features use them")
    )]
    pub(super) fn begin(operation: impl FnOnce() -> Option<Operation>, parts: &Parts) -> Self {
        #[cfg(any(feature = "tracing", feature = "metrics"))]
        let operation = label(operation(), &parts.method);
        Self {
            #[cfg(feature = "tracing")]
            trace: trace::Trace::begin(operation, parts),
            #[cfg(feature = "metrics")]
            meter: meter::Meter::begin(operation),
        }
    }

    pub(super) fn scope(&self) -> Scope {
        Scope {
            #[cfg(feature = "tracing")]
            span: self.trace.span(),
        }
    }

    /// Notes the package and the day that the request is about.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(unused_variables, reason = "only the feature uses it")
    )]
    pub(super) fn subject<'a>(
        &mut self,
        subject: impl FnOnce() -> (Option<&'a NormalizedName>, Option<Date>),
    ) {
        #[cfg(feature = "tracing")]
        self.trace.subject(subject);
    }

    /// Ends the watch when the status of the response is known. `problem` is what the response
    /// reports, if it reports a problem.
    #[cfg_attr(
        not(any(feature = "tracing", feature = "metrics")),
        expect(unused_variables, reason = "only the features use them")
    )]
    pub(super) fn end(&mut self, status: StatusCode, problem: Option<&Problem>) {
        #[cfg(feature = "tracing")]
        self.trace.end(status, problem);
        #[cfg(feature = "metrics")]
        self.meter.end(status, problem);
    }
}

impl Scope {
    /// Does work of the request.
    pub(super) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        return self.span.in_scope(work);
        #[cfg(not(feature = "tracing"))]
        work()
    }
}

/// What `operation` is in logs and metrics. There are as many as there are operations, and two more.
#[cfg(any(feature = "tracing", feature = "metrics"))]
fn label(operation: Option<Operation>, method: &http::Method) -> &'static str {
    match operation {
        Some(operation) => operation.name(),
        None if method == http::Method::OPTIONS => METHODS,
        None => UNKNOWN_METHOD,
    }
}

/// A request with `OPTIONS`.
#[cfg(any(feature = "tracing", feature = "metrics"))]
const METHODS: &str = "options";

/// A request with a method that the path does not have.
#[cfg(any(feature = "tracing", feature = "metrics"))]
const UNKNOWN_METHOD: &str = "method_not_allowed";
