//! The types of problems that the catalogue answers with.

use http::StatusCode;

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
    /// 400: the URL has no date where one is expected, or one that is too far ahead.
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
        format!("urn:problem-type:pyaday:{}", self.slug())
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
            Self::NoDaily => {
                (S::NOT_FOUND, "no-daily", "This date has no package of the day, or no pin")
            }
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
            Self::InvalidDate => {
                (S::BAD_REQUEST, "invalid-date", "The date in the URL is not valid")
            }
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
                "The request must say which version it means",
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
