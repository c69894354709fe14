//! `POST /import`: put the packages of a file into the catalogue, or find out what that would do.

mod plan;
mod report;
mod request;

use std::future::Future;
use std::mem;
use std::num::NonZeroUsize;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use self::plan::{Plan, Rejected, ask, leave_out_hidden, read};
use self::report::Report;
use self::request::{ImportRequest, format_of, parameters};
use super::costly::Turn;
use super::guarded::Guarded;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::read_package::ReadPackage;
use super::terms::{PATIENCE, Terms};
use crate::http::facts::{Caching, Conditions, Facts, POST, RequestBody, Success};
use crate::http::head::Head;
use crate::http::media_type::{CSV, JSON, NDJSON, TSV};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::import::{Format, Row};
use crate::openapi::parts::{json_content, reference};
use crate::package::Revision;
use crate::store::{Batched, PackageStore, Query};

/// Puts the packages in the body into the catalogue, in one write: 200 with what became of its rows.
/// Returns 400 if the body cannot be read as its type says, or 422 if none of its rows is valid.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn import_packages<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ImportPackages, _, _>(api, request)
}

/// How often the rows are compared with the catalogue and written again after another client has
/// changed one of their packages in between.
const TRIES: usize = 16;

#[derive(Debug)]
pub(super) struct ImportPackages {
    /// A long body takes many milliseconds to read, so this is left to the second step, which drops it
    /// when the rows have been read.
    body: Bytes,
    length: usize,
    format: Format,
    request: ImportRequest,
    /// The terms, with the conditions on the list of packages.
    terms: Terms,
}

/// The response, and the newest revision of the catalogue after the request.
pub(super) struct Imported {
    content: Bytes,
    newest: Revision,
}

impl Operate for ImportPackages {
    const FACTS: Facts = Facts {
        summary: "Import packages",
        description: "Puts the packages of a file into the catalogue, in one write: a table in CSV or \
            TSV with a header (`name`, `summary` or `short_desc`, `tags`, `metadata`, and other \
            columns, which become metadata), or objects with these members in NDJSON or JSON. Rows \
            that are not valid are reported, and the others are written. The entity tag is that of \
            the catalogue after the request. If `If-Match` has the entity tag of a dry run, then the \
            request does what the dry run has reported, or nothing. The parameter `_` and \
            parameters whose names begin with `utm_` are ignored. Any other parameter that is not \
            listed here is refused.",
        body: Some(RequestBody {
            other_media_types: &[JSON, CSV, TSV],
            limit: |options| options.import_limit,
            malformed: P::MalformedImport,
            has_turns: true,
            ..RequestBody::new(NDJSON, "ImportedRows", || {
                json!("{\"name\":\"flask\",\"summary\":\"A web framework\"}\n")
            })
        }),
        query: parameters,
        conditions: Conditions::Optional,
        problems: &[
            P::InvalidQuery,
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PreconditionFailed,
            P::MalformedImport,
            P::InvalidPackage,
            P::PackageNotFound,
            P::PackageExists,
            P::StoreUnavailable,
            P::Busy,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success {
            caching: Caching::NoStore,
            ..Success::content(
                "What became of the rows, or would become of them.",
                json_content(|| reference("ImportReport")),
            )
        },
        ..Facts::write("import_packages", POST, Blueprint::Transfer, "/import")
    };

    type Result = Imported;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        ImportRequest::from_query(head.query()).map(drop)
    }

    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem> {
        let request = ImportRequest::from_query(head.query())?;
        let format = format_of(&head.parts.headers)?;
        let terms = Terms::of_creation(head);
        Ok(Self { body: body.clone(), length: body.len(), format, request, terms })
    }

    async fn execute<S: PackageStore>(
        mut self,
        api: &Api<S>,
    ) -> Result<Performed<Imported>, Problem> {
        let names = names_to_compare(api.store()).await?;
        let turn = Turn::take(api, self.length.saturating_add(names))?;
        self.terms.check_list(api.store()).await?;
        let actor = self.terms.actor();
        let mut guard = Guarded::new(api.options(), const { &Self::FACTS }, actor.cloned());
        let body = mem::take(&mut self.body);
        let (format, request) = (self.format, self.request.clone());
        let rows = turn.run(self.length, move || read(&body, format, &request)).await??;
        let begin = Instant::now();
        for _ in 0..TRIES {
            if let Some(imported) = self.attempt(api, &turn, &mut guard, &rows).await? {
                return Ok(Performed::new(imported));
            }
            if begin.elapsed() >= PATIENCE {
                break;
            }
        }
        Err(Problem::contended())
    }

    fn encode(imported: Imported, _: &Options) -> Response<Body> {
        response::tagged(JSON, response::NO_STORE, imported.newest.entity_tag(), imported.content)
    }
}

impl ImportPackages {
    /// Compares the rows with the catalogue, and writes them if no other client has changed one of
    /// their packages in between. Otherwise returns `None`.
    ///
    /// The packages are read after each write that was acknowledged before. So if the write requires
    /// a revision of the list, then the packages were read at this revision. The rows share their
    /// packages with the write.
    async fn attempt<S: PackageStore>(
        &self,
        api: &Api<S>,
        turn: &Turn,
        guard: &mut Guarded<'_>,
        rows: &[Row],
    ) -> Result<Option<Imported>, Problem> {
        let (store, options) = (api.store(), api.options());
        store.refresh().await?;
        let (request, shown) = (self.request.clone(), options.max_page_limit.get());
        ask(guard, rows, shown).await?;
        let mut preview = self.request.import().preview(store, rows).await?;
        let actor = self.terms.actor().cloned();
        let mut readers_guard = Guarded::new(options, const { &ReadPackage::FACTS }, actor);
        leave_out_hidden(&mut readers_guard, &mut preview.rows).await;
        let plan = turn.run(self.length, move || Plan::new(preview, &request, shown)).await?;
        let Plan { batch, report } = plan.map_err(Rejected::into_problem)?;
        let write = self.terms.write();
        let batch = batch.dry_run(self.request.is_dry_run);
        Ok(match store.write_batch(batch, write).await? {
            Batched::Written(revision) => Some(imported(report, Some(revision), revision)),
            Batched::Unwritten(newest) => Some(imported(report, None, newest)),
            Batched::Stale(newest) => return Err(self.terms.refused(Some(newest))),
            Batched::Conflict(_) => None,
        })
    }
}

/// How many bytes of JSON take as long to read as the names of all packages, among which every import
/// looks for similar ones.
async fn names_to_compare<S: PackageStore>(store: &S) -> Result<usize, Problem> {
    /// What one name takes.
    const NAME: usize = 4;

    let list = store.list(&Query::new(NonZeroUsize::MIN)).await?;
    Ok(list.total.unwrap_or_default().saturating_mul(NAME))
}

fn imported(report: Report, change: Option<Revision>, newest: Revision) -> Imported {
    Imported { content: report.finish(change), newest }
}
