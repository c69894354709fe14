//! `POST /changes/{revision}/undo`: take a change back.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};

use super::changes::{MADE, Made, Preview, dry_run, dry_run_parameter, preview};
use super::costly::{MAX_MIB, MAX_PACKAGES, Turn};
use super::days::last_open;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::catalogue::pause;
use crate::history::{Change, ChangeKind, ChangedPackage, ChangedPin};
use crate::http::facts::{Conditions, Facts, POST};
use crate::http::guard::{Access, ask_about};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Operation, Options, Problem, ProblemType as P, path};
use crate::openapi::parts::QUERY_DESCRIPTION;
use crate::package::{Revision, Stored};
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

impl Operate for UndoChange {
    const FACTS: Facts = Facts {
        summary: "Take a change back",
        description: QUERY_DESCRIPTION,
        query: dry_run_parameter,
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
        success: MADE,
        preview: Some(preview("What would be changed.")),
        ..Facts::write("undo_change", POST, Blueprint::Changes, "/{revision}/undo")
    };

    type Result = Made;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let is_dry_run = dry_run(head)?;
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
    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Made>, Problem> {
        let (store, terms) = (api.store(), self.terms);
        // Another process may just have acknowledged the change.
        store.refresh().await?;
        let (pins, Inverse { batch, packages, count, turn: _turn, .. }) =
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
                Ok(Performed::new(Made::Written { change: Change { count, ..made }, location }))
            }
            Batched::Unwritten(newest) => {
                let kind = ChangeKind::Undo;
                let preview = Preview { kind, count, packages, pins, newest };
                Ok(Performed::preview(Made::Preview(preview)))
            }
            Batched::Stale(newest) => Err(terms.refused(Some(newest))),
            Batched::Conflict(conflict) => Err(Problem::not_undoable(&conflict)),
        }
    }

    fn encode(made: Made, options: &Options) -> Response<Body> {
        made.encode(options)
    }
}

/// What takes back what a change did to packages.
struct Inverse {
    batch: Batch,
    /// The first packages, as they will be changed.
    packages: Vec<ChangedPackage>,
    /// How many packages there are.
    count: usize,
    /// How many bytes of JSON were read.
    length: usize,
    /// The turn of a request about many packages.
    turn: Turn,
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
        let versions = part.packages.iter().flat_map(|it| it.before.iter().chain(&it.after));
        inverse.length += versions.map(Stored::len).sum::<usize>();
        inverse.check()?;
        if !inverse.turn.is_taken() {
            inverse.turn = Turn::take(api, inverse.length)?;
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
        let batch = Batch::new(ChangeKind::Undo);
        Self { batch, packages: Vec::new(), count: 0, length: 0, turn: Turn::default() }
    }

    /// Refuses to take back a change that is too large.
    fn check(&self) -> Result<(), Problem> {
        let limit = if self.count > MAX_PACKAGES {
            format!("{MAX_PACKAGES} packages")
        } else if self.length > MAX_MIB * 1024 * 1024 {
            format!("{MAX_MIB} MiB of packages, before and after it together")
        } else {
            return Ok(());
        };
        Err(Problem::too_large_to_undo(&limit))
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
