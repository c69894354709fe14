//! `GET /desk`: the page on which people find packages.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::change_packages::MAX_PACKAGES;
use super::list_packages::{self, ListPackages};
use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use crate::desk::{PackagesPage, Section};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem, query};
use crate::store::{PackageStore, Query};

/// Returns a page of the list of packages, as HTML.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_packages<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowPackages, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ShowPackages {
    visit: Visit,
    /// What was typed.
    q: String,
    query: Query,
}

impl Operate for ShowPackages {
    const FACTS: Facts = Facts { summary: "Find packages", ..pages::facts("show_packages", "") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ListPackages>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let filled = pages::filled(head.query());
        let query = list_packages::query(head.options, &filled)?;
        let q = query::only(&filled, "q")?.unwrap_or_default();
        Ok(Self { visit: Visit::new(head), q, query })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let Self { visit, q, query } = &self;
        let page = &api.store().list(query).await?;
        let frame = visit.frame(Section::Find);
        let page = PackagesPage { frame, q, query, page, most: MAX_PACKAGES };
        visit.read(page.render())
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }
}
