//! The problems that the catalogue itself reports, with their messages.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};

use super::conditions::Failure;
use super::facts::Facts;
use super::media_type::{MERGE_PATCH_JSON, UnsupportedBody};
use super::path;
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::response::ACCEPT_PATCH;
use crate::daily::Date;
use crate::history::NoHistory;
use crate::package::{
    InvalidPackage, MalformedJson, NormalizedName, PackageError, PackageName, Stored, Tags,
};
use crate::store::{Conflict, StoreError};

impl Problem {
    /// What the response says if no package has the name in the path.
    pub(super) const NO_SUCH_PACKAGE: &str = "The catalogue has no package of this name.";

    pub(crate) fn package_not_found() -> Self {
        Self::of(ProblemType::PackageNotFound, Self::NO_SUCH_PACKAGE)
    }

    pub(crate) fn empty_catalogue() -> Self {
        Self::of(ProblemType::PackageNotFound, "The catalogue has no packages yet.")
    }

    pub(crate) fn misdirected_request() -> Self {
        Self::of(
            ProblemType::MisdirectedRequest,
            "The request must name a host that this service answers for, in its Host field or its \
             URL. Use the public address of the service, or ask its operator to add this host to \
             the list of hosts.",
        )
    }

    pub(crate) fn cross_site() -> Self {
        Self::of(
            ProblemType::CrossSite,
            "A page of another site may not change anything here, so nothing was changed. Send the \
             request from a page of this service or from a program, or ask the operator to add the \
             origin of the page to the list of origins.",
        )
    }

    pub(crate) fn unauthenticated(challenge: HeaderValue) -> Self {
        let detail = "Sign in and repeat the request. The field WWW-Authenticate says how.";
        Self::of(ProblemType::Unauthenticated, detail).with_header(WWW_AUTHENTICATE, challenge)
    }

    pub(crate) fn forbidden() -> Self {
        Self::of(
            ProblemType::Forbidden,
            "You are not allowed to do this. Ask the operator of the service for the permission, or \
             sign in as somebody who has it.",
        )
    }

    /// The response for something that does not exist. It is one that the operation also has for
    /// other reasons, if there is one, so that a client cannot distinguish them.
    pub(crate) fn hidden(facts: &Facts, date: Option<Date>) -> Self {
        let names = |variable: &str| path::variables(facts.path).any(|it| it == variable);
        if names("name") {
            return Self::package_not_found();
        }
        if names("revision") {
            return Self::change_not_found();
        }
        match date {
            Some(date) if facts.path.starts_with("/pins/") => Self::not_pinned(date),
            Some(date) => Self::before_first(date),
            None if names("date") => Self::of(ProblemType::NoDaily, "The URL names no day."),
            None if facts.method.is_safe()
                && facts.problems.contains(&ProblemType::PackageNotFound) =>
            {
                Self::empty_catalogue()
            }
            None => Self::nothing_here(),
        }
    }

    pub(crate) fn nothing_here() -> Self {
        Self::of(ProblemType::PackageNotFound, "There is nothing at this URL.")
    }

    pub(crate) fn package_exists(there: &Stored) -> Self {
        let detail = format!(
            "The catalogue already has the package {}. Nothing was changed.",
            there.package().name
        );
        Self::of(ProblemType::PackageExists, detail)
    }

    pub(crate) fn not_begun(date: Date) -> Self {
        let detail = format!("{date} has not begun anywhere on Earth yet.");
        Self::of(ProblemType::NoDaily, detail)
    }

    pub(crate) fn before_first(date: Date) -> Self {
        let detail = format!("There was no package of the day yet on {date}.");
        Self::of(ProblemType::NoDaily, detail)
    }

    pub(crate) fn never_shown(date: Date) -> Self {
        let detail = format!("No package was shown on {date}, and it is too late to pick one.");
        Self::of(ProblemType::NoDaily, detail)
    }

    pub(crate) fn not_pinned(date: Date) -> Self {
        Self::of(ProblemType::NoDaily, format!("No package is pinned to {date}."))
    }

    pub(crate) fn past_is_fixed(date: Date) -> Self {
        let detail =
            format!("{date} has already begun. Only a future day can be pinned or unpinned.");
        Self::of(ProblemType::PastIsFixed, detail)
    }

    pub(crate) fn too_far_ahead(last: Date) -> Self {
        let detail = format!("{last} is the last day that can be pinned today.");
        Self::of(ProblemType::InvalidDate, detail)
    }

    pub(crate) fn invalid_date() -> Self {
        Self::of(
            ProblemType::InvalidDate,
            "The date in the URL must be a date of the calendar, such as 2026-11-23.",
        )
    }

    pub(crate) fn change_not_found() -> Self {
        Self::of(
            ProblemType::ChangeNotFound,
            "No change has this revision. The list of changes has their revisions.",
        )
    }

    pub(crate) fn no_history(why: NoHistory) -> Self {
        let detail = match why {
            NoHistory::NotKept => "This catalogue keeps no history, so its past cannot be read.",
            NoHistory::NotYet => {
                "This revision is greater than the newest one of the catalogue. Use a revision from \
                 the list of changes."
            }
            NoHistory::Forgotten => {
                "The history does not reach back to this revision, or the revision belongs to \
                 another history. The oldest change in the list of changes shows how far the history \
                 reaches. To follow the changes, read the whole catalogue again and go on with its \
                 revision."
            }
        };
        Self::of(ProblemType::NoHistory, detail)
    }

    /// A request about many packages names some that do not exist, or that the guard hides.
    pub(crate) fn packages_not_found(names: &[NormalizedName]) -> Self {
        let packages = match names.len() {
            1 => "one of the packages does not exist. Leave it out, or add it first.".to_owned(),
            count => {
                format!("{count} of the packages do not exist. Leave them out, or add them first.")
            }
        };
        let detail =
            format!("Nothing was changed: {packages} The member `packages` lists the names.");
        Self::of(ProblemType::PackageNotFound, detail).with_packages(names)
    }

    /// A request would give too many tags to some packages.
    pub(crate) fn too_many_tags(names: &[NormalizedName]) -> Self {
        let packages = match names.len() {
            1 => "a package".to_owned(),
            count => format!("{count} packages"),
        };
        let rule = format!(
            "must not give {packages} more than {} tags; nothing was changed, and the member \
             `packages` lists the names",
            Tags::MAX
        );
        Self::from(InvalidPackage::one("/add_tags", rule)).with_packages(names)
    }

    /// A request selects more packages than it can change.
    pub(crate) fn too_many_selected(limit: usize) -> Self {
        let rule = format!(
            "must not select more than {limit} packages; nothing was changed. Select fewer at a time, \
             for example with another tag or by their names"
        );
        Self::from(InvalidPackage::one("/select", rule))
    }

    /// Adds the names of the packages that the problem is about.
    fn with_packages(self, names: &[NormalizedName]) -> Self {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        self.with_member("packages", names)
    }

    /// Something has changed since the change that is to be taken back.
    pub(crate) fn not_undoable(conflict: &Conflict) -> Self {
        let packages = match conflict.packages.len() {
            1 => "a package of this change has".to_owned(),
            count => format!("{count} packages of this change have"),
        };
        let detail = match (conflict.packages.is_empty(), conflict.dates.is_empty()) {
            (false, _) => format!(
                "Nothing was changed: {packages} been changed again since. Undo \
                 the later changes first. The member `packages` lists the names."
            ),
            (true, _) => "Nothing was changed: the pin of a day has been changed again since, the \
                          day has begun, or its package was deleted. The member `dates` lists the \
                          days."
                .to_owned(),
        };
        let mut problem = Self::of(ProblemType::NotUndoable, detail);
        if !conflict.packages.is_empty() {
            problem = problem.with_packages(&conflict.packages);
        }
        if !conflict.dates.is_empty() {
            let dates: Vec<_> = conflict.dates.iter().map(ToString::to_string).collect();
            problem = problem.with_member("dates", dates);
        }
        problem
    }

    /// `limit` says how much a request can take back.
    pub(crate) fn too_large_to_undo(limit: &dyn fmt::Display) -> Self {
        let detail = format!(
            "Nothing was changed: the change has more than {limit}, and a request can take back no more."
        );
        Self::of(ProblemType::NotUndoable, detail)
    }

    pub(crate) fn invalid_note(rule: &dyn fmt::Display) -> Self {
        Self::of(ProblemType::InvalidNote, format!("The field Change-Note {rule}."))
    }

    pub(crate) fn name_mismatch(named: &PackageName, name: &NormalizedName) -> Self {
        let detail = format!(
            "The body names the package {named}, but the URL names {name}. A package cannot be renamed to another one."
        );
        Self::of(ProblemType::NameMismatch, detail)
    }

    pub(crate) fn none_tagged() -> Self {
        Self::of(ProblemType::PackageNotFound, "The catalogue has no package with this tag.")
    }

    pub(crate) fn invalid_query(detail: String) -> Self {
        Self::of(ProblemType::InvalidQuery, detail)
    }

    pub(crate) fn precondition_failed(failure: Failure) -> Self {
        let detail = match failure {
            Failure::Changed => {
                "The resource has another version than those in If-Match. Read it again and repeat the \
                 request with its current ETag."
            }
            Failure::Exists => {
                "The version of the resource is one that If-None-Match excludes. Nothing was changed."
            }
            Failure::Absent => {
                "The resource does not exist yet, so If-Match cannot match. Repeat the request without \
                 If-Match to create it."
            }
            Failure::Weakened => {
                "An entity tag in If-Match is weak (W/\"…\") or ends with a suffix such as -gzip, so it \
                 never matches. A proxy that compresses responses has changed it. Read the resource again \
                 with `Accept-Encoding: identity` and repeat the request with that ETag."
            }
            Failure::Malformed => {
                "If-Match or If-None-Match is malformed, and nothing was changed. Each must be either \
                 `*` alone or a list of entity tags in double quotes, such as \"1\", \"2\"."
            }
        };
        Self::of(ProblemType::PreconditionFailed, detail)
    }

    /// Other clients wrote a package of the request each time it was to be written.
    pub(crate) fn contended() -> Self {
        #[derive(Debug, thiserror::Error)]
        #[error("other clients changed a package of the request at every attempt to write it")]
        struct Contended;

        let source = Contended.into();
        StoreError::Unavailable { retry_after: Duration::from_secs(1), source }.into()
    }

    pub(crate) fn precondition_required() -> Self {
        Self::of(
            ProblemType::PreconditionRequired,
            "Read the resource and repeat the request with its ETag in If-Match.",
        )
    }

    /// `malformed` is the problem of a body that cannot be read.
    pub(crate) fn unreadable_body(malformed: ProblemType) -> Self {
        Self::of(malformed, "The connection ended before the whole body had arrived.")
    }

    /// `fault` says what is wrong with the body of an import, in words that follow its name.
    #[cfg(feature = "import")]
    pub(crate) fn malformed_import(fault: &str) -> Self {
        let detail = format!(
            "Nothing was changed: the body {fault}. It must be as its Content-Type says: CSV or TSV \
             with a header that has the columns `name` and `summary`, or JSON objects with these \
             members, one a line (NDJSON) or in an array (JSON)."
        );
        Self::of(ProblemType::MalformedImport, detail)
    }

    /// The body of an import has more rows than a request can import.
    #[cfg(feature = "import")]
    pub(crate) fn too_many_rows(limit: usize) -> Self {
        let detail =
            "Nothing was changed: the body has too many rows, as the member `errors` says.";
        let rule = format!("must have at most {limit} rows: make several requests");
        let errors = InvalidPackage::one("", rule).into_errors();
        Self::of(ProblemType::InvalidPackage, detail).with_errors(errors)
    }

    /// The guard hides packages that rows of an import are about. `first` has the first names, which
    /// the client has sent itself.
    #[cfg(feature = "import")]
    pub(crate) fn not_importable(count: usize, first: &[NormalizedName]) -> Self {
        let packages = match count {
            1 => "one of the packages in the body cannot be imported. Leave it out.".to_owned(),
            count => {
                format!("{count} of the packages in the body cannot be imported. Leave them out.")
            }
        };
        let detail =
            format!("Nothing was changed: {packages} The member `packages` lists the first names.");
        Self::of(ProblemType::PackageNotFound, detail).with_packages(first)
    }

    /// No row of an import can be written.
    #[cfg(feature = "import")]
    pub(crate) fn no_valid_row(invalid: InvalidPackage) -> Self {
        let detail = "Nothing was changed: no row of the body can be imported. The member `errors` \
                      says why.";
        Self::of(ProblemType::InvalidPackage, detail).with_errors(invalid.into_errors())
    }

    /// Rows of an import are about existing packages, and the request does not want that.
    #[cfg(feature = "import")]
    pub(crate) fn packages_exist(count: u64, first: &[NormalizedName]) -> Self {
        let rows = match count {
            1 => "a row is about a package that exists already, or that an earlier row adds"
                .to_owned(),
            count => format!(
                "{count} rows are about packages that exist already, or that earlier rows add"
            ),
        };
        let detail = format!(
            "Nothing was changed: {rows}. The member `packages` lists the first names. To leave such \
             packages as they are, use `on_existing=skip`; to change them, use `on_existing=update`."
        );
        Self::of(ProblemType::PackageExists, detail).with_packages(first)
    }

    pub(crate) fn content_too_large(limit: usize) -> Self {
        let detail = format!("The body must be at most {limit} bytes long.");
        Self::of(ProblemType::ContentTooLarge, detail)
    }

    pub(crate) fn unsupported_body(expected: &[&'static str], why: &UnsupportedBody) -> Self {
        let problem = Self::of(ProblemType::UnsupportedMediaType, why.to_string());
        match why {
            UnsupportedBody::ContentCoding => problem.with_header(ACCEPT_ENCODING, "identity"),
            UnsupportedBody::MediaType(_) if expected == [MERGE_PATCH_JSON] => {
                problem.with_header(ACCEPT_PATCH, MERGE_PATCH_JSON)
            }
            UnsupportedBody::MediaType(_) => problem.with_header(ACCEPT, expected.join(", ")),
        }
    }

    pub(crate) fn uri_too_long(limit: usize) -> Self {
        let detail = format!(
            "The path before the feed must be at most {limit} bytes long: each entry's link repeats it."
        );
        Self::of(ProblemType::UriTooLong, detail)
    }

    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("This resource supports the methods {allow}.");
        Self::of(ProblemType::MethodNotAllowed, detail).with_header(ALLOW, allow)
    }

    /// 500: an error of the service itself. The response does not describe the error.
    ///
    /// [`respond`](crate::respond) reports a panic with this problem, and a host that calls the
    /// steps itself should do the same. [`with_source`](Self::with_source) adds the cause for the
    /// log.
    #[must_use]
    pub fn internal() -> Self {
        Self::of(ProblemType::Internal, "An internal error of the service occurred.")
    }
}

impl From<NoHistory> for Problem {
    fn from(why: NoHistory) -> Self {
        Self::no_history(why)
    }
}

impl From<MalformedJson> for Problem {
    fn from(error: MalformedJson) -> Self {
        Self::of(ProblemType::MalformedJson, format!("The body is not JSON: {error}."))
    }
}

impl From<InvalidPackage> for Problem {
    fn from(invalid: InvalidPackage) -> Self {
        let detail = "The body is JSON, but it breaks the rules that `errors` lists.";
        Self::of(ProblemType::InvalidPackage, detail).with_errors(invalid.into_errors())
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

impl Problem {
    /// Tells the client how long to wait, in whole seconds, rounded up ([RFC 9110
    /// §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
    fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        self.with_header(RETRY_AFTER, seconds.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        let problem = match &cause {
            StoreError::Unavailable { retry_after, .. } => Self::of(
                ProblemType::StoreUnavailable,
                "The store cannot be used now. Nothing was written. Try again later.",
            )
            .with_retry_after(*retry_after),
            StoreError::Busy { retry_after } => Self::of(
                ProblemType::Busy,
                "The service is answering too many costly requests. Nothing was written. Try again later.",
            )
            .with_retry_after(*retry_after),
            StoreError::Internal { .. } => Self::internal(),
            StoreError::OutcomeUnknown { .. } => Self::of(
                ProblemType::OutcomeUnknown,
                "The store lost the connection during the write, so the write may have happened. Read the resource to see its current state.",
            ),
        };
        problem.with_source(cause)
    }
}
