//! The checks that come before everything else that a request contains: whether it is for this
//! service, whether a page of another site sent it, and whether the host's guard allows it.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::authority::{Authority, ParsedOrigin};
use super::facts::{Blueprint, Facts, Operation};
use super::guard;
use super::head::Head;
use super::options::Options;
use super::problem::Problem;
use super::problem_type::ProblemType;

/// It says how a page is related to the URL to which it sends a request ([Fetch Metadata Request
/// Headers §2.4](https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header)). The http crate has
/// no constant for it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Makes the checks for a request to an operation. Each operation calls this, and this alone calls
/// the guard.
///
/// It is compiled into each operation, so that a read of a host without a guard pays almost nothing.
#[inline]
pub(crate) fn admit(operation: Operation, head: &Head<'_>) -> Result<(), Problem> {
    if !operation.is_safe() {
        check_host(head.options, head.parts)?;
        check_site(head.options, head.parts)?;
    } else if head.options.hosts.is_some() {
        check_host(head.options, head.parts)?;
    }
    match &head.options.guard {
        Some(guard) if operation.facts().is_guarded => guard::ask(&**guard, operation, head),
        _ => Ok(()),
    }
}

/// Refuses a request to an endpoint that the options do not mount. An adapter registers no path for
/// it, but a host that routes paths itself may hand such a request over.
#[inline]
pub(crate) fn check_mount(options: &Options, blueprint: Blueprint) -> Result<(), Problem> {
    if options.mounts(blueprint) { Ok(()) } else { Err(Problem::nothing_here()) }
}

/// Refuses a request for a host that is not in the list, if there is a list. It stops a page that
/// reaches this service under a name of its own (DNS rebinding).
pub(crate) fn check_host(options: &Options, parts: &Parts) -> Result<(), Problem> {
    let Some(hosts) = &options.hosts else {
        return Ok(());
    };
    match Authority::of(parts) {
        Some(asked) if hosts.iter().any(|host| host.accepts(&asked)) => Ok(()),
        _ => Err(Problem::misdirected_request()),
    }
}

/// Refuses a request that a page of another site made a browser send. Programs that are not
/// browsers send neither of the two fields.
fn check_site(options: &Options, parts: &Parts) -> Result<(), Problem> {
    let origin = Field::of(&parts.headers, &ORIGIN);
    let parsed = origin.text().and_then(ParsedOrigin::parse);
    let is_listed = |it: &ParsedOrigin<'_>| options.origins.iter().any(|listed| listed.is(it));
    if parsed.as_ref().is_some_and(is_listed) {
        return Ok(());
    }
    let is_own = match (Field::of(&parts.headers, &SEC_FETCH_SITE), origin) {
        (Field::Absent, Field::Absent) => true,
        (Field::Absent, _) => parsed.is_some_and(|origin| is_own_origin(&origin, options, parts)),
        (site, _) => matches!(site.text(), Some("same-origin" | "none")),
    };
    if is_own { Ok(()) } else { Err(Problem::cross_site()) }
}

/// True if the origin has the host and port that clients use for this service.
fn is_own_origin(origin: &ParsedOrigin<'_>, options: &Options, parts: &Parts) -> bool {
    let public = options.public_url.as_ref().and_then(|url| ParsedOrigin::parse(url.origin()));
    public.is_some_and(|public| origin.has_host_and_port_of(&public))
        || Authority::of(parts).is_some_and(|asked| origin.is_at(&asked))
}

/// A field that a request must not repeat.
enum Field<'a> {
    Absent,
    One(&'a HeaderValue),
    Several,
}

impl<'a> Field<'a> {
    fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Several,
        }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::One(value) => value.to_str().ok(),
            Self::Absent | Self::Several => None,
        }
    }
}

/// The request fields that these checks read for any of the operations.
pub(crate) fn request_fields(options: &Options, operations: &[Operation]) -> Vec<HeaderName> {
    let mut fields = Vec::new();
    let has_write = operations.iter().any(|operation| !operation.is_safe());
    if has_write || options.hosts.is_some() {
        fields.push(HOST);
    }
    if has_write {
        fields.extend([ORIGIN, SEC_FETCH_SITE]);
    }
    fields
}

/// True if these checks may report this problem of a request to an operation.
pub(crate) fn may_report(options: &Options, facts: &Facts, kind: ProblemType) -> bool {
    match kind {
        ProblemType::MisdirectedRequest => options.hosts.is_some(),
        ProblemType::InvalidNote => !facts.method.is_safe(),
        ProblemType::CrossSite => !facts.method.is_safe(),
        ProblemType::Unauthenticated | ProblemType::Forbidden => options.guard.is_some(),
        _ => options.guard.is_some() && Problem::hidden(facts, None).kind() == Some(kind),
    }
}
