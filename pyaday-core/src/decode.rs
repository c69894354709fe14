//! From a request to a command: the first of the three steps, pure and synchronous.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Uri, request::Parts};
use percent_encoding::percent_decode_str;

use crate::api::Options;
use crate::endpoint::{Endpoint, Operation};
use crate::media_type;
use crate::name::NormalizedName;
use crate::package::{Details, Package};
use crate::problem::Problem;

/// What a request asks for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// Which methods does an endpoint have?
    Options(&'static Endpoint),
    /// Add a package.
    CreatePackage {
        /// The package to add.
        package: Package,
        /// The path that the request was sent to, as it was sent.
        path: String,
    },
    /// Read one package.
    ReadPackage {
        /// Which one.
        name: NormalizedName,
    },
    /// Replace all but the name of a package.
    UpdatePackage {
        /// Which one.
        name: NormalizedName,
        /// By what, or what is wrong with the body: a client is told so only when the package is
        /// there.
        details: Result<Details, Problem>,
    },
    /// Remove a package.
    DeletePackage {
        /// Which one.
        name: NormalizedName,
    },
    /// Draw a package.
    ReadRandomPackage,
}

/// Reads what a request to an endpoint asks for.
///
/// The checks come in a fixed order: method (405), media type (415), size (413), then for a package
/// its name (404) and only then the body.
///
/// # Errors
/// The first check that fails.
pub fn decode(
    options: &Options,
    endpoint: &'static Endpoint,
    parts: &Parts,
    body: Bytes,
) -> Result<Command, Problem> {
    let action = Action::of(options, endpoint, parts)?;
    if action.takes_body() && body.len() > options.body_limit {
        return Err(Problem::content_too_large(options.body_limit));
    }
    action.decode(&parts.uri, &body)
}

/// What a request's head asks for, found acceptable; its body is yet to come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Options(&'static Endpoint),
    Operation(Operation),
}

impl Action {
    /// Checks all that can be checked before the body is read.
    pub(crate) fn of(
        options: &Options,
        endpoint: &'static Endpoint,
        parts: &Parts,
    ) -> Result<Self, Problem> {
        if parts.method == Method::OPTIONS {
            return Ok(Self::Options(endpoint));
        }
        let Some(operation) = endpoint.operation(&parts.method) else {
            return Err(Problem::method_not_allowed(endpoint));
        };
        Self::checked(options, operation, parts)
    }

    /// The same where the method is known to be matched.
    pub(crate) fn checked(
        options: &Options,
        operation: Operation,
        parts: &Parts,
    ) -> Result<Self, Problem> {
        if let Some(media_type) = operation.media_type() {
            if let Some(fault) = media_type::fault(&parts.headers, media_type) {
                return Err(Problem::unsupported_media_type(operation, fault));
            }
            let declared = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
            let declared = declared.and_then(|value| value.parse::<u64>().ok());
            if declared.is_some_and(|length| length > options.body_limit as u64) {
                return Err(Problem::content_too_large(options.body_limit));
            }
        }
        Ok(Self::Operation(operation))
    }

    pub(crate) fn takes_body(self) -> bool {
        matches!(self, Self::Operation(operation) if operation.media_type().is_some())
    }

    /// Reads the rest of the request.
    pub(crate) fn decode(self, uri: &Uri, body: &[u8]) -> Result<Command, Problem> {
        let operation = match self {
            Self::Options(endpoint) => return Ok(Command::Options(endpoint)),
            Self::Operation(operation) => operation,
        };
        Ok(match operation {
            Operation::CreatePackage => Command::CreatePackage {
                package: Package::from_json(body)?,
                path: uri.path().to_owned(),
            },
            Operation::ReadPackage => Command::ReadPackage { name: name(uri)? },
            Operation::UpdatePackage => {
                let name = name(uri)?;
                let details = details(&name, body);
                Command::UpdatePackage { name, details }
            }
            Operation::DeletePackage => Command::DeletePackage { name: name(uri)? },
            Operation::ReadRandomPackage => Command::ReadRandomPackage,
        })
    }
}

/// The package that the URL names in its last segment.
///
/// It is decoded here alone: frameworks decode in ways of their own, and none of the segments that
/// a host's prefix captures must get in between. What is no name, no package can have.
fn name(uri: &Uri) -> Result<NormalizedName, Problem> {
    let segment = uri.path().rsplit('/').next().unwrap_or_default();
    let decoded = percent_decode_str(segment).decode_utf8().ok();
    decoded.and_then(|name| name.parse().ok()).ok_or_else(Problem::package_not_found)
}

/// The body of an update of `name`.
fn details(name: &NormalizedName, body: &[u8]) -> Result<Details, Problem> {
    match Details::from_json(body)? {
        (Some(other), _) if other.normalized() != *name => Err(Problem::name_mismatch(&other)),
        (_, details) => Ok(details),
    }
}
