//! `PATCH /packages/{name}`: change parts of a package.

use std::future::Future;
use std::time::Instant;

use bytes::Bytes;
use http::header::ETAG;
use http::{Request, Response};
use serde_json::json;

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::{PATIENCE, Terms, newest};
use crate::http::facts::{Facts, PATCH, RequestBody, Success};
use crate::http::head::Head;
use crate::http::media_type::MERGE_PATCH_JSON;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::package::{MergePatch, NormalizedName, Package, Revision, Stored};
use crate::store::{PackageStore, Update};

/// Applies the JSON Merge Patch (RFC 7396) in the body to the package that the path names: 204, or
/// 404 if there is none.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn patch_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<PatchPackage, _, _>(api, request)
}

/// How often a patch is applied again after another client has written the package.
///
/// A store that commits many writes at once lets one of several patches of a package through with each
/// commit, so this is how many clients may patch one package at the same moment. A patch takes
/// microseconds to apply.
const TRIES: usize = 64;

#[derive(Debug)]
pub(super) struct PatchPackage {
    name: NormalizedName,
    /// The patch, or the faults of the body. The faults are reported only if the package exists and
    /// the conditions of the request hold.
    patch: Result<MergePatch, Problem>,
    terms: Terms,
}

impl Operate for PatchPackage {
    const FACTS: Facts = Facts {
        summary: "Change parts of a package",
        body: Some(RequestBody {
            media_type: MERGE_PATCH_JSON,
            ..RequestBody::json("PackagePatch", || json!({ "tags": ["web"] }))
        }),
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
        success: Success {
            has_entity_tag: true,
            ..Success::no_content("The package was changed.")
        },
        ..Facts::write("patch_package", PATCH, Blueprint::Packages, "/{name}")
    };

    type Result = Stored;

    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem> {
        let (name, patch) = (head.name()?, MergePatch::from_json(body));
        Ok(Self { name, patch: patch.map_err(Problem::from), terms: Terms::new(head) })
    }

    /// A patch is written only if the package still has the version to which the patch was applied.
    /// If another client has written the package meanwhile, the patch is applied to the new
    /// version. [`TRIES`] and [`PATIENCE`] limit this.
    ///
    /// The version that this process knows may be old, so it must not cause a refusal. If the patch
    /// cannot be applied to that version, it is applied to the current one.
    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Stored>, Problem> {
        let Self { name, patch, terms } = self;
        let store = api.store();
        let patch = match patch {
            Ok(patch) => patch,
            Err(problem) => {
                terms.check(Some(newest(store, &name).await?.revision()))?;
                return Err(problem);
            }
        };
        let known = store.read(&name).await?;
        let mut base = match known.map(|known| Patched::new(&known, &patch, &name, &terms)) {
            Some(Ok(patched)) => patched,
            _ => Patched::new(&newest(store, &name).await?, &patch, &name, &terms)?,
        };
        let begin = Instant::now();
        for _ in 0..TRIES {
            let write = terms.write_without_conditions().if_revision(base.revision);
            match store.update(&name, base.package.into(), write).await? {
                Update::Updated(now) | Update::Unchanged(now) => return Ok(Performed::new(now)),
                Update::Absent => return Err(Problem::package_not_found()),
                Update::Stale(now) => base = Patched::new(&now, &patch, &name, &terms)?,
            }
            if begin.elapsed() >= PATIENCE {
                break;
            }
        }
        Err(Problem::contended())
    }

    fn encode(package: Stored, _: &Options) -> Response<Body> {
        let mut response = response::no_content();
        response.headers_mut().insert(ETAG, package.entity_tag());
        response
    }

    fn name(&self) -> Option<&NormalizedName> {
        Some(&self.name)
    }
}

/// Applies a patch to a version of a package.
struct Patched {
    package: Package,
    /// The revision of the version.
    revision: Revision,
}

impl Patched {
    fn new(
        version: &Stored,
        patch: &MergePatch,
        name: &NormalizedName,
        terms: &Terms,
    ) -> Result<Self, Problem> {
        let revision = version.revision();
        terms.check(Some(revision))?;
        let package = patch.apply_to_version(version)?;
        match package.name.normalized() == *name {
            true => Ok(Self { package, revision }),
            false => Err(Problem::name_mismatch(&package.name, name)),
        }
    }
}
