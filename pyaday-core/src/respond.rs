//! From a request to its response: the three steps in one.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, IF_MATCH, IF_NONE_MATCH,
};
use http::{Method, Request, Response, request::Parts};
use http_body::Body;

use crate::api::Api;
use crate::decode::Action;
use crate::encode::encode;
use crate::endpoint::{Endpoint, Operation};
use crate::execute::{Outcome, execute};
use crate::problem::Problem;
use crate::store::PackageStore;

/// The request's fields that answers depend on: an adapter that must convert them needs no others.
pub const REQUEST_HEADERS: &[HeaderName] =
    &[CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, HOST, IF_MATCH, IF_NONE_MATCH];

/// Answers a request to an endpoint.
///
/// The request's URI is the whole one that the client sent, the host's prefix included: the answer
/// repeats it where it tells a location. The body is read only when the request's head is in order,
/// and only up to the limit.
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
pub async fn respond<S: PackageStore, B: Body>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    request: Request<B>,
) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    finish(api, &parts, async {
        let action = Action::of(api.options(), endpoint, &parts)?;
        perform(api, action, &parts, body).await
    })
    .await
}

/// Runs an answer to its end, whatever it does on the way.
async fn finish<S: PackageStore>(
    api: &Api<S>,
    parts: &Parts,
    answer: impl Future<Output = Result<Outcome, Problem>>,
) -> Response<Bytes> {
    let mut answer = pin!(answer);
    let result = poll_fn(|context| {
        // What the answer leaves behind when it unwinds is the request, which is dropped, and the
        // store, whose contract is to stay whole.
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(Problem::internal())))
    });
    let mut response = encode(api.options(), result.await);
    if parts.method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    response
}

async fn perform<S: PackageStore, B: Body>(
    api: &Api<S>,
    action: Action,
    parts: &Parts,
    body: B,
) -> Result<Outcome, Problem> {
    let body = match action.takes_body() {
        true => collect(body, api.options().body_limit).await?,
        false => Bytes::new(),
    };
    execute(api, action.decode(api.options(), parts, &body)?).await
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

/// Answers a request whose path and method the host has matched to an operation.
async fn respond_to<S: PackageStore, B: Body>(
    api: &Api<S>,
    operation: Operation,
    request: Request<B>,
) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    finish(api, &parts, async {
        let action = Action::checked(api.options(), operation, &parts)?;
        perform(api, action, &parts, body).await
    })
    .await
}

macro_rules! operations {
    ($($(#[$doc:meta])* $function:ident = $operation:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// For a host that routes by itself: the request's method is taken as matched (`HEAD` is
        /// answered as `GET`, without the body). [`respond`] does the rest of the methods too.
        pub async fn $function<S: PackageStore, B: Body>(
            api: &Api<S>,
            request: Request<B>,
        ) -> Response<Bytes> {
            respond_to(api, Operation::$operation, request).await
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
    /// Pins the package that the body names to the day to come that the last segment of the path
    /// names: 204, 404 if there is no such package, or 409 if the day has begun.
    pin_day = PinDay;
    /// Takes back the pin of the day that the last segment of the path names: 204, 404 if there is
    /// none, or 409 if the day has begun.
    unpin_day = UnpinDay;
    /// Answers with the OpenAPI document of all blueprints, as mounted together.
    read_openapi = ReadOpenApi;
}
