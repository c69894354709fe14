//! Takes a request through the three steps to its response.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf, Bytes, BytesMut};
use http::request::Parts;
use http::{Method, Request, Response};

use super::costly::SHORT;
use super::operate::{self, Operate, Performed};
use super::watch::Watch;
use crate::daily::Date;
use crate::http::facts::RequestBody;
use crate::http::form::Form;
use crate::http::{Api, Body, Operation, Options, Problem, ProblemType};
use crate::package::NormalizedName;
use crate::store::PackageStore;

/// The three steps of a request. One implementation is for a single operation, and another is for
/// all operations of the table.
///
/// The function of an operation, such as `read_package`, cannot use the table, because the table
/// imports the file of each operation. So the pipeline must not know the table either, and takes
/// the steps as a parameter.
pub(crate) trait Steps<S>: Sized {
    /// The head of a request that was accepted.
    type Head;
    type Command;
    type Outcome;

    /// How the response shows a problem.
    fn form(&self) -> Form;

    /// The operation that a request with this method is for, if there is one.
    fn operation(&self, method: &Method) -> Option<Operation>;

    /// The package and the day that a command is about.
    fn subject(command: &Self::Command) -> (Option<&NormalizedName>, Option<Date>);

    fn decode_head(self, api: &Api<S>, parts: &Parts) -> Result<Self::Head, Problem>;

    /// What is known of the operation's body. `None` if the operation takes no body.
    fn body(head: &Self::Head) -> Option<&'static RequestBody>;

    fn decode_body(
        api: &Api<S>,
        head: Self::Head,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<Self::Command, Problem>;

    fn execute(
        api: &Api<S>,
        command: Self::Command,
    ) -> impl Future<Output = Result<Self::Outcome, Problem>>;

    fn encode(options: &Options, result: Result<Self::Outcome, Problem>) -> Response<Body>;
}

/// The steps of an operation that the host's router has selected.
struct StepsOf<O>(PhantomData<O>);

impl<S: PackageStore, O: Operate> Steps<S> for StepsOf<O> {
    type Head = ();
    type Command = O;
    type Outcome = Performed<O::Result>;

    fn form(&self) -> Form {
        const { Form::of(&O::FACTS) }
    }

    fn operation(&self, _: &Method) -> Option<Operation> {
        Some(Operation::new(const { &O::FACTS }))
    }

    fn subject(command: &O) -> (Option<&NormalizedName>, Option<Date>) {
        (command.name(), command.date())
    }

    fn decode_head(self, api: &Api<S>, parts: &Parts) -> Result<(), Problem> {
        operate::accept::<O>(api.options(), parts)
    }

    fn body((): &()) -> Option<&'static RequestBody> {
        const { &O::FACTS.body }.as_ref()
    }

    fn decode_body(api: &Api<S>, _: (), parts: &Parts, body: &Bytes) -> Result<O, Problem> {
        operate::decode(api.options(), parts, body)
    }

    fn execute(
        api: &Api<S>,
        command: O,
    ) -> impl Future<Output = Result<Performed<O::Result>, Problem>> {
        operate::execute(command, api)
    }

    fn encode(options: &Options, result: Result<Self::Outcome, Problem>) -> Response<Body> {
        match result {
            Ok(performed) => operate::encode::<O>(options, performed),
            Err(problem) => operate::encode_problem(options, &problem),
        }
    }
}

/// Answers a request whose path and method the host has matched to an operation.
pub(super) fn respond_as<O: Operate, S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<O, S, B> {
    run(api, StepsOf::<O>(PhantomData), request)
}

/// The state of a request after its head was read.
enum Begun<C, H, B> {
    /// The request is decoded, or was refused.
    Decoded(Result<C, Problem>),
    /// The body is still to be read.
    Reading(Box<(H, Parts, B)>),
}

/// Answers a request.
///
/// The head is read immediately and dropped, so that the future is small: web frameworks move
/// futures in memory and box some of them. The future keeps only a part of the head. The future
/// owns a clone of the `Api`, so the framework does not have to keep the `Api` alive.
pub(super) fn run<S: PackageStore, B: http_body::Body, T: Steps<S>>(
    api: &Api<S>,
    steps: T,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B, T> {
    let (parts, body) = request.into_parts();
    let (is_head, form) = (parts.method == Method::HEAD, steps.form());
    let mut watch = Watch::begin(|| steps.operation(&parts.method), &parts);
    let scope = watch.scope();
    let begun = scope.within(|| catching(|| begin(api, steps, parts, body, &mut watch)));
    let api = api.clone();
    async move {
        let outcome = {
            let mut outcome = pin!(async {
                match begun {
                    Err(problem) | Ok(Begun::Decoded(Err(problem))) => Err(problem),
                    Ok(Begun::Decoded(Ok(command))) => T::execute(&api, command).await,
                    Ok(Begun::Reading(request)) => {
                        Box::pin(read_and_execute::<S, B, T>(&api, request, &mut watch)).await
                    }
                }
            });
            let outcome = poll_fn(|context| {
                scope
                    .within(|| catching(|| outcome.as_mut().poll(context)))
                    .unwrap_or_else(|problem| Poll::Ready(Err(problem)))
            });
            outcome.await
        };
        let mut response =
            scope.within(|| encode::<S, T>(api.options(), outcome, form, &mut watch));
        if is_head {
            *response.body_mut() = Body::empty();
        }
        response
    }
}

/// Writes the response and ends the watch.
fn encode<S, T: Steps<S>>(
    options: &Options,
    outcome: Result<T::Outcome, Problem>,
    form: Form,
    watch: &mut Watch,
) -> Response<Body> {
    let outcome = match outcome {
        Ok(outcome) => catching(|| T::encode(options, Ok(outcome))),
        Err(problem) => Err(problem),
    };
    match outcome.map_err(|problem| problem.in_form(form)) {
        Ok(response) => {
            watch.end(response.status(), None);
            response
        }
        Err(problem) => {
            watch.end(problem.status(), Some(&problem));
            catching(|| T::encode(options, Err(problem)))
                // The report of a panic contains nothing of the host or the store, so encoding it
                // is safe.
                .unwrap_or_else(|problem| T::encode(options, Err(problem.in_form(form))))
        }
    }
}

/// Returns the result of `work`, or a problem if it panicked.
///
/// After a panic, no half-finished state is used: the request is dropped, and the contract of
/// stores requires that a panic leaves them consistent.
fn catching<T>(work: impl FnOnce() -> T) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Problem::internal())
}

fn begin<S, B, T: Steps<S>>(
    api: &Api<S>,
    steps: T,
    parts: Parts,
    body: B,
    watch: &mut Watch,
) -> Begun<T::Command, T::Head, B> {
    static EMPTY: Bytes = Bytes::new();

    match steps.decode_head(api, &parts) {
        Ok(head) if T::body(&head).is_some() => Begun::Reading(Box::new((head, parts, body))),
        Ok(head) => {
            let command = T::decode_body(api, head, &parts, &EMPTY);
            if let Ok(command) = &command {
                watch.subject(|| T::subject(command));
            }
            Begun::Decoded(command)
        }
        Err(problem) => Begun::Decoded(Err(problem)),
    }
}

async fn read_and_execute<S, B: http_body::Body, T: Steps<S>>(
    api: &Api<S>,
    request: Box<(T::Head, Parts, B)>,
    watch: &mut Watch,
) -> Result<T::Outcome, Problem> {
    let (head, parts, body) = *request;
    let Some(facts) = T::body(&head) else {
        return Err(Problem::internal());
    };
    let mut upload = None;
    let admit = |length: usize| {
        if facts.has_turns && length > SHORT && upload.is_none() {
            upload = Some(api.admit_upload()?);
        }
        Ok(())
    };
    let limit = (facts.limit)(api.options());
    let body = collect(body, limit, facts.malformed, admit).await?;
    let command = T::decode_body(api, head, &parts, &body)?;
    // A command that takes long may need its body only at the beginning.
    drop(body);
    watch.subject(|| T::subject(&command));
    T::execute(api, command).await
}

/// Reads the whole body. Stops with a problem if the body is longer than `limit`, or if `admit` does
/// not admit the length that has come so far. Not every framework knows the length before, and a body
/// in chunks has none.
async fn collect<B: http_body::Body>(
    body: B,
    limit: usize,
    malformed: ProblemType,
    mut admit: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| Problem::unreadable_body(malformed))?;
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        let length = data.remaining();
        if length > limit - whole.len() {
            return Err(Problem::content_too_large(limit));
        }
        admit(whole.len() + length)?;
        let data = data.copy_to_bytes(length);
        whole = match whole.is_empty() {
            true => data,
            false => {
                let mut joined = BytesMut::from(whole);
                joined.extend_from_slice(&data);
                joined.freeze()
            }
        };
    }
    Ok(whole)
}
