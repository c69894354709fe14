//! The trait of an operation: its facts, and the three steps from a request to a response.

use std::fmt::Debug;
use std::future::Future;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use crate::daily::Date;
#[cfg(feature = "desk")]
use crate::http::Blueprint;
use crate::http::admission::{admit, check_mount};
use crate::http::conditions::{Evaluation, Preconditions};
use crate::http::facts::Facts;
use crate::http::form::Form;
use crate::http::head::Head;
use crate::http::{Api, Body, Operation, Options, Problem, media_type, response};
use crate::package::NormalizedName;
use crate::store::PackageStore;

/// An operation. A value of the implementing type is a decoded request.
pub(crate) trait Operate: Debug + Sized + Send + 'static {
    /// The facts that do not depend on a request.
    const FACTS: Facts;

    /// The result, which is the input of the last step.
    type Result: Send + 'static;

    /// Makes the checks that come before the check of the body's media type.
    fn check(_: &Head<'_>) -> Result<(), Problem> {
        Ok(())
    }

    /// Decodes a request, without I/O. The body is empty if the operation takes none. An operation
    /// that takes long to read its body keeps a clone, which copies nothing, and reads it later.
    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem>;

    /// Carries out the request. This is the only step that uses the store.
    fn execute<S: PackageStore>(
        self,
        api: &Api<S>,
    ) -> impl Future<Output = Result<Performed<Self::Result>, Problem>> + Send;

    /// Writes the complete response to a `GET`, without I/O.
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

/// The result of an operation, and what the response is about.
pub(crate) struct Performed<T> {
    pub(crate) result: T,
    pub(crate) kind: Kind,
}

/// What the response to an operation that succeeded is about.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// The operation was carried out.
    Success,
    /// The client already has this version.
    NotModified,
    /// The operation was not carried out: the client wants to know what it would do.
    Preview,
}

impl Kind {
    /// The status code of the response.
    pub(crate) fn status(self, facts: &Facts) -> StatusCode {
        match self {
            Self::Success => facts.success.status,
            Self::NotModified => StatusCode::NOT_MODIFIED,
            Self::Preview => StatusCode::OK,
        }
    }
}

impl<T> Performed<T> {
    pub(crate) fn new(result: T) -> Self {
        Self { result, kind: Kind::Success }
    }

    /// What a write would do that was not made.
    pub(crate) fn preview(result: T) -> Self {
        Self { result, kind: Kind::Preview }
    }

    /// The result of a read, after evaluating the conditions of the request.
    pub(crate) fn read(
        result: T,
        conditions: &Preconditions,
        entity_tag: impl FnOnce(&T) -> HeaderValue,
    ) -> Result<Self, Problem> {
        // Most requests have no conditions, so the entity tag is not needed.
        if conditions.is_empty() {
            return Ok(Self::new(result));
        }
        match conditions.evaluate(&entity_tag(&result)) {
            Evaluation::Perform => Ok(Self::new(result)),
            Evaluation::Matched => Ok(Self { result, kind: Kind::NotModified }),
            Evaluation::Failed(failure) => Err(Problem::precondition_failed(failure)),
        }
    }
}

/// Makes the checks that need no body. Every operation goes through this function.
pub(crate) fn accept<O: Operate>(options: &Options, parts: &Parts) -> Result<(), Problem> {
    check_head::<O>(options, parts).map_err(in_form_of::<O>)
}

fn check_head<O: Operate>(options: &Options, parts: &Parts) -> Result<(), Problem> {
    check_mount(options, O::FACTS.blueprint)?;
    let head = head::<O>(options, parts);
    admit(Operation::new(const { &O::FACTS }), &head)?;
    if !O::FACTS.method.is_safe() {
        head.note()?;
    }
    O::check(&head)?;
    let Some(body) = &O::FACTS.body else {
        return Ok(());
    };
    let check = |expected: &[&'static str]| {
        media_type::check(&parts.headers, expected)
            .map_err(|why| Problem::unsupported_body(expected, &why))
    };
    // Most operations have only one, and need no list of them.
    match body.other_media_types {
        [] => check(&[body.media_type])?,
        _ => check(&body.media_types())?,
    };
    let declared = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let limit = (body.limit)(options);
    match declared.and_then(|value| value.parse::<u64>().ok()) {
        Some(length) if length > limit as u64 => Err(Problem::content_too_large(limit)),
        _ => Ok(()),
    }
}

/// Decodes the rest of an accepted request.
pub(crate) fn decode<O: Operate>(
    options: &Options,
    parts: &Parts,
    body: &Bytes,
) -> Result<O, Problem> {
    O::decode(&head::<O>(options, parts), body).map_err(in_form_of::<O>)
}

/// Carries out a decoded request.
pub(crate) async fn execute<O: Operate, S: PackageStore>(
    request: O,
    api: &Api<S>,
) -> Result<Performed<O::Result>, Problem> {
    request.execute(api).await.map_err(in_form_of::<O>)
}

fn in_form_of<O: Operate>(problem: Problem) -> Problem {
    problem.in_form(const { Form::of(&O::FACTS) })
}

/// Writes the response to a `GET`.
pub(crate) fn encode<O: Operate>(
    options: &Options,
    performed: Performed<O::Result>,
) -> Response<Body> {
    let response = O::encode(performed.result, options);
    match performed.kind {
        Kind::NotModified => response::not_modified(response),
        Kind::Success | Kind::Preview => response,
    }
}

/// Writes the response that reports a problem.
pub(crate) fn encode_problem(options: &Options, problem: &Problem) -> Response<Body> {
    let mut response = match problem.form() {
        #[cfg(feature = "desk")]
        Form::Page { depth } if options.mounts(Blueprint::Desk) => {
            super::pages::refusal(options, problem, depth)
        }
        _ => {
            let (media_type, content) = (media_type::PROBLEM_JSON, options.problem_body(problem));
            response::content(problem.status(), media_type, response::NO_STORE, content)
        }
    };
    if let Some((name, value)) = problem.header() {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

fn head<'a, O: Operate>(options: &'a Options, parts: &'a Parts) -> Head<'a> {
    Head::new(options, parts, O::FACTS.path)
}
