//! What all pages of the desk share: who looks at them, and the fields of their responses.

use std::collections::BTreeSet;
use std::str::FromStr;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY};
use http::{HeaderValue, Response};
use serde_json::{Value, json};

use super::change_packages::ChangePackages;
use super::create_package::CreatePackage;
use super::delete_package::DeletePackage;
use super::export_packages::ExportPackages;
#[cfg(feature = "import")]
use super::import_packages::ImportPackages;
use super::list_changes::ListChanges;
use super::list_packages::ListPackages;
use super::list_pins::ListPins;
use super::operate::{Operate, Performed};
use super::pin_day::PinDay;
use super::read_atom_feed::ReadAtomFeed;
use super::read_change::ReadChange;
use super::read_day::ReadDay;
use super::read_json_feed::ReadJsonFeed;
use super::read_package::ReadPackage;
use super::undo_change::UndoChange;
use super::unpin_day::UnpinDay;
use super::update_package::UpdatePackage;
use crate::daily::{Daily, Date};
use crate::desk::{self, Asset, Frame, Gone, Links, Section, Viewer};
use crate::history::ChangeDetails;
use crate::http::conditions::Preconditions;
use crate::http::document::Document;
use crate::http::facts::{Content, Facts, Success};
use crate::http::guard::{Access, ask_about};
use crate::http::head::Head;
use crate::http::media_type::HTML;
use crate::http::query::{Parameter, Parameters, has_value, invalid, pairs};
use crate::http::response::{self, NO_STORE};
use crate::http::{Blueprint, Body, Operation, Options, Problem, ProblemType as P};
use crate::package::{InvalidValue, NormalizedName};
use crate::store::{Actor, PackageStore};

/// Nothing runs on a page but the script of the desk, and nothing comes from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// A year: another content has another name.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const PRIVATE_NO_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The operations whose data the pages show, or which they offer.
const OFFERED: &[Operation] = &[
    Operation::new(const { &ListPackages::FACTS }),
    Operation::new(const { &ReadPackage::FACTS }),
    Operation::new(const { &CreatePackage::FACTS }),
    Operation::new(const { &UpdatePackage::FACTS }),
    Operation::new(const { &DeletePackage::FACTS }),
    Operation::new(const { &ChangePackages::FACTS }),
    #[cfg(feature = "import")]
    Operation::new(const { &ImportPackages::FACTS }),
    Operation::new(const { &ExportPackages::FACTS }),
    Operation::new(const { &ReadDay::FACTS }),
    Operation::new(const { &ReadAtomFeed::FACTS }),
    Operation::new(const { &ReadJsonFeed::FACTS }),
    Operation::new(const { &ListPins::FACTS }),
    Operation::new(const { &PinDay::FACTS }),
    Operation::new(const { &UnpinDay::FACTS }),
    Operation::new(const { &ListChanges::FACTS }),
    Operation::new(const { &ReadChange::FACTS }),
    Operation::new(const { &UndoChange::FACTS }),
];

/// A request for a page.
#[derive(Debug)]
pub(super) struct Visit {
    viewer: Viewer,
    actor: Option<Actor>,
    depth: u8,
    conditions: Preconditions,
}

impl Visit {
    pub(super) fn new(head: &Head<'_>) -> Self {
        let (options, actor) = (head.options, head.actor());
        let (name, date) = (named(head), dated(head));
        let is_allowed = |operation: &Operation| {
            ask_about(options, actor, || access(*operation, name.as_ref(), date)).is_ok()
        };
        let viewer = Viewer {
            actor: actor.map(|actor| actor.name().into()),
            may: OFFERED.iter().filter(|it| is_allowed(it)).map(|it| it.name()).collect(),
            sign_in: sign_in(options),
        };
        let conditions = head.conditions();
        Self { viewer, actor: actor.cloned(), depth: head.depth(), conditions }
    }

    pub(super) fn frame(&self, section: Section) -> Frame<'_> {
        Frame { links: Links::new(self.depth), viewer: &self.viewer, section }
    }

    pub(super) fn may(&self, operation: &str) -> bool {
        self.viewer.may(operation)
    }

    /// Leaves only days that the guard allows this viewer to read.
    pub(super) fn readable(&self, options: &Options, days: &mut Vec<Daily>) {
        const READ: Operation = Operation::new(const { &ReadDay::FACTS });
        days.retain(|day| {
            let access = || access(READ, None, Some(day.date()));
            ask_about(options, self.actor.as_ref(), access).is_ok()
        });
    }

    /// The result of a request for a page with this text.
    pub(super) fn read(&self, page: Vec<u8>) -> Result<Performed<Document>, Problem> {
        Performed::read(Document::new(HTML, page), &self.conditions, Document::entity_tag)
    }
}

/// Refuses a page whose data the guard does not allow: somebody who may not list the changes must not see
/// them on a page either.
pub(super) fn require<O: Operate>(head: &Head<'_>) -> Result<(), Problem> {
    let operation = Operation::new(const { &O::FACTS });
    let (name, date) = (named(head), dated(head));
    ask_about(head.options, head.actor(), || access(operation, name.as_ref(), date))
}

/// The access to an operation with the data of a page. It has a name or a date only if requests for the
/// operation have one too.
fn access(operation: Operation, name: Option<&NormalizedName>, date: Option<Date>) -> Access {
    let name = name.filter(|_| operation.path().contains("{name}"));
    let date = date.filter(|_| operation.path().contains("{date}"));
    let access = Access::new(operation);
    let access = name.iter().fold(access, |access, name| access.with_name((*name).clone()));
    date.into_iter().fold(access, Access::with_date)
}

fn named(head: &Head<'_>) -> Option<NormalizedName> {
    head.variable("name")
}

fn dated(head: &Head<'_>) -> Option<Date> {
    head.variable("date")
}

fn sign_in(options: &Options) -> Option<Box<str>> {
    options.desk.as_ref()?.sign_in().map(Into::into)
}

/// Those of the names that no package has.
pub(super) async fn gone<'a, S: PackageStore>(
    store: &S,
    names: impl Iterator<Item = &'a NormalizedName>,
) -> Result<Gone, Problem> {
    let mut gone = Gone::new();
    for name in names.collect::<BTreeSet<_>>() {
        if store.read(name).await?.is_none() {
            gone.insert(name.clone());
        }
    }
    Ok(gone)
}

/// The names of all packages that a change is about.
pub(super) fn names(details: &ChangeDetails) -> impl Iterator<Item = &NormalizedName> {
    let pins = details.pins.iter().flat_map(|pin| pin.before.iter().chain(&pin.after));
    details.packages.iter().map(|package| &package.name).chain(pins)
}

/// The query of a page without what a form sends for a field that nobody has filled in.
pub(super) fn filled(query: &str) -> String {
    pairs(query).filter(|pair| has_value(pair)).collect::<Vec<_>>().join("&")
}

/// The value of the only parameter that a page takes. `None` if the URL does not have it.
pub(super) fn parameter<T: FromStr<Err = InvalidValue>>(
    head: &Head<'_>,
    name: &'static str,
) -> Result<Option<T>, Problem> {
    let mut parameters = Parameters([Parameter::once(name)]);
    let mut given = None;
    for pair in pairs(&filled(head.query())) {
        if let Some((name, value)) = parameters.admit(pair)? {
            given = Some(value.parse().map_err(|rule| invalid(name, &rule))?);
        }
    }
    Ok(given)
}

/// The response with a page.
pub(super) fn response(page: Document, options: &Options) -> Response<Body> {
    // With a guard, a page shows who looks at it and what that person may do.
    let cache_control = match options.guard.is_some() || options.caches() == "private" {
        true => PRIVATE_NO_CACHE,
        false => response::NO_CACHE,
    };
    protected(page.into_cached_response(cache_control))
}

/// The response with the page that reports a problem.
pub(super) fn refusal(options: &Options, problem: &Problem, depth: u8) -> Response<Body> {
    let members = options.rewritten(problem).unwrap_or_default();
    let member = |name: &str| members.get(name).and_then(Value::as_str);
    let title = member("title").unwrap_or(problem.title());
    let detail = member("detail").unwrap_or(problem.detail());
    let viewer = Viewer { sign_in: sign_in(options), ..Viewer::default() };
    let page = desk::refusal(title, detail, Links::new(depth), &viewer);
    protected(response::content(problem.status(), HTML, NO_STORE, page.into()))
}

/// The strong entity tag of a file: its name contains a hash of its content.
pub(super) fn tag_of(asset: &Asset) -> HeaderValue {
    let tag = Bytes::from(format!("\"{}\"", asset.name));
    HeaderValue::from_maybe_shared(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The response with a file.
pub(super) fn asset(asset: &'static Asset) -> Response<Body> {
    response::tagged(asset.media_type, FOR_EVER, tag_of(asset), asset.content.clone())
}

fn protected(mut response: Response<Body>) -> Response<Body> {
    let fields: [(HeaderName, HeaderValue); 2] =
        [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, SAME_ORIGIN)];
    response.headers_mut().extend(fields);
    response
}

/// The facts that all pages have in common.
pub(super) const fn facts(name: &'static str, path: &'static str) -> Facts {
    let content = Content { media_type: HTML, schema: || json!({ "type": "string" }) };
    Facts {
        problems: &[P::PreconditionFailed, P::StoreUnavailable, P::Internal],
        success: Success::content("The page.", content),
        ..Facts::read(name, Blueprint::Desk, path)
    }
}
