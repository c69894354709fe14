//! `POST /packages`: add a package.

use std::future::Future;

use bytes::Bytes;
use http::header::{ETAG, LOCATION as LOCATION_FIELD};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::http::facts::{Conditions, Facts, POST, RequestBody, Success};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::openapi::parts::LOCATION;
use crate::package::{NormalizedName, Package, Stored};
use crate::store::{Create, PackageStore};

/// Adds the package in the body: 201 with its `Location`, or 409 if a package with this name
/// exists.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn create_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<CreatePackage, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct CreatePackage {
    /// The package to add and its normalised name, or the faults of the body. The faults are
    /// reported only if the conditions of the request hold.
    package: Result<(Package, NormalizedName), Problem>,
    /// The URL of the list, in a form that a client can follow.
    url: String,
    /// The terms, with the conditions on the list of packages.
    terms: Terms,
}

/// The package that was added.
pub(super) struct Created {
    package: Stored,
    location: String,
}

impl Operate for CreatePackage {
    const FACTS: Facts = Facts {
        summary: "Add a package",
        body: Some(RequestBody::json("Package", || {
            json!({
                "name": "dynaconf",
                "short_desc": "The dynamic configurator for your Python Project",
            })
        })),
        conditions: Conditions::Optional,
        problems: &[
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::PackageExists,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success {
            status: StatusCode::CREATED,
            has_entity_tag: true,
            fields: &[LOCATION],
            links,
            ..Success::no_content("The package was added.")
        },
        ..Facts::write("create_package", POST, Blueprint::Packages, "")
    };

    type Result = Created;

    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem> {
        let package = Package::from_json(body).map_err(Problem::from);
        let package = package.map(|package| {
            let name = package.name.normalized();
            (package, name)
        });
        Ok(Self { package, url: head.url(), terms: Terms::of_creation(head) })
    }

    /// The conditions of a creation apply to the list of packages.
    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Created>, Problem> {
        let store = api.store();
        let terms = self.terms;
        if self.package.is_err() {
            terms.check_list(store).await?;
        }
        let (package, _) = self.package?;
        let location = format!("{}/{}", self.url, package.name);
        match store.create(package, terms.write()).await? {
            Create::Created(package) => Ok(Performed::new(Created { package, location })),
            Create::Exists(there) => Err(Problem::package_exists(&there)),
            Create::Stale(list) => Err(terms.refused(Some(list))),
        }
    }

    fn encode(created: Created, _: &Options) -> Response<Body> {
        let mut response = response::created();
        let headers = response.headers_mut();
        headers.insert(ETAG, created.package.entity_tag());
        response::insert(headers, LOCATION_FIELD, created.location);
        response
    }

    fn name(&self) -> Option<&NormalizedName> {
        self.package.as_ref().ok().map(|(_, name)| name)
    }
}

/// The requests that a client can make for the package that it has added.
fn links() -> Option<Value> {
    let link = |operation: &str| json!({ "operationId": operation, "parameters": { "name": "$request.body#/name" } });
    Some(json!({
        "read": link("read_package"),
        "update": link("update_package"),
        "patch": link("patch_package"),
        "delete": link("delete_package"),
    }))
}
