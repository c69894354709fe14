//! `GET /packages/{name}`: read a package.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::find;
use crate::http::conditions::Preconditions;
use crate::http::facts::{Caching, Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::response::{self, NO_CACHE, immutable};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, query};
use crate::openapi::parts::{REVISION, described, json_content, parameter, reference};
use crate::package::{NormalizedName, Revision, Stored};
use crate::store::PackageStore;

/// Returns the package that the path names, or 404 if there is none. With the parameter `at`, returns
/// the version of the past, or 404 if the history does not reach so far.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadPackage, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadPackage {
    name: NormalizedName,
    /// The moment of the past that the request is about.
    at: Option<Revision>,
    conditions: Preconditions,
}

/// The version that was asked for.
pub(super) struct Found {
    version: Stored,
    /// True if it is the version of a moment, which never changes.
    is_past: bool,
}

impl Operate for ReadPackage {
    const FACTS: Facts = Facts {
        summary: "Read a package",
        description: "Other parameters than `at` are ignored.",
        query: parameters,
        problems: &[
            P::InvalidQuery,
            P::PackageNotFound,
            P::NoHistory,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::Internal,
        ],
        success: Success {
            caching: Caching::ImmutablePast,
            ..Success::content("The package.", json_content(|| reference("Package")))
        },
        ..Facts::read("read_package", Blueprint::Packages, "/{name}")
    };

    type Result = Found;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let at = match head.query() {
            "" => None,
            query => moment(query)?,
        };
        Ok(Self { name: head.name()?, at, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Found>, Problem> {
        let version = match self.at {
            None => find(api.store(), &self.name).await?,
            // The future of this rare case is boxed, so that the common one stays small.
            Some(at) => Box::pin(find_at(api.store(), &self.name, at)).await?,
        };
        let found = Found { version, is_past: self.at.is_some() };
        Performed::read(found, &self.conditions, |found| found.version.entity_tag())
    }

    fn encode(Found { version, is_past }: Found, options: &Options) -> Response<Body> {
        let cache_control = if is_past { immutable(options.caches()) } else { NO_CACHE };
        let entity_tag = version.entity_tag();
        response::tagged(JSON, cache_control, entity_tag, version.into_representation())
    }

    fn name(&self) -> Option<&NormalizedName> {
        Some(&self.name)
    }
}

/// The value of the parameter `at`.
fn moment(query: &str) -> Result<Option<Revision>, Problem> {
    query::only(query, "at")?.map(|at| query::revision("at", &at)).transpose()
}

/// The version that the package of a name had at a revision.
async fn find_at<S: PackageStore>(
    store: &S,
    name: &NormalizedName,
    at: Revision,
) -> Result<Stored, Problem> {
    let version = store.read_at(name, at).await?.known()?;
    version.ok_or_else(Problem::package_not_found)
}

/// The parameter in the form of OpenAPI.
fn parameters(_: &Options) -> Vec<Value> {
    let what = "The revision of a change. The response is the version that the package had right \
                after it. The history must reach so far.";
    vec![described(what, parameter("at", "query", reference(REVISION)))]
}
