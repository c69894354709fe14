//! `POST /changes/{revision}/undo`: take a change back.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::header::{ETAG, LOCATION};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::changes::{write_change, write_packages};
use super::days::last_open;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::catalogue::pause;
use crate::history::{Change, ChangeKind, ChangedPackage, ChangedPin};
use crate::http::facts::{Caching, Conditions, Facts, POST, Success};
use crate::http::guard::{Access, ask_about};
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
const LIMIT: usize = 20_000;

/// How many packages are read and looked at without a pause. Reading their JSON takes most of the time.
const PART: NonZeroUsize = NonZeroUsize::MIN.saturating_add(100 - 1);

const OPERATION: Operation = Operation::new(const { &UndoChange::FACTS });

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
    Written {
        change: Change,
        location: String,
    },
    /// It shows the first packages.
    Preview {
        count: usize,
        packages: Vec<ChangedPackage>,
        pins: Vec<ChangedPin>,
        newest: Revision,
    },
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

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
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
        // Another process may just have acknowledged the change.
        store.refresh().await?;
        let (pins, Inverse { batch, packages, count }) =
            inverse(self.revision, api, &terms).await?;
        ask_about_pins(&pins, api, &terms)?;
        let count = count + pins.len();
        let today = last_open(api.options().now());
        let batch = pins.iter().cloned().fold(batch, |batch, pin| batch.pin(pin, today));
        let batch = batch.dry_run(self.is_dry_run);
        match store.write_batch(batch, terms.write()).await? {
            Batched::Written(revision) => {
                let made = terms.write().change(revision, ChangeKind::Undo);
                let location = format!("{}/{revision}", self.url);
                Ok(Performed::new(Undone::Written { change: Change { count, ..made }, location }))
            }
            Batched::Unwritten(newest) => {
                Ok(Performed::preview(Undone::Preview { count, packages, pins, newest }))
            }
            Batched::Stale(newest) => Err(terms.refused(Some(newest))),
            Batched::Conflict(conflict) => Err(Problem::not_undoable(&conflict)),
        }
    }

    fn encode(undone: Undone, _: &Options) -> Response<Body> {
        match undone {
            Undone::Written { change, location } => {
                let body = write_change(&change).into();
                let mut response = response::content(StatusCode::CREATED, JSON, NO_STORE, body);
                response::insert(response.headers_mut(), LOCATION, location);
                response
            }
            Undone::Preview { count, packages, pins, newest } => {
                let what = ChangeKind::Undo;
                let mut body = format!("{{\"what\":\"{what}\",\"count\":{count}").into_bytes();
                write_packages(&mut body, &packages, &pins);
                body.push(b'}');
                let mut response = response::content(StatusCode::OK, JSON, NO_STORE, body.into());
                response.headers_mut().insert(ETAG, newest.entity_tag());
                response
            }
        }
    }
}

/// What takes back what a change did to packages.
struct Inverse {
    batch: Batch,
    /// The first packages, as they will be changed.
    packages: Vec<ChangedPackage>,
    /// How many packages there are.
    count: usize,
}

/// Asks the guard about each package of a change, and makes the write that takes the change back.
/// Returns the inverse of the change's pins, too.
///
/// A change may have very many packages, so they are read in parts, and other tasks of the thread run
/// in between. The write compares what was read with what is there.
async fn inverse<S: PackageStore>(
    revision: Revision,
    api: &Api<S>,
    terms: &Terms,
) -> Result<(Vec<ChangedPin>, Inverse), Problem> {
    let shown = api.options().max_page_limit.get();
    let mut inverse = Inverse::new();
    let mut after = None;
    loop {
        let part = api.store().change(revision, after.as_ref(), PART).await?.known()?;
        let part = part.ok_or_else(Problem::change_not_found)?;
        inverse.count += part.packages.len();
        if inverse.count > LIMIT {
            return Err(Problem::too_large_to_undo(LIMIT));
        }
        for package in part.packages {
            let access = || Access::new(OPERATION).with_name(package.name.clone());
            ask_about(api.options(), terms.actor(), access)?;
            inverse = inverse.add(package, shown);
        }
        after = part.next;
        if after.is_none() {
            return Ok((part.pins.into_iter().map(back).collect(), inverse));
        }
        pause().await;
    }
}

impl Inverse {
    fn new() -> Self {
        Self { batch: Batch::new(ChangeKind::Undo), packages: Vec::new(), count: 0 }
    }

    fn add(mut self, package: ChangedPackage, shown: usize) -> Self {
        let ChangedPackage { name, before, after } = package;
        if self.packages.len() < shown {
            self.packages.push(ChangedPackage::new(name.clone(), after.clone(), before.clone()));
        }
        let batch = match (before, after) {
            (Some(before), Some(after)) => self.batch.replace(&after, before.package()),
            (Some(before), None) => self.batch.create(before.package()),
            (None, Some(after)) => self.batch.remove(name, &after),
            (None, None) => self.batch,
        };
        Self { batch, ..self }
    }
}

/// Asks the guard about each pin, with the package that is pinned now and with the one that would be.
fn ask_about_pins<S>(pins: &[ChangedPin], api: &Api<S>, terms: &Terms) -> Result<(), Problem> {
    for pin in pins {
        for name in [&pin.before, &pin.after].into_iter().flatten() {
            let access = || Access::new(OPERATION).with_date(pin.date).with_name(name.clone());
            ask_about(api.options(), terms.actor(), access)?;
        }
    }
    Ok(())
}

/// What takes back what a change did to a pin.
fn back(pin: ChangedPin) -> ChangedPin {
    ChangedPin::new(pin.date, pin.after, pin.before)
}

/// The parameter in the form of OpenAPI.
fn parameters(_: &Options) -> Vec<Value> {
    let what = "Only report what would be changed. The ETag of this response can be the If-Match of \
                the request that does it.";
    let schema = json!({ "type": "boolean", "default": false });
    vec![described(what, parameter("dry_run", "query", schema))]
}
