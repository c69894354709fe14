//! `POST /changes`: change many packages at once.

mod plan;
mod request;
mod selection;

use std::future::Future;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use self::plan::Plan;
pub(crate) use self::request::MAX_PACKAGES;
use self::request::{BulkRequest, Edit, Select};
use self::selection::select;
use super::changes::{MADE, Made, Preview, dry_run, dry_run_parameter, preview};
use super::costly::Turn;
use super::guarded::Guarded;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::{PATIENCE, Terms};
use crate::history::Change;
use crate::http::facts::{Conditions, Facts, POST, RequestBody};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::QUERY_DESCRIPTION;
use crate::package::PackageName;
use crate::store::{Batched, PackageStore};

/// Changes the tags of all packages that the body selects, or deletes them, in one write: 201 with
/// the `Location` of the change.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn change_packages<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ChangePackages, _, _>(api, request)
}

/// The maximum length of the body, in bytes: room for the longest names, each with quotes, a comma
/// and indentation, and for everything else.
const MAX_BODY: usize = MAX_PACKAGES * (PackageName::MAX_BYTES + 16) + 64 * 1024;

/// How often the packages are read and written again after another client has changed one of them
/// in between.
const TRIES: usize = 16;

#[derive(Debug)]
pub(super) struct ChangePackages {
    /// A long body takes many milliseconds to read, so this is left to the second step.
    body: Bytes,
    is_dry_run: bool,
    /// The URL of the list of changes, in a form that a client can follow.
    url: String,
    /// The terms, with the conditions on the list of packages.
    terms: Terms,
}

impl Operate for ChangePackages {
    const FACTS: Facts = Facts {
        summary: "Change the tags of many packages, or delete them",
        description: QUERY_DESCRIPTION,
        body: Some(RequestBody {
            limit: |_| MAX_BODY,
            has_turns: true,
            ..RequestBody::json(
                "BulkChange",
                || json!({ "select": { "names": ["flask"] }, "add_tags": ["web"] }),
            )
        }),
        query: dry_run_parameter,
        conditions: Conditions::Optional,
        problems: &[
            P::InvalidQuery,
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::PackageNotFound,
            P::StoreUnavailable,
            P::Busy,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: MADE,
        preview: Some(preview("What would be changed, or that there is nothing to change.")),
        ..Facts::write("change_packages", POST, Blueprint::Changes, "")
    };

    type Result = Made;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        dry_run(head).map(drop)
    }

    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem> {
        let is_dry_run = dry_run(head)?;
        let terms = Terms::of_creation(head);
        Ok(Self { body: body.clone(), is_dry_run, url: head.url(), terms })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Made>, Problem> {
        let Self { body, is_dry_run, url, terms } = self;
        terms.check_list(api.store()).await?;
        let length = body.len();
        let turn = Turn::take(api, length)?;
        let BulkRequest { select, edit } =
            turn.run(length, move || BulkRequest::from_json(&body)).await??;
        // The packages take another turn, if there are many.
        drop(turn);
        let guard = Guarded::new(api.options(), const { &Self::FACTS }, terms.actor().cloned());
        let mut bulk = Bulk { api, select, edit, is_dry_run, guard, terms };
        let begin = Instant::now();
        for _ in 0..TRIES {
            match bulk.attempt().await? {
                Some(Tried::Written(change)) => {
                    let location = format!("{url}/{}", change.revision);
                    return Ok(Performed::new(Made::Written { change, location }));
                }
                Some(Tried::Unwritten(preview)) => {
                    return Ok(Performed::preview(Made::Preview(preview)));
                }
                None if begin.elapsed() >= PATIENCE => break,
                None => {}
            }
        }
        Err(Problem::contended())
    }

    fn encode(made: Made, options: &Options) -> Response<Body> {
        made.encode(options)
    }
}

/// A request that is carried out.
struct Bulk<'a, S> {
    api: &'a Api<S>,
    select: Select,
    edit: Edit,
    is_dry_run: bool,
    guard: Guarded<'a>,
    terms: Terms,
}

/// The result of an attempt to write.
enum Tried {
    Written(Change),
    /// It is a dry run, or there is nothing to change.
    Unwritten(Preview),
}

impl<S: PackageStore> Bulk<'_, S> {
    /// Reads the packages, changes them, and writes them if no other client has changed one of them
    /// in between. Otherwise returns `None`.
    ///
    /// The packages are read after each write that was acknowledged before. So if the write requires
    /// a revision of the list, then the packages were read at this revision.
    async fn attempt(&mut self) -> Result<Option<Tried>, Problem> {
        let (store, options) = (self.api.store(), self.api.options());
        store.refresh().await?;
        let packages = select(store, &self.select, &mut self.guard).await?;
        let length = packages.iter().map(|(_, version)| version.len()).sum();
        let turn = Turn::take(self.api, length)?;
        let (edit, shown) = (self.edit.clone(), options.max_page_limit.get());
        let plan = turn.run(length, move || Plan::new(&packages, &edit, shown)).await?;
        let Plan { batch, count, first } = plan.map_err(|names| Problem::too_many_tags(&names))?;
        let (kind, write) = (batch.kind(), self.terms.write());
        let batch = batch.dry_run(self.is_dry_run);
        Ok(match store.write_batch(batch, write.clone()).await? {
            Batched::Written(revision) => {
                Some(Tried::Written(Change { count, ..write.change(revision, kind) }))
            }
            Batched::Unwritten(newest) => {
                let pins = Vec::new();
                Some(Tried::Unwritten(Preview { kind, count, packages: first, pins, newest }))
            }
            Batched::Stale(newest) => return Err(self.terms.refused(Some(newest))),
            Batched::Conflict(_) => None,
        })
    }
}
