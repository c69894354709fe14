//! `GET /desk/packages/{name}`: the page of a package.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};

use super::days::{PINS, last_open};
use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use super::read_package::ReadPackage;
use super::terms::find;
use crate::daily::{Daily, Date};
use crate::desk::{MetadataForm, PackagePage, Section};
use crate::history::{ChangePage, ChangeQuery};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem};
use crate::package::NormalizedName;
use crate::store::PackageStore;

/// Returns the page of the package that the path names, as HTML, or 404 if there is none.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_package<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowPackage, _, _>(api, request)
}

/// How many changes the page lists.
const CHANGES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4);
/// In how many of the last days the page looks for the package.
const DAYS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(365);

#[derive(Debug)]
pub(super) struct ShowPackage {
    visit: Visit,
    name: NormalizedName,
    metadata: MetadataForm,
}

impl Operate for ShowPackage {
    const FACTS: Facts =
        Facts { summary: "Show a package", ..pages::facts("show_package", "/packages/{name}") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ReadPackage>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let metadata = pages::parameter(head, "edit")?.unwrap_or_default();
        Ok(Self { visit: Visit::new(head), name: head.name()?, metadata })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let Self { visit, name, metadata } = &self;
        let stored = &find(api.store(), name).await?;
        let changes = self.changes(api).await?;
        let (shown, pinned) = (&*self.shown(api).await?, &*self.pinned(api).await?);
        let frame = visit.frame(Section::Find);
        let (metadata, changes) = (*metadata, changes.as_ref());
        let page = PackagePage { frame, stored, metadata, changes, shown, pinned };
        visit.read(page.render())
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }

    fn name(&self) -> Option<&NormalizedName> {
        Some(&self.name)
    }
}

impl ShowPackage {
    /// The newest changes, if the store has them and the viewer may see them.
    async fn changes<S: PackageStore>(&self, api: &Api<S>) -> Result<Option<ChangePage>, Problem> {
        if !self.visit.may("list_changes") {
            return Ok(None);
        }
        let mut query = ChangeQuery::new(CHANGES);
        query.name = Some(self.name.clone());
        Ok(api.store().changes(&query).await?.known().ok())
    }

    async fn shown<S: PackageStore>(&self, api: &Api<S>) -> Result<Vec<Date>, Problem> {
        if !self.visit.may("read_day") {
            return Ok(Vec::new());
        }
        let mut days = api.store().recent_daily(last_open(api.options().now()), DAYS).await?;
        days.retain(|daily| *daily.name() == self.name);
        self.visit.readable(api.options(), &mut days);
        Ok(days.iter().map(Daily::date).collect())
    }

    async fn pinned<S: PackageStore>(&self, api: &Api<S>) -> Result<Vec<Date>, Problem> {
        if !self.visit.may("list_pins") {
            return Ok(Vec::new());
        }
        let pins = api.store().pins(last_open(api.options().now()), PINS).await?;
        Ok(pins.iter().filter(|pin| pin.name == self.name).map(|pin| pin.date).collect())
    }
}
