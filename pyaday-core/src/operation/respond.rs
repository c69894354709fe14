//! From a request to its response: the three steps in one.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf, Bytes, BytesMut};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;

use super::decode::{Action, Command};
use super::encode::encode;
use super::execute::{Outcome, execute};
use crate::http::{Api, Endpoint, Operation, Options, Problem};
use crate::store::PackageStore;

/// Answers a request to an endpoint.
///
/// The request's URI is the whole one that the client sent, the host's prefix included: the answer
/// repeats it where it tells a location. The head is read at this call; the body only when the head is
/// in order, and only up to the limit. One that the request has no use for is dropped at once.
///
/// It has no error: what goes wrong is told in the response, a panic too, as problem details.
///
/// ```
/// use http::{Request, StatusCode};
/// use pyaday_core::{Api, Endpoint, MemoryStore, respond};
///
/// # async fn answers() {
/// let api = Api::new(MemoryStore::new());
/// let request = Request::get("/packages/flask").body(String::new()).unwrap();
/// let endpoint = Endpoint::find(request.uri().path()).unwrap();
/// let response = respond(&api, endpoint, request).await;
/// assert_eq!(response.status(), StatusCode::NOT_FOUND);
/// # }
/// ```
pub fn respond<S: PackageStore, B: Body>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    request: Request<B>,
) -> impl Future<Output = Response<Bytes>> + use<S, B> {
    answer(api, request, move |options, parts| Action::of(options, endpoint, parts))
}

/// Answers a request whose path and method the host has matched to an operation.
fn respond_to<S: PackageStore, B: Body>(
    api: &Api<S>,
    operation: Operation,
    request: Request<B>,
) -> impl Future<Output = Response<Bytes>> + use<S, B> {
    answer(api, request, move |options, parts| Action::checked(options, operation, parts))
}

/// What is known of a request once its head was read.
enum Begun<B> {
    /// All of it.
    Decoded(Result<Command, Problem>),
    /// All but the body.
    Reading(Box<(Action, Parts, B)>),
}

/// Answers a request whose head `check` accepts, or says why it does not.
///
/// The head is read at once and dropped, so that the future is small: frameworks move it about, into
/// an allocation for one, and what it holds of a request is a part of the head. It shares the `Api`
/// so that they need not.
fn answer<S: PackageStore, B: Body, C>(
    api: &Api<S>,
    request: Request<B>,
    check: C,
) -> impl Future<Output = Response<Bytes>> + use<S, B, C>
where
    C: FnOnce(&Options, &Parts) -> Result<Action, Problem>,
{
    let (parts, body) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let begun = catching(|| begin(api.options(), check, parts, body));
    let api = api.clone();
    async move {
        let mut outcome = pin!(async {
            match begun {
                Err(problem) | Ok(Begun::Decoded(Err(problem))) => Err(problem),
                Ok(Begun::Decoded(Ok(command))) => execute(&api, command).await,
                Ok(Begun::Reading(request)) => Box::pin(read_and_execute(&api, request)).await,
            }
        });
        let outcome = poll_fn(|context| {
            catching(|| outcome.as_mut().poll(context))
                .unwrap_or_else(|problem| Poll::Ready(Err(problem)))
        });
        let mut response = encode(api.options(), outcome.await);
        if is_head {
            *response.body_mut() = Bytes::new();
        }
        response
    }
}

/// What `work` gives, or the problem that a panic in it is.
///
/// What it leaves behind when it unwinds is the request, which is dropped, and the store, whose
/// contract is to stay whole.
fn catching<T>(work: impl FnOnce() -> T) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Problem::internal())
}

fn begin<B>(
    options: &Options,
    check: impl FnOnce(&Options, &Parts) -> Result<Action, Problem>,
    parts: Parts,
    body: B,
) -> Begun<B> {
    match check(options, &parts) {
        Ok(action) if action.takes_body() => Begun::Reading(Box::new((action, parts, body))),
        Ok(action) => Begun::Decoded(action.decode(options, &parts, &[])),
        Err(problem) => Begun::Decoded(Err(problem)),
    }
}

async fn read_and_execute<S: PackageStore, B: Body>(
    api: &Api<S>,
    request: Box<(Action, Parts, B)>,
) -> Result<Outcome, Problem> {
    let (action, parts, body) = *request;
    let body = collect(body, api.options().body_limit).await?;
    execute(api, action.decode(api.options(), &parts, &body)?).await
}

/// The whole body, unless it is longer than `limit`: then the rest is not read.
async fn collect<B: Body>(body: B, limit: usize) -> Result<Bytes, Problem> {
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| Problem::unreadable_body())?;
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        let length = data.remaining();
        if length > limit - whole.len() {
            return Err(Problem::content_too_large(limit));
        }
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

macro_rules! operations {
    ($($(#[$doc:meta])* $function:ident = $operation:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// For a host that routes by itself: the request's method is taken as matched (`HEAD` is
        /// answered as `GET`, without the body). [`respond`] does the rest of the methods too.
        pub fn $function<S: PackageStore, B: Body>(
            api: &Api<S>,
            request: Request<B>,
        ) -> impl Future<Output = Response<Bytes>> + use<S, B> {
            respond_to(api, Operation::$operation, request)
        }
    )*};
}

operations! {
    /// Answers with a page of the list of packages, or 400 if a parameter is not valid.
    list_packages = ListPackages;
    /// Adds the package in the body: 201 with its `Location`, or 409 if its name is taken.
    create_package = CreatePackage;
    /// Answers with the package that the last segment of the path names, or 404.
    read_package = ReadPackage;
    /// Replaces all but the name of the package that the last segment of the path names: 204, or
    /// 404.
    update_package = UpdatePackage;
    /// Applies the JSON Merge Patch (RFC 7396) in the body to the package that the last segment of
    /// the path names: 204, or 404.
    patch_package = PatchPackage;
    /// Removes the package that the last segment of the path names: 204, or 404.
    delete_package = DeletePackage;
    /// Answers with a package of the catalogue, each equally likely, or 404 if it has none; with
    /// several if `count` says so.
    read_random_package = ReadRandomPackage;
    /// Answers with the package of this day in UTC, or 404 if there are no packages.
    read_today = ReadToday;
    /// Answers with the last 30 days as an Atom feed (RFC 4287).
    read_atom_feed = ReadAtomFeed;
    /// Answers with the last 30 days as a JSON Feed 1.1.
    read_json_feed = ReadJsonFeed;
    /// Answers with the package of the day that the last segment of the path names, or 404 if it has
    /// not begun, or lies before the first.
    read_day = ReadDay;
    /// Answers with the pins of days to come, in the order of their dates.
    list_pins = ListPins;
    /// Answers with the pin of the day to come that the last segment of the path names, or 404 if it
    /// has none.
    read_pin = ReadPin;
    /// Pins the package that the body names to the day to come that the last segment of the path
    /// names: 204, 404 if there is no such package, or 409 if the day has begun.
    pin_day = PinDay;
    /// Takes back the pin of the day that the last segment of the path names: 204, 404 if there is
    /// none, or 409 if the day has begun.
    unpin_day = UnpinDay;
    /// Answers with the OpenAPI document of all blueprints, as mounted together.
    read_openapi = ReadOpenApi;
}
