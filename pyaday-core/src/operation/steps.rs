//! The three steps of a request whatever its operation, each of them public.

use std::future::Future;

use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};

use super::command::{Answered, Asked, Command, Outcome, Row};
use super::operate::{self, Operate};
use super::pipeline::{Steps, run};
use super::read_package::ReadPackage;
use super::read_random_package::ReadRandomPackage;
use super::table::Table;
use crate::http::{Api, Body, Endpoint, Operation, Options, Problem, response};
use crate::store::PackageStore;

/// Answers a request to an endpoint.
///
/// The request's URI is the whole one that the client sent, the host's prefix included: `Location`
/// and other links repeat it. The head is read at this call; the body only if the head is in order,
/// and only up to the limit. A body that the operation does not take is dropped at once.
///
/// It returns no error: the response reports what goes wrong, a panic included, as problem details.
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
pub fn respond<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    run(api, ByTable(endpoint), request)
}

/// The head of a request that is in order; the body is still to be decoded.
pub struct DecodedHead<S: 'static> {
    accepted: Accepted<S>,
}

enum Accepted<S: 'static> {
    Methods(&'static Endpoint),
    Operation(&'static Row<S>),
}

impl<S: PackageStore> DecodedHead<S> {
    /// The operation that is asked for; `None` if the request asks which methods there are
    /// (`OPTIONS`).
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        match &self.accepted {
            Accepted::Methods(_) => None,
            Accepted::Operation(row) => Some(row.operation),
        }
    }

    /// True if the operation takes a body. The body of any other request is of no use: pass an
    /// empty one to [`decode_body`].
    #[must_use]
    pub fn takes_body(&self) -> bool {
        self.operation().is_some_and(|operation| operation.media_type().is_some())
    }
}

impl<S: PackageStore> std::fmt::Debug for DecodedHead<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DecodedHead").field(&self.operation()).finish()
    }
}

/// Reads the head of a request to an endpoint, without I/O: the first half of the first step.
///
/// The checks come in a fixed order: method (405), media type and content coding (415), declared
/// size (413).
///
/// # Errors
/// The first check that fails.
pub fn decode_head<S: PackageStore>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    parts: &Parts,
) -> Result<DecodedHead<S>, Problem> {
    if parts.method == Method::OPTIONS {
        return Ok(DecodedHead { accepted: Accepted::Methods(endpoint) });
    }
    let row = endpoint.row(&parts.method).and_then(|at| Table::<S>::ROWS.get(at));
    let row = row.ok_or_else(|| Problem::method_not_allowed(&endpoint.allow()))?;
    (row.accept)(api.options(), parts)?;
    Ok(DecodedHead { accepted: Accepted::Operation(row) })
}

/// Reads the rest of a request, without I/O: the second half of the first step. `body` is empty if
/// the operation [takes none](DecodedHead::takes_body).
///
/// # Errors
/// The body is too long (413), the path names no package (404), or a parameter of the query is
/// wrong (400). A client learns of what is wrong with the content of a body only if its conditions
/// hold, so that is a result of [`execute`].
pub fn decode_body<S: PackageStore>(
    api: &Api<S>,
    head: DecodedHead<S>,
    parts: &Parts,
    body: &[u8],
) -> Result<Command<S>, Problem> {
    let options = api.options();
    if body.len() > options.body_limit {
        return Err(Problem::content_too_large(options.body_limit));
    }
    let request = match head.accepted {
        Accepted::Methods(endpoint) => Asked::Methods(endpoint),
        Accepted::Operation(row) => (row.decode)(options, parts, body)?,
    };
    Ok(Command { request })
}

/// Carries a command out: the second step, the only one that touches the store.
///
/// # Errors
/// What is to be reported to the client instead of an outcome.
#[expect(clippy::manual_async_fn, reason = "it would have room for the command twice")]
pub fn execute<S: PackageStore>(
    api: &Api<S>,
    command: Command<S>,
) -> impl Future<Output = Result<Outcome, Problem>> + Send {
    async move {
        let result = match command.request {
            Asked::ReadPackage(request) => Answered::ReadPackage(request.execute(api).await?),
            Asked::ReadRandomPackage(request) => {
                Answered::ReadRandomPackage(request.execute(api).await?)
            }
            Asked::Methods(endpoint) => Answered::Methods(endpoint),
            Asked::Other(request) => return request.execute(api).await,
        };
        Ok(Outcome { result })
    }
}

/// Writes the response that has an outcome, or reports a problem, without I/O: the third step.
///
/// It answers a `GET`; to a `HEAD` send it without its body. It has no `Date`, which the server
/// adds.
#[must_use]
pub fn encode(options: &Options, result: Result<Outcome, Problem>) -> Response<Body> {
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(problem) => return operate::encode_problem(options, &problem),
    };
    match outcome.result {
        Answered::ReadPackage(performed) => operate::encode::<ReadPackage>(options, performed),
        Answered::ReadRandomPackage(performed) => {
            operate::encode::<ReadRandomPackage>(options, performed)
        }
        Answered::Methods(endpoint) => methods(endpoint),
        Answered::Other(_, encode) => encode(options),
    }
}

/// The answer to `OPTIONS`.
fn methods(endpoint: &Endpoint) -> Response<Body> {
    let mut response = response::no_content();
    let headers = response.headers_mut();
    response::insert(headers, ALLOW, endpoint.allow());
    if let Some(media_type) = endpoint.accept_patch() {
        headers.insert(response::ACCEPT_PATCH, HeaderValue::from_static(media_type));
    }
    response
}

/// The steps of a request whose method the core matches.
struct ByTable(&'static Endpoint);

impl<S: PackageStore> Steps<S> for ByTable {
    type Head = DecodedHead<S>;
    type Command = Command<S>;
    type Outcome = Outcome;

    fn decode_head(self, api: &Api<S>, parts: &Parts) -> Result<DecodedHead<S>, Problem> {
        decode_head(api, self.0, parts)
    }

    fn takes_body(head: &DecodedHead<S>) -> bool {
        head.takes_body()
    }

    fn decode_body(
        api: &Api<S>,
        head: DecodedHead<S>,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Command<S>, Problem> {
        decode_body(api, head, parts, body)
    }

    fn execute(
        api: &Api<S>,
        command: Command<S>,
    ) -> impl Future<Output = Result<Outcome, Problem>> {
        execute(api, command)
    }

    fn encode(options: &Options, result: Result<Outcome, Problem>) -> Response<Body> {
        encode(options, result)
    }
}
