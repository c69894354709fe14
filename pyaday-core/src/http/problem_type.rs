//! The types of problems that the catalogue reports.

use http::StatusCode;

/// The type of a problem. Each type has its own status, `type` URI and title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemType {
    /// 404: no package has this name, or the catalogue has no package to draw.
    PackageNotFound,
    /// 404: the date has no package of the day, or no pin.
    NoDaily,
    /// 404: no change has this revision.
    ChangeNotFound,
    /// 404: the store keeps no history, or it does not have the one that the request needs.
    NoHistory,
    /// 401: the host's guard requires that the client signs in.
    Unauthenticated,
    /// 403: the host's guard does not allow this.
    Forbidden,
    /// 403: a page of another site sent a request that may change something.
    CrossSite,
    /// 421: the request is for a host that is not in the host's list.
    MisdirectedRequest,
    /// 409: a package with this name exists already.
    PackageExists,
    /// 409: the body names another package than the URL.
    NameMismatch,
    /// 409: the day to pin or to unpin has begun already.
    PastIsFixed,
    /// 409: some of the packages are no longer as the change left them.
    NotUndoable,
    /// 400: the body is not strict JSON.
    MalformedJson,
    /// 400: the body of an import cannot be read as its media type says.
    MalformedImport,
    /// 400: a query parameter is unknown, repeated or out of range.
    InvalidQuery,
    /// 400: the URL needs a date and has none, or the date is too far ahead.
    InvalidDate,
    /// 400: the field `Change-Note` is not a text, or it is too long.
    InvalidNote,
    /// 422: the body is JSON, but it breaks the rules of a package.
    InvalidPackage,
    /// 415: the media type, charset or content coding of the body is not supported.
    UnsupportedMediaType,
    /// 413: the body is longer than the limit.
    ContentTooLarge,
    /// 414: the path is too long for the links in the response.
    UriTooLong,
    /// 405: the resource does not have this method.
    MethodNotAllowed,
    /// 412: the current version does not satisfy the conditions of the request.
    PreconditionFailed,
    /// 428: the host requires that each write states which version it replaces.
    PreconditionRequired,
    /// 503: the store cannot be used now. Nothing was written.
    StoreUnavailable,
    /// 503: too many costly requests are being answered. Nothing was written.
    Busy,
    /// 503: the store lost contact during a write. The write may have happened.
    OutcomeUnknown,
    /// 500: an error of the service itself.
    Internal,
}

impl ProblemType {
    /// Every problem type.
    pub const ALL: &'static [Self] = &[
        Self::PackageNotFound,
        Self::NoDaily,
        Self::ChangeNotFound,
        Self::NoHistory,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::CrossSite,
        Self::MisdirectedRequest,
        Self::PackageExists,
        Self::NameMismatch,
        Self::PastIsFixed,
        Self::NotUndoable,
        Self::MalformedJson,
        Self::MalformedImport,
        Self::InvalidQuery,
        Self::InvalidDate,
        Self::InvalidNote,
        Self::InvalidPackage,
        Self::UnsupportedMediaType,
        Self::ContentTooLarge,
        Self::UriTooLong,
        Self::MethodNotAllowed,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::StoreUnavailable,
        Self::Busy,
        Self::OutcomeUnknown,
        Self::Internal,
    ];

    /// The last part of the [`urn`](Self::urn).
    #[must_use]
    pub const fn slug(self) -> &'static str {
        self.row().1
    }

    /// The value of the member `type`: `urn:problem-type:pyaday:` and the slug.
    #[must_use]
    pub fn urn(self) -> String {
        format!("urn:problem-type:pyaday:{}", self.slug())
    }

    /// The status code of the response.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// A summary for people, which is the same each time.
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
            Self::ChangeNotFound => (S::NOT_FOUND, "change-not-found", "Could not find a change"),
            Self::NoHistory => (S::NOT_FOUND, "no-history", "The history does not reach so far"),
            Self::Unauthenticated => (S::UNAUTHORIZED, "unauthenticated", "Sign-in is required"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "This is not allowed"),
            Self::CrossSite => (S::FORBIDDEN, "cross-site", "A page of another site sent this"),
            Self::MisdirectedRequest => (
                S::MISDIRECTED_REQUEST,
                "misdirected-request",
                "The service does not answer for this host",
            ),
            Self::PackageExists => (S::CONFLICT, "package-exists", "The package already exists"),
            Self::NameMismatch => {
                (S::CONFLICT, "name-mismatch", "The body names another package than the URL")
            }
            Self::PastIsFixed => (S::CONFLICT, "past-is-fixed", "The day has begun and is fixed"),
            Self::NotUndoable => (S::CONFLICT, "not-undoable", "The change cannot be taken back"),
            Self::MalformedJson => {
                (S::BAD_REQUEST, "malformed-json", "The body is not well-formed JSON")
            }
            Self::MalformedImport => {
                (S::BAD_REQUEST, "malformed-import", "The body cannot be read as its type says")
            }
            Self::InvalidQuery => {
                (S::BAD_REQUEST, "invalid-query", "A parameter of the query is not valid")
            }
            Self::InvalidDate => {
                (S::BAD_REQUEST, "invalid-date", "The date in the URL is not valid")
            }
            Self::InvalidNote => {
                (S::BAD_REQUEST, "invalid-note", "The note of the change is not valid")
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
                "The resource does not support this method",
            ),
            Self::PreconditionFailed => (
                S::PRECONDITION_FAILED,
                "precondition-failed",
                "A condition of the request does not hold",
            ),
            Self::PreconditionRequired => (
                S::PRECONDITION_REQUIRED,
                "precondition-required",
                "The request must have the field If-Match",
            ),
            Self::StoreUnavailable => {
                (S::SERVICE_UNAVAILABLE, "store-unavailable", "The store is not available")
            }
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "Too many costly requests at once"),
            Self::OutcomeUnknown => (
                S::SERVICE_UNAVAILABLE,
                "outcome-unknown",
                "It is not known whether the write happened",
            ),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }
}
