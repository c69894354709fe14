//! The three public steps of a request, for all operations.

use std::future::Future;

use bytes::Bytes;
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};

use super::command::{Command, Decoded, Executed, Outcome, Row};
use super::operate::{self, Operate};
use super::pipeline::{Steps, run};
use super::read_package::ReadPackage;
use super::read_random_package::ReadRandomPackage;
use super::table::Table;
use crate::daily::Date;
use crate::http::admission::{check_host, check_mount};
use crate::http::facts::RequestBody;
use crate::http::form::Form;
use crate::http::{Api, Body, Endpoint, Operation, Options, Problem, response};
use crate::package::NormalizedName;
use crate::store::PackageStore;

/// Answers a request to an endpoint.
///
/// The request's URI must be the complete one that the client sent, with the host's prefix, because
/// `Location` and other links repeat it. This function reads the head immediately, before it
/// returns the future. The future reads the body only if the head is valid, and only up to the
/// limit. If the operation takes no body, the body is dropped immediately.
///
/// The function returns no error. If something fails, even by a panic, the response reports it as
/// problem details.
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

/// The valid head of a request. The body is not decoded yet.
pub struct DecodedHead<S: 'static> {
    accepted: Accepted<S>,
}

enum Accepted<S: 'static> {
    Methods(&'static Endpoint),
    Operation(&'static Row<S>),
}

impl<S: PackageStore> DecodedHead<S> {
    /// The requested operation. `None` for `OPTIONS`, which asks for the methods of a path.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        match &self.accepted {
            Accepted::Methods(_) => None,
            Accepted::Operation(row) => Some(row.operation),
        }
    }

    /// The maximum length of the request's body, in bytes: read at most one byte more, so that
    /// [`decode_body`] notices that a body is too long. `None` if the operation takes no body. Then
    /// ignore the request's body and pass an empty one to [`decode_body`].
    #[must_use]
    pub fn body_limit(&self, options: &Options) -> Option<usize> {
        match &self.accepted {
            Accepted::Methods(_) => None,
            Accepted::Operation(row) => row.operation.facts().body_limit(options),
        }
    }
}

impl<S: PackageStore> std::fmt::Debug for DecodedHead<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DecodedHead").field(&self.operation()).finish()
    }
}

/// Reads the head of a request to an endpoint, without I/O: the first half of the first step.
///
/// The checks have a fixed order: the method (405), the host (421), the site of the page that sent
/// the request (403), the guard (401, 403, 404), the date of a pin (400), the media type and content
/// coding (415), and the declared length (413). The guard is not asked for `OPTIONS`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn decode_head<S: PackageStore>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    parts: &Parts,
) -> Result<DecodedHead<S>, Problem> {
    accept(api, endpoint, parts).map_err(|problem| problem.in_form(endpoint.form()))
}

fn accept<S: PackageStore>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    parts: &Parts,
) -> Result<DecodedHead<S>, Problem> {
    check_mount(api.options(), endpoint.blueprint())?;
    if parts.method == Method::OPTIONS {
        check_host(api.options(), parts)?;
        return Ok(DecodedHead { accepted: Accepted::Methods(endpoint) });
    }
    let row = endpoint.row(&parts.method).and_then(|at| Table::<S>::ROWS.get(at));
    let row = row.ok_or_else(|| Problem::method_not_allowed(&endpoint.allow()))?;
    (row.accept)(api.options(), parts)?;
    Ok(DecodedHead { accepted: Accepted::Operation(row) })
}

/// Reads the rest of a request, without I/O: the second half of the first step. `body` is empty if
/// the operation [takes no body](DecodedHead::body_limit).
///
/// # Errors
/// The body is too long (413), the path does not name a package (404), or a query parameter is
/// wrong (400). Faults in the content of a body are not reported here: [`execute`] reports them,
/// because the conditions of the request are checked first.
pub fn decode_body<S: PackageStore>(
    api: &Api<S>,
    head: DecodedHead<S>,
    parts: &Parts,
    body: &Bytes,
) -> Result<Command<S>, Problem> {
    let options = api.options();
    if let Some(limit) = head.body_limit(options).filter(|limit| body.len() > *limit) {
        let form = head.operation().map(|operation| Form::of(operation.facts()));
        return Err(Problem::content_too_large(limit).in_form(form.unwrap_or_default()));
    }
    let request = match head.accepted {
        Accepted::Methods(endpoint) => Decoded::Methods(endpoint),
        Accepted::Operation(row) => (row.decode)(options, parts, body)?,
    };
    Ok(Command { request })
}

/// Carries out a command: the second step, and the only one that uses the store.
///
/// # Errors
/// The problem that the response must report instead of an outcome.
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an async fn would have room for the command twice"
)]
pub fn execute<S: PackageStore>(
    api: &Api<S>,
    command: Command<S>,
) -> impl Future<Output = Result<Outcome, Problem>> + Send {
    async move {
        let result = match command.request {
            Decoded::ReadPackage(request) => Executed::ReadPackage(request.execute(api).await?),
            Decoded::ReadRandomPackage(request) => {
                Executed::ReadRandomPackage(request.execute(api).await?)
            }
            Decoded::Methods(endpoint) => Executed::Methods(endpoint),
            Decoded::Other(request) => return request.execute(api).await,
        };
        Ok(Outcome { result })
    }
}

/// Writes the response for an outcome or a problem, without I/O: the third step.
///
/// The response is the one for a `GET`. For a `HEAD`, send it without its body. It has no `Date`
/// field, because the server adds that.
#[must_use]
pub fn encode(options: &Options, result: Result<Outcome, Problem>) -> Response<Body> {
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(problem) => return operate::encode_problem(options, &problem),
    };
    match outcome.result {
        Executed::ReadPackage(performed) => operate::encode::<ReadPackage>(options, performed),
        Executed::ReadRandomPackage(performed) => {
            operate::encode::<ReadRandomPackage>(options, performed)
        }
        Executed::Methods(endpoint) => methods(endpoint),
        Executed::Other(_, encode) => encode(options),
    }
}

/// The response to `OPTIONS`.
fn methods(endpoint: &Endpoint) -> Response<Body> {
    let mut response = response::no_content();
    let headers = response.headers_mut();
    response::insert(headers, ALLOW, endpoint.allow());
    if let Some(media_type) = endpoint.accept_patch() {
        headers.insert(response::ACCEPT_PATCH, HeaderValue::from_static(media_type));
    }
    response
}

/// The steps of a request for which the core finds the operation by its method.
struct ByTable(&'static Endpoint);

impl<S: PackageStore> Steps<S> for ByTable {
    type Head = DecodedHead<S>;
    type Command = Command<S>;
    type Outcome = Outcome;

    fn form(&self) -> Form {
        self.0.form()
    }

    fn operation(&self, method: &Method) -> Option<Operation> {
        self.0.operation(method)
    }

    fn subject(command: &Command<S>) -> (Option<&NormalizedName>, Option<Date>) {
        (command.name(), command.date())
    }

    fn decode_head(self, api: &Api<S>, parts: &Parts) -> Result<DecodedHead<S>, Problem> {
        decode_head(api, self.0, parts)
    }

    fn body(head: &DecodedHead<S>) -> Option<&'static RequestBody> {
        head.operation()?.facts().body.as_ref()
    }

    fn decode_body(
        api: &Api<S>,
        head: DecodedHead<S>,
        parts: &Parts,
        body: &Bytes,
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
