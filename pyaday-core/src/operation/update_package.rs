//! `PUT /packages/{name}`: replace a package.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::{Terms, newest};
use crate::http::facts::{Facts, PUT, RequestBody, Success};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::package::{Details, NormalizedName};
use crate::store::{PackageStore, Replacement, Update};

/// Replaces everything except the name of the package that the path names: 204, or 404 if there is
/// none.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn update_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<UpdatePackage, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct UpdatePackage {
    name: NormalizedName,
    /// The replacement, or the faults of the body. The faults are reported only if the package
    /// exists and the conditions of the request hold.
    replacement: Result<Replacement, Problem>,
    terms: Terms,
}

impl Operate for UpdatePackage {
    const FACTS: Facts = Facts {
        summary: "Replace the fields of a package",
        body: Some(RequestBody::json("PackageUpdate", || {
            json!({
                "short_desc": "The dynamic configurator for your Python Project",
                "tags": ["config"],
            })
        })),
        problems: &[
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PackageNotFound,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::NameMismatch,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success::no_content("The package was replaced."),
        ..Facts::write("update_package", PUT, Blueprint::Packages, "/{name}")
    };

    type Result = ();

    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem> {
        let name = head.name()?;
        let replacement = replacement(&name, body);
        Ok(Self { name, replacement, terms: Terms::new(head) })
    }

    /// The store evaluates the conditions against the version that is replaced, at the moment of
    /// the replacement.
    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<()>, Problem> {
        let terms = self.terms;
        if self.replacement.is_err() {
            terms.check(Some(newest(api.store(), &self.name).await?.revision()))?;
        }
        match api.store().update(&self.name, self.replacement?, terms.write()).await? {
            Update::Updated(_) | Update::Unchanged(_) => Ok(Performed::new(())),
            Update::Absent => Err(Problem::package_not_found()),
            Update::Stale(current) => Err(terms.refused(Some(current.revision()))),
        }
    }

    fn encode((): (), _: &Options) -> Response<Body> {
        response::no_content()
    }

    fn name(&self) -> Option<&NormalizedName> {
        Some(&self.name)
    }
}

/// Reads the body of an update of the package `name`.
fn replacement(name: &NormalizedName, body: &[u8]) -> Result<Replacement, Problem> {
    let (spelling, details) = Details::from_json(body)?;
    match spelling {
        Some(other) if other.normalized() != *name => Err(Problem::name_mismatch(&other, name)),
        spelling => Ok(Replacement { spelling, details }),
    }
}
