//! `GET /packages/{name}`: read a package.

use std::future::Future;

use http::{Request, Response};

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::find;
use crate::http::conditions::Preconditions;
use crate::http::facts::{Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::response::{self, NO_CACHE};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{json_content, reference};
use crate::package::{NormalizedName, Stored};
use crate::store::PackageStore;

/// Returns the package that the path names, or 404 if there is none.
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
    conditions: Preconditions,
}

impl Operate for ReadPackage {
    const FACTS: Facts = Facts {
        summary: "Read a package",
        problems: &[P::PackageNotFound, P::PreconditionFailed, P::StoreUnavailable, P::Internal],
        success: Success::content("The package.", json_content(|| reference("Package"))),
        ..Facts::read("read_package", Blueprint::Packages, "/{name}")
    };

    type Result = Stored;

    fn decode(head: &Head<'_>, _: &[u8]) -> Result<Self, Problem> {
        Ok(Self { name: head.name()?, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Stored>, Problem> {
        let package = find(api.store(), &self.name).await?;
        Performed::read(package, &self.conditions, Stored::entity_tag)
    }

    fn encode(package: Stored, _: &Options) -> Response<Body> {
        let entity_tag = package.entity_tag();
        response::tagged(JSON, NO_CACHE, entity_tag, package.into_representation())
    }

    fn name(&self) -> Option<&NormalizedName> {
        Some(&self.name)
    }
}
