//! `POST /changes/{revision}/undo`: take a change back.

use std::future::Future;
use std::num::NonZeroUsize;

use http::header::{ETAG, LOCATION};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::changes::{write_change, write_packages};
use super::days::last_open;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::daily::Date;
use crate::history::{Change, ChangeDetails, ChangeKind, ChangedPackage, ChangedPin};
use crate::http::facts::{Caching, Conditions, Facts, POST, Success};
use crate::http::guard::ask_about;
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::query::{Parameter, Parameters, boolean, pairs};
use crate::http::response::{self, NO_STORE};
use crate::http::{Api, Blueprint, Body, Operation, Options, Problem, ProblemType as P, path};
use crate::openapi::parts::{
    CHANGE_LOCATION, QUERY_DESCRIPTION, described, json_content, parameter, reference,
};
use crate::package::Revision;
use crate::store::{Batch, Batched, PackageStore};

/// Takes back the change of the revision that the path names: 201 with the `Location` of the new
/// change, 404 if there is no such change, or 409 if a package is no longer as the change left it.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn undo_change<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<UndoChange, _, _>(api, request)
}

/// How many packages a request can take back at most.
const LIMIT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(20_000 - 1);

#[derive(Debug)]
pub(super) struct UndoChange {
    revision: Revision,
    is_dry_run: bool,
    /// The URL of the list of changes, in a form that a client can follow.
    url: String,
    /// The terms, with the conditions on the list of packages.
    terms: Terms,
}

/// What the undo did, or would do.
pub(super) enum Undone {
    Written { change: Change, location: String },
    Preview { packages: Vec<ChangedPackage>, pins: Vec<ChangedPin>, newest: Revision },
}

impl Operate for UndoChange {
    const FACTS: Facts = Facts {
        summary: "Take a change back",
        description: QUERY_DESCRIPTION,
        query: parameters,
        conditions: Conditions::Optional,
        problems: &[
            P::InvalidQuery,
            P::ChangeNotFound,
            P::NoHistory,
            P::PreconditionFailed,
            P::NotUndoable,
            P::StoreUnavailable,
            P::Busy,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success {
            status: StatusCode::CREATED,
            caching: Caching::NoStore,
            has_entity_tag: false,
            fields: &[CHANGE_LOCATION],
            ..Success::content("The new change.", json_content(|| reference("Change")))
        },
        preview: Some(Success {
            caching: Caching::NoStore,
            ..Success::content("What would be changed.", json_content(|| reference("Preview")))
        }),
        ..Facts::write("undo_change", POST, Blueprint::Changes, "/{revision}/undo")
    };

    type Result = Undone;

    fn decode(head: &Head<'_>, _: &[u8]) -> Result<Self, Problem> {
        let mut parameters = Parameters([Parameter::once("dry_run")]);
        let mut is_dry_run = false;
        for pair in pairs(head.query()) {
            if let Some((name, value)) = parameters.admit(pair)? {
                is_dry_run = boolean(name, &value)?;
            }
        }
        let list = path::split_mount(Self::FACTS.path, head.path()).unwrap_or_default();
        Ok(Self {
            revision: head.revision()?,
            is_dry_run,
            url: head.options.reference(list),
            terms: Terms::of_creation(head),
        })
    }

    /// The store compares all packages and writes in one step, so nothing needs to be locked while
    /// the change is read.
    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Undone>, Problem> {
        let (store, terms) = (api.store(), self.terms);
        let change = store.change(self.revision, None, LIMIT).await?.known()?;
        let change = change.ok_or_else(Problem::change_not_found)?;
        if change.next.is_some() {
            return Err(Problem::too_large_to_undo(LIMIT.get()));
        }
        let operation = Operation::new(const { &Self::FACTS });
        for package in &change.packages {
            ask_about(api.options(), operation, terms.actor(), &package.name)?;
        }
        let batch = inverse(&change, last_open(api.options().now())).dry_run(self.is_dry_run);
        let write = terms.write();
        match store.write_batch(batch, write.clone()).await? {
            Batched::Written(revision) => {
                let made = write.change(revision, ChangeKind::Undo);
                let change = Change { count: change.change.count, ..made };
                let location = format!("{}/{revision}", self.url);
                Ok(Performed::new(Undone::Written { change, location }))
            }
            Batched::Unwritten(newest) => Ok(Performed::preview(preview(change, newest))),
            Batched::Stale(newest) => Err(terms.refused(Some(newest))),
            Batched::Conflict(conflict) => Err(Problem::not_undoable(&conflict)),
        }
    }

    fn encode(undone: Undone, options: &Options) -> Response<Body> {
        match undone {
            Undone::Written { change, location } => {
                let body = write_change(&change).into();
                let mut response = response::content(StatusCode::CREATED, JSON, NO_STORE, body);
                response::insert(response.headers_mut(), LOCATION, location);
                response
            }
            Undone::Preview { packages, pins, newest } => {
                let (what, count) = (ChangeKind::Undo, packages.len() + pins.len());
                let mut body = format!("{{\"what\":\"{what}\",\"count\":{count}").into_bytes();
                let shown = packages.len().min(options.max_page_limit.get());
                write_packages(&mut body, &packages[..shown], &pins);
                body.push(b'}');
                let mut response = response::content(StatusCode::OK, JSON, NO_STORE, body.into());
                response.headers_mut().insert(ETAG, newest.entity_tag());
                response
            }
        }
    }
}

/// The write that takes a change back.
fn inverse(change: &ChangeDetails, last_open: Date) -> Batch {
    let batch = Batch::new(ChangeKind::Undo);
    let batch = change.packages.iter().fold(batch, |batch, package| {
        match (&package.before, &package.after) {
            (Some(before), Some(after)) => batch.replace(after, before.package()),
            (Some(before), None) => batch.create(before.package()),
            (None, Some(after)) => batch.remove(package.name.clone(), after),
            (None, None) => batch,
        }
    });
    change.pins.iter().fold(batch, |batch, pin| {
        let back = ChangedPin::new(pin.date, pin.after.clone(), pin.before.clone());
        batch.pin(back, last_open)
    })
}

fn preview(change: ChangeDetails, newest: Revision) -> Undone {
    let packages = change.packages.into_iter();
    let packages = packages.map(|it| ChangedPackage::new(it.name, it.after, it.before)).collect();
    let pins = change.pins.into_iter();
    let pins = pins.map(|pin| ChangedPin::new(pin.date, pin.after, pin.before)).collect();
    Undone::Preview { packages, pins, newest }
}

/// The parameter in the form of OpenAPI.
fn parameters(_: &Options) -> Vec<Value> {
    let what = "Only report what would be changed. The ETag of this response can be the If-Match of \
                the request that does it.";
    let schema = json!({ "type": "boolean", "default": false });
    vec![described(what, parameter("dry_run", "query", schema))]
}
