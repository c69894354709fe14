//! `DELETE /packages/{name}`: delete a package.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::http::facts::{DELETE, Facts, Success};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::package::NormalizedName;
use crate::store::{Delete, PackageStore};

/// Deletes the package that the path names: 204, or 404 if there is none.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn delete_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<DeletePackage, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct DeletePackage {
    name: NormalizedName,
    terms: Terms,
}

impl Operate for DeletePackage {
    const FACTS: Facts = Facts {
        summary: "Delete a package",
        problems: &[
            P::PackageNotFound,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success::no_content("The package was deleted."),
        ..Facts::write("delete_package", DELETE, Blueprint::Packages, "/{name}")
    };

    type Result = ();

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { name: head.name()?, terms: Terms::new(head) })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<()>, Problem> {
        let terms = self.terms;
        match api.store().delete(&self.name, terms.write()).await? {
            Delete::Deleted => Ok(Performed::new(())),
            Delete::Absent => Err(Problem::package_not_found()),
            Delete::Stale(current) => Err(terms.refused(Some(current.revision()))),
        }
    }

    fn encode((): (), _: &Options) -> Response<Body> {
        response::no_content()
    }

    fn name(&self) -> Option<&NormalizedName> {
        Some(&self.name)
    }
}
