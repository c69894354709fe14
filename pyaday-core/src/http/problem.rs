//! Refusals and failures as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::conditions::Failure;
use super::endpoint::{Endpoint, Operation};
use crate::daily::Date;
use crate::http::media_type;
use crate::package::{
    FieldError, InvalidPackage, MalformedJson, PackageError, PackageName, Stored,
};
use crate::store::StoreError;

/// What kind of problem it is; each has a status, a `type` and a title of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemType {
    /// 404: no package of the name, or none at all to draw from.
    PackageNotFound,
    /// 404: the date has no package of the day, or no pin.
    NoDaily,
    /// 409: a package of the name is there already.
    PackageExists,
    /// 409: the body names another package than the URL.
    NameMismatch,
    /// 409: the day to pin or to unpin has begun.
    PastIsFixed,
    /// 400: the body is not strict JSON.
    MalformedJson,
    /// 400: a parameter of the query is unknown, repeated or out of its bounds.
    InvalidQuery,
    /// 400: the URL names no date.
    InvalidDate,
    /// 422: the body is JSON that breaks the rules of a package.
    InvalidPackage,
    /// 415: the body's media type, charset or content coding is not taken.
    UnsupportedMediaType,
    /// 413: the body is longer than the limit.
    ContentTooLarge,
    /// 414: the path is too long to make links of.
    UriTooLong,
    /// 405: the resource does not have this method.
    MethodNotAllowed,
    /// 412: the resource is not as the request's conditions have it.
    PreconditionFailed,
    /// 428: the host asks that each write tell which version it means.
    PreconditionRequired,
    /// 503: the store cannot be used now; a write surely did not happen.
    StoreUnavailable,
    /// 503: the store lost contact during a write, which may have happened.
    OutcomeUnknown,
    /// 500: a bug.
    Internal,
}

impl ProblemType {
    /// Every problem type.
    pub const ALL: &'static [Self] = &[
        Self::PackageNotFound,
        Self::NoDaily,
        Self::PackageExists,
        Self::NameMismatch,
        Self::PastIsFixed,
        Self::MalformedJson,
        Self::InvalidQuery,
        Self::InvalidDate,
        Self::InvalidPackage,
        Self::UnsupportedMediaType,
        Self::ContentTooLarge,
        Self::UriTooLong,
        Self::MethodNotAllowed,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::StoreUnavailable,
        Self::OutcomeUnknown,
        Self::Internal,
    ];

    /// The last part of [`urn`](Self::urn).
    #[must_use]
    pub const fn slug(self) -> &'static str {
        self.row().1
    }

    /// The URI that `type` holds: `urn:problem-type:pyaday:` and the slug.
    #[must_use]
    pub fn urn(self) -> String {
        Urn(self).to_string()
    }

    /// The status code of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// A summary for people that is the same in every occurrence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::PackageNotFound => {
                (S::NOT_FOUND, "package-not-found", "Could not find a package")
            }
            Self::NoDaily => (S::NOT_FOUND, "no-daily", "No package of the day for this date"),
            Self::PackageExists => (S::CONFLICT, "package-exists", "The package already exists"),
            Self::NameMismatch => {
                (S::CONFLICT, "name-mismatch", "The body names another package than the URL")
            }
            Self::PastIsFixed => (S::CONFLICT, "past-is-fixed", "The day has begun and is fixed"),
            Self::MalformedJson => {
                (S::BAD_REQUEST, "malformed-json", "The body is not well-formed JSON")
            }
            Self::InvalidQuery => {
                (S::BAD_REQUEST, "invalid-query", "A parameter of the query is not valid")
            }
            Self::InvalidDate => (S::BAD_REQUEST, "invalid-date", "The URL names no date"),
            Self::InvalidPackage => {
                (S::UNPROCESSABLE_ENTITY, "invalid-package", "The package is not valid")
            }
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The media type of the body is not supported",
            ),
            Self::ContentTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "content-too-large", "The body is too large")
            }
            Self::UriTooLong => (S::URI_TOO_LONG, "uri-too-long", "The path is too long"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The resource does not have this method",
            ),
            Self::PreconditionFailed => (
                S::PRECONDITION_FAILED,
                "precondition-failed",
                "The resource is not in the version that the request means",
            ),
            Self::PreconditionRequired => (
                S::PRECONDITION_REQUIRED,
                "precondition-required",
                "The request must say which version of the package it means",
            ),
            Self::StoreUnavailable => {
                (S::SERVICE_UNAVAILABLE, "store-unavailable", "The store is not available")
            }
            Self::OutcomeUnknown => (
                S::SERVICE_UNAVAILABLE,
                "outcome-unknown",
                "It is not known whether the write happened",
            ),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }
}

/// A refusal or failure, ready to be told to a client.
///
/// [`source`](Error::source) is the cause where there is one (a [`StoreError`]): it is for the host's
/// log, and clients never see it.
#[derive(Debug)]
pub struct Problem {
    kind: ProblemType,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    pub(crate) advice: Advice,
    cause: Option<StoreError>,
}

/// What a problem tells in a header field of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Advice {
    None,
    /// `Allow`: the methods of this endpoint.
    Allow(&'static Endpoint),
    /// `Accept` or its like: what this operation takes.
    Accept(Operation),
    /// `Accept-Encoding`: no content coding.
    AcceptIdentity,
    /// `Retry-After`.
    RetryAfter(Duration),
}

impl Problem {
    fn new(kind: ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self { kind, detail, errors: Vec::new(), advice: Advice::None, cause: None }
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemType {
        self.kind
    }

    /// What went wrong this time, a sentence for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The faults of an invalid package, as [`InvalidPackage::errors`] lists them; empty for every
    /// other type.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The members of the problem details object
    /// ([RFC 9457 §3.1](https://www.rfc-editor.org/rfc/rfc9457#section-3.1)).
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // The object below has texts and numbers: there is no way to come here.
            _ => Map::new(),
        }
    }

    pub(crate) fn package_not_found() -> Self {
        Self::new(ProblemType::PackageNotFound, "The catalogue has no package of this name.")
    }

    pub(crate) fn empty_catalogue() -> Self {
        Self::new(ProblemType::PackageNotFound, "The catalogue has no packages yet.")
    }

    pub(crate) fn package_exists(there: &Stored) -> Self {
        let detail = format!(
            "The catalogue already has the package {}; nothing was changed.",
            there.package().name
        );
        Self::new(ProblemType::PackageExists, detail)
    }

    pub(crate) fn not_begun(date: Date) -> Self {
        let detail = format!("{date} has not begun anywhere on Earth.");
        Self::new(ProblemType::NoDaily, detail)
    }

    pub(crate) fn before_first(date: Date) -> Self {
        let detail = format!("There was no package of the day yet on {date}.");
        Self::new(ProblemType::NoDaily, detail)
    }

    pub(crate) fn never_shown(date: Date) -> Self {
        let detail = format!("No package was shown on {date}, and it is too late to pick one.");
        Self::new(ProblemType::NoDaily, detail)
    }

    pub(crate) fn not_pinned(date: Date) -> Self {
        Self::new(ProblemType::NoDaily, format!("No package is pinned to {date}."))
    }

    pub(crate) fn past_is_fixed(date: Date) -> Self {
        let detail = format!("{date} has begun; only days to come can be pinned and unpinned.");
        Self::new(ProblemType::PastIsFixed, detail)
    }

    pub(crate) fn too_far_ahead(last: Date) -> Self {
        let detail = format!("{last} is the last day that can be pinned now.");
        Self::new(ProblemType::InvalidDate, detail)
    }

    pub(crate) fn invalid_date() -> Self {
        Self::new(ProblemType::InvalidDate, "A date of the calendar is expected, as 2026-11-23.")
    }

    pub(crate) fn name_mismatch(name: &PackageName) -> Self {
        let detail = format!(
            "The body names the package {name}, which is not the URL's; a package keeps its name."
        );
        Self::new(ProblemType::NameMismatch, detail)
    }

    pub(crate) fn none_tagged() -> Self {
        Self::new(ProblemType::PackageNotFound, "The catalogue has no package with this tag.")
    }

    pub(crate) fn invalid_query(detail: String) -> Self {
        Self::new(ProblemType::InvalidQuery, detail)
    }

    pub(crate) fn precondition_failed(failure: Failure) -> Self {
        let detail = match failure {
            Failure::Changed => {
                "It has changed, or is not to be there; read it again and repeat the request with its ETag."
            }
            Failure::Weakened => {
                "If-Match has an entity tag that is weak (W/\"…\") or ends in -gzip or the like, which \
                 never matches: the compression of a proxy has weakened it. Read the resource again \
                 with `Accept-Encoding: identity` and repeat the request with that ETag."
            }
            Failure::Malformed => {
                "If-Match or If-None-Match is malformed, and nothing was changed. Each must be either \
                 `*` alone or a list of entity tags in double quotes, such as \"1\", \"2\"."
            }
        };
        Self::new(ProblemType::PreconditionFailed, detail)
    }

    /// Other writes came in between, each time that it was tried.
    pub(crate) fn contended() -> Self {
        #[derive(Debug, thiserror::Error)]
        #[error("others wrote the package each time that the patch was to be written")]
        struct Contended;

        let source = Contended.into();
        StoreError::Unavailable { retry_after: Duration::from_secs(1), source }.into()
    }

    pub(crate) fn precondition_required() -> Self {
        Self::new(
            ProblemType::PreconditionRequired,
            "Read the package and repeat the request with its ETag in If-Match.",
        )
    }

    pub(crate) fn unreadable_body() -> Self {
        Self::new(ProblemType::MalformedJson, "The body broke off before its end.")
    }

    pub(crate) fn content_too_large(limit: usize) -> Self {
        let detail = format!("The body must be at most {limit} bytes long.");
        Self::new(ProblemType::ContentTooLarge, detail)
    }

    pub(crate) fn unsupported_media_type(operation: Operation, fault: media_type::Fault) -> Self {
        let advice = match fault {
            media_type::Fault::MediaType(_) => Advice::Accept(operation),
            media_type::Fault::ContentCoding => Advice::AcceptIdentity,
        };
        Self { advice, ..Self::new(ProblemType::UnsupportedMediaType, fault.to_string()) }
    }

    pub(crate) fn uri_too_long(limit: usize) -> Self {
        let detail = format!(
            "The path before the feed must be at most {limit} bytes long: each entry's link repeats it."
        );
        Self::new(ProblemType::UriTooLong, detail)
    }

    pub(crate) fn method_not_allowed(endpoint: &'static Endpoint) -> Self {
        let detail = format!("The methods of this resource are {}.", endpoint.allow());
        let advice = Advice::Allow(endpoint);
        Self { advice, ..Self::new(ProblemType::MethodNotAllowed, detail) }
    }

    pub(crate) fn internal() -> Self {
        Self::new(ProblemType::Internal, "The service met an error of its own.")
    }
}

/// The problem details object.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'a> {
            r#type: Urn,
            title: &'static str,
            status: u16,
            detail: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
        }

        let Self { kind, detail, errors, .. } = self;
        let (title, status) = (kind.title(), kind.status().as_u16());
        Members { r#type: Urn(*kind), title, status, detail, errors }.serialize(serializer)
    }
}

/// A problem type as the URI that names it.
struct Urn(ProblemType);

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("urn:problem-type:pyaday:")?;
        f.write_str(self.0.slug())
    }
}

impl Serialize for Urn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<MalformedJson> for Problem {
    fn from(error: MalformedJson) -> Self {
        Self::new(ProblemType::MalformedJson, format!("The body is not JSON: {error}."))
    }
}

impl From<InvalidPackage> for Problem {
    fn from(invalid: InvalidPackage) -> Self {
        let detail = "The body is JSON, but breaks the rules listed in `errors`.";
        let errors = invalid.into_errors();
        Self { errors, ..Self::new(ProblemType::InvalidPackage, detail) }
    }
}

impl From<PackageError> for Problem {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::Malformed(error) => error.into(),
            PackageError::Invalid(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        let mut problem = match &cause {
            StoreError::Unavailable { retry_after, .. } => Self {
                advice: Advice::RetryAfter(*retry_after),
                ..Self::new(
                    ProblemType::StoreUnavailable,
                    "The store cannot be used now and nothing was written; try again later.",
                )
            },
            StoreError::Internal { .. } => Self::internal(),
            StoreError::OutcomeUnknown { .. } => Self::new(
                ProblemType::OutcomeUnknown,
                "The store lost contact during the write; read the package to see what it is now.",
            ),
        };
        problem.cause = Some(cause);
        problem
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.title(), self.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
