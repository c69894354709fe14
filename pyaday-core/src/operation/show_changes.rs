//! `GET /desk/changes`: the page with the list of changes.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};

use super::list_changes::{self, ListChanges};
use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use crate::daily::Date;
use crate::desk::{ChangesPage, Filters, PACKAGES_IN_LIST, Section};
use crate::history::{ChangeDetails, ChangeKind, ChangeOrder, ChangePage, ChangeQuery};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::query::invalid;
use crate::http::{Api, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns a page of the list of changes, as HTML.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_changes<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowChanges, _, _>(api, request)
}

/// How many changes a page has at most. The store reads each of them.
const CHANGES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(19);
/// How many packages of each change the page shows.
const PACKAGES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(PACKAGES_IN_LIST - 1);

#[derive(Debug)]
pub(super) struct ShowChanges {
    visit: Visit,
    query: ChangeQuery,
}

impl Operate for ShowChanges {
    const FACTS: Facts =
        Facts { summary: "Show the changes", ..pages::facts("show_changes", "/changes") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ListChanges>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let mut query = list_changes::query(head.options, &pages::filled(head.query()))?;
        if matches!(query.order, ChangeOrder::After(_)) {
            return Err(invalid("after", &"is for programs. Use `before`"));
        }
        query.limit = CHANGES;
        Ok(Self { visit: Visit::new(head), query })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let page = &api.store().changes(&self.query).await?.known()?;
        let details = self.details(api, page).await?;
        let names = details.iter().flatten().flat_map(pages::names);
        let page = ChangesPage {
            frame: self.visit.frame(Section::Changes),
            gone: &pages::gone(api.store(), names).await?,
            page,
            details: &details,
            filters: filters(&self.query),
            today: Date::of(api.options().now()),
        };
        self.visit.read(page.render())
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }
}

impl ShowChanges {
    /// The details of each change, if the viewer may see them and the store still has them.
    async fn details<S: PackageStore>(
        &self,
        api: &Api<S>,
        page: &ChangePage,
    ) -> Result<Vec<Option<ChangeDetails>>, Problem> {
        let mut all = Vec::with_capacity(page.items.len());
        for change in &page.items {
            all.push(match self.visit.may("read_change") {
                true => {
                    let details = api.store().change(change.revision, None, PACKAGES).await?;
                    details.known().ok().flatten()
                }
                false => None,
            });
        }
        Ok(all)
    }
}

fn filters(query: &ChangeQuery) -> Filters<'_> {
    Filters {
        name: query.name.as_ref().map_or("", |name| name.as_str()),
        by: query.by.as_deref().unwrap_or_default(),
        what: query.kind.map_or("", ChangeKind::as_str),
        is_later_page: query.order != ChangeOrder::Newest { before: None },
    }
}
