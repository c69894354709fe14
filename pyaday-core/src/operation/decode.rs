//! From a request to a command: the first of the three steps, pure and synchronous.

use std::str::FromStr;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::feed::FeedFormat;
use crate::daily::Date;
use crate::http::query::{self, Draw};
use crate::http::{Blueprint, Endpoint, Operation, Options, Preconditions, Problem, media_type};
use crate::package::{
    Details, Errors, Fields, MergePatch, NormalizedName, Package, PackageError, PackageName,
};
use crate::store::{Query, Replacement};

/// What a request asks for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// Which methods does an endpoint have?
    Options(&'static Endpoint),
    /// List packages.
    ListPackages {
        /// Which ones.
        query: Query,
        /// The URL of the page, its query as it was sent; the query alone where the host has no
        /// public URL.
        url: String,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Add a package.
    CreatePackage {
        /// The package to add, or what is wrong with the body: a client hears of it only if its
        /// conditions hold.
        package: Result<Package, Problem>,
        /// The URL of the list, as a client can follow it: the path that the request was sent to,
        /// unless the host has a public URL.
        path: String,
        /// The request's conditions on the list of packages.
        conditions: Preconditions,
    },
    /// Read one package.
    ReadPackage {
        /// Which one.
        name: NormalizedName,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Replace a package, but for its identity.
    UpdatePackage {
        /// Which one.
        name: NormalizedName,
        /// By what, or what is wrong with the body: a client hears of it only if the package is
        /// there and its conditions hold.
        replacement: Result<Replacement, Problem>,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Change some of a package.
    PatchPackage {
        /// Which one.
        name: NormalizedName,
        /// What to change, or what is wrong with the body, as for an update.
        patch: Result<MergePatch, Problem>,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Remove a package.
    DeletePackage {
        /// Which one.
        name: NormalizedName,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Draw packages.
    ReadRandomPackage(Draw),
    /// Tell the package of this day.
    ReadToday {
        /// The URL that the request was sent to, as a client can follow it: a path unless the host
        /// has a public URL.
        path: String,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Tell the package of a day.
    ReadDay {
        /// Which day.
        date: Date,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// List the pins of days to come.
    ListPins {
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Read the pin of a day to come.
    ReadPin {
        /// Which day.
        date: Date,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Choose the package of a day to come.
    PinDay {
        /// Which day.
        date: Date,
        /// Which package, or what is wrong with the body: a client hears of it only if the day is to
        /// come and its conditions hold.
        name: Result<NormalizedName, Problem>,
        /// The request's conditions on the pin.
        conditions: Preconditions,
    },
    /// Take back the pin of a day to come.
    UnpinDay {
        /// Which day.
        date: Date,
        /// The request's conditions on the pin.
        conditions: Preconditions,
    },
    /// Tell the packages of the last days.
    ReadFeed {
        /// In which format.
        format: FeedFormat,
        /// Where the blueprint is mounted, an absolute URL.
        url: String,
        /// The request's conditions.
        conditions: Preconditions,
    },
    /// Describe what is mounted.
    ReadOpenApi {
        /// The URL below which all blueprints are mounted: a path unless the host has a public URL.
        server: String,
        /// The request's conditions.
        conditions: Preconditions,
    },
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
    action.decode(options, parts, &body)
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
        if operation == Operation::PinDay {
            date_to_pin(options, &parts.uri)?;
        }
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
    pub(crate) fn decode(
        self,
        options: &Options,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Command, Problem> {
        let operation = match self {
            Self::Options(endpoint) => return Ok(Command::Options(endpoint)),
            Self::Operation(operation) => operation,
        };
        let uri = &parts.uri;
        let conditions = || Preconditions::from_headers(operation, &parts.headers);
        Ok(match operation {
            Operation::ListPackages => Command::ListPackages {
                query: query::list(options, uri.query())?,
                url: page_url(options, uri),
                conditions: conditions(),
            },
            Operation::CreatePackage => Command::CreatePackage {
                package: Package::from_json(body).map_err(Problem::from),
                path: options.reference(uri.path()),
                conditions: conditions(),
            },
            Operation::ReadPackage => {
                Command::ReadPackage { name: name(uri)?, conditions: conditions() }
            }
            Operation::UpdatePackage => {
                let name = name(uri)?;
                let replacement = replacement(&name, body);
                Command::UpdatePackage { name, replacement, conditions: conditions() }
            }
            Operation::PatchPackage => Command::PatchPackage {
                name: name(uri)?,
                patch: MergePatch::from_json(body).map_err(Problem::from),
                conditions: conditions(),
            },
            Operation::DeletePackage => {
                Command::DeletePackage { name: name(uri)?, conditions: conditions() }
            }
            Operation::ReadRandomPackage => Command::ReadRandomPackage(query::draw(uri.query())?),
            Operation::ReadToday => {
                Command::ReadToday { path: options.reference(uri.path()), conditions: conditions() }
            }
            Operation::ReadDay => Command::ReadDay { date: date(uri)?, conditions: conditions() },
            Operation::ListPins => Command::ListPins { conditions: conditions() },
            Operation::ReadPin => Command::ReadPin { date: date(uri)?, conditions: conditions() },
            Operation::PinDay => {
                let date = date_to_pin(options, uri)?;
                let name = pinned_name(body, date).map(|name| name.normalized());
                let name = name.map_err(Problem::from);
                Command::PinDay { date, name, conditions: conditions() }
            }
            Operation::UnpinDay => Command::UnpinDay { date: date(uri)?, conditions: conditions() },
            Operation::ReadAtomFeed => Command::ReadFeed {
                format: FeedFormat::Atom,
                url: feed_url(options, parts)?,
                conditions: conditions(),
            },
            Operation::ReadJsonFeed => Command::ReadFeed {
                format: FeedFormat::Json,
                url: feed_url(options, parts)?,
                conditions: conditions(),
            },
            Operation::ReadOpenApi => {
                let server = uri.path().strip_suffix(Blueprint::OpenApi.path());
                let server = options.reference(server.unwrap_or_default());
                Command::ReadOpenApi { server, conditions: conditions() }
            }
        })
    }
}

/// The package that the URL names in its last segment.
///
/// It is decoded here alone: frameworks decode in ways of their own, and none of the segments that
/// a host's prefix captures must get in between. What is no name, no package can have.
fn name(uri: &Uri) -> Result<NormalizedName, Problem> {
    last_segment(uri).ok_or_else(Problem::package_not_found)
}

/// The date that the URL names in its last segment.
fn date(uri: &Uri) -> Result<Date, Problem> {
    last_segment(uri).ok_or_else(Problem::invalid_date)
}

/// The same, unless it is too far ahead: pins are few.
fn date_to_pin(options: &Options, uri: &Uri) -> Result<Date, Problem> {
    /// How many days ahead a day can be pinned.
    const DAYS_AHEAD: i32 = 400;

    let last = Date::of(options.now()).plus_days(DAYS_AHEAD);
    match date(uri)? {
        date if date > last => Err(Problem::too_far_ahead(last)),
        date => Ok(date),
    }
}

fn last_segment<T: FromStr>(uri: &Uri) -> Option<T> {
    let segment = uri.path().rsplit('/').next()?;
    match segment.contains('%') {
        true => percent_decode_str(segment).decode_utf8().ok()?.parse().ok(),
        false => segment.parse().ok(),
    }
}

/// The URL of a page. Behind a proxy, what the request says of its scheme and authority may lead
/// nowhere, so without a public URL it is relative.
fn page_url(options: &Options, uri: &Uri) -> String {
    let base = options.public_url.as_ref().map(|_| options.reference(uri.path()));
    format!("{}?{}", base.unwrap_or_default(), uri.query().unwrap_or_default())
}

/// The absolute URL at which the blueprint of a feed is mounted.
fn feed_url(options: &Options, parts: &Parts) -> Result<String, Problem> {
    /// The longest path, in bytes. A host's prefix may capture a segment of any length, and a feed
    /// repeats it with each of its links.
    const MAX: usize = 512;

    let path = parts.uri.path();
    let mount = path.rsplit_once('/').map_or("", |(mount, _)| mount);
    if mount.len() > MAX {
        return Err(Problem::uri_too_long(MAX));
    }
    Ok(match options.public_url {
        Some(_) => options.reference(mount),
        None => format!("{}{mount}", origin(parts)),
    })
}

/// The scheme and authority that a client sees, as its request says.
fn origin(parts: &Parts) -> String {
    /// The longest name of a host, in bytes ([RFC 1035](https://www.rfc-editor.org/rfc/rfc1035)).
    const MAX_HOST: usize = 255;

    // The authority of the URL, if it has one, goes before the field (RFC 9112 §3.2.2). A URL of
    // another scheme does not lead here, and must lead nobody there.
    let scheme = parts.uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
    let authority = scheme.and(parts.uri.authority()).cloned();
    let field = || parts.headers.get(HOST)?.to_str().ok()?.parse::<Authority>().ok();
    let authority = authority.or_else(field).filter(|it| it.host().len() <= MAX_HOST);
    let scheme = scheme.unwrap_or("http");
    match authority {
        Some(authority) => match authority.port() {
            Some(port) => format!("{scheme}://{}:{port}", authority.host()),
            None => format!("{scheme}://{}", authority.host()),
        },
        None => format!("{scheme}://localhost"),
    }
}

/// The body of an update of `name`.
fn replacement(name: &NormalizedName, body: &[u8]) -> Result<Replacement, Problem> {
    let (spelling, details) = Details::from_json(body)?;
    match spelling {
        Some(other) if other.normalized() != *name => Err(Problem::name_mismatch(&other)),
        spelling => Ok(Replacement { spelling, details }),
    }
}

/// The package that the body of a pin names.
fn pinned_name(body: &[u8], date: Date) -> Result<PackageName, PackageError> {
    let Fields(mut members) = Fields::from_json(body)?;
    let mut errors = Errors::default();
    let name = errors.name(members.shift_remove("name"));
    if let Some(other) = members.shift_remove("date")
        && other != date.to_string()
    {
        errors.push("/date".to_owned(), format!("must be {date}, as in the URL, or left out"));
    }
    errors.unknown(&members, "is not a member of a pin");
    match name {
        Some(name) if errors.is_empty() => Ok(name),
        _ => Err(errors.into_invalid().into()),
    }
}
