//! What an operation is: facts, and three steps from a request to a response.

use std::fmt::Debug;
use std::future::Future;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Response};

use crate::daily::Date;
use crate::http::conditions::{Preconditions, Verdict};
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem, media_type, response};
use crate::package::NormalizedName;
use crate::store::PackageStore;

/// An operation. A value of the type is a request for it that was decoded.
pub(crate) trait Operate: Debug + Sized + Send + 'static {
    /// What is known without a request.
    const FACTS: Facts;

    /// What the operation gives to the last step.
    type Result: Send + 'static;

    /// Checks what must be in order before the media type of the body is looked at.
    fn check(_: &Head<'_>) -> Result<(), Problem> {
        Ok(())
    }

    /// Reads a request, without I/O. The body is empty if the operation takes none.
    fn decode(head: &Head<'_>, body: &[u8]) -> Result<Self, Problem>;

    /// Carries the request out: the only step that touches the store.
    fn execute<S: PackageStore>(
        self,
        api: &Api<S>,
    ) -> impl Future<Output = Result<Performed<Self::Result>, Problem>> + Send;

    /// Writes the response to a `GET` that is to be answered in full, again without I/O.
    fn encode(result: Self::Result, options: &Options) -> Response<Body>;

    /// The package that the request is about.
    fn name(&self) -> Option<&NormalizedName> {
        None
    }

    /// The day that the request is about.
    fn date(&self) -> Option<Date> {
        None
    }
}

/// The result of an operation, and whether the client has it already.
pub(crate) struct Performed<T> {
    pub(crate) result: T,
    pub(crate) is_not_modified: bool,
}

impl<T> Performed<T> {
    pub(crate) fn new(result: T) -> Self {
        Self { result, is_not_modified: false }
    }

    /// The result of a read whose request has conditions.
    pub(crate) fn read(
        result: T,
        conditions: &Preconditions,
        entity_tag: impl FnOnce(&T) -> HeaderValue,
    ) -> Result<Self, Problem> {
        // Most requests have no conditions, and need no entity tag to compare.
        if conditions.is_empty() {
            return Ok(Self::new(result));
        }
        match conditions.evaluate(&entity_tag(&result)) {
            Verdict::Perform => Ok(Self::new(result)),
            Verdict::Matched => Ok(Self { result, is_not_modified: true }),
            Verdict::Failed(failure) => Err(Problem::precondition_failed(failure)),
        }
    }
}

/// Checks what can be checked of a request before its body is read.
pub(crate) fn accept<O: Operate>(options: &Options, parts: &Parts) -> Result<(), Problem> {
    O::check(&head::<O>(options, parts))?;
    let Some(body) = &O::FACTS.body else {
        return Ok(());
    };
    media_type::check(&parts.headers, body.media_type)
        .map_err(|why| Problem::unsupported_body(body.media_type, &why))?;
    let declared = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match declared.and_then(|value| value.parse::<u64>().ok()) {
        Some(length) if length > options.body_limit as u64 => {
            Err(Problem::content_too_large(options.body_limit))
        }
        _ => Ok(()),
    }
}

/// Reads the rest of a request that was accepted.
pub(crate) fn decode<O: Operate>(
    options: &Options,
    parts: &Parts,
    body: &[u8],
) -> Result<O, Problem> {
    O::decode(&head::<O>(options, parts), body)
}

/// Writes the response to a `GET`.
pub(crate) fn encode<O: Operate>(
    options: &Options,
    performed: Performed<O::Result>,
) -> Response<Body> {
    let response = O::encode(performed.result, options);
    match performed.is_not_modified {
        true => response::not_modified(response),
        false => response,
    }
}

/// Writes the response that reports a problem.
pub(crate) fn encode_problem(options: &Options, problem: &Problem) -> Response<Body> {
    let content = options.problem_body(problem).into();
    let mut response =
        response::content(problem.status(), media_type::PROBLEM_JSON, response::NO_STORE, content);
    if let Some((name, value)) = problem.header() {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

fn head<'a, O: Operate>(options: &'a Options, parts: &'a Parts) -> Head<'a> {
    Head::new(options, parts, O::FACTS.path)
}
