//! `GET /desk/import`: the page on which curators import a file or a table.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::import_packages::ImportPackages;
use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use crate::desk::{Section, import_page};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns the page for imports, as HTML.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_import<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowImport, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ShowImport {
    visit: Visit,
}

impl Operate for ShowImport {
    const FACTS: Facts =
        Facts { summary: "Show the import", ..pages::facts("show_import", "/import") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ImportPackages>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { visit: Visit::new(head) })
    }

    async fn execute<S: PackageStore>(self, _: &Api<S>) -> Result<Performed<Document>, Problem> {
        let frame = self.visit.frame(Section::Import);
        self.visit.read(import_page(&frame))
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }
}
