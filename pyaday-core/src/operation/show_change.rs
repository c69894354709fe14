//! `GET /desk/changes/{revision}`: the page of a change.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};

use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use super::read_change::ReadChange;
use crate::desk::{ChangeDetailsPage, Section};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem};
use crate::package::{NormalizedName, Revision};
use crate::store::PackageStore;

/// Returns the page of the change that the path names, as HTML, or 404 if there is none.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_change<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowChange, _, _>(api, request)
}

/// How many packages a page has at most.
const PACKAGES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(49);

#[derive(Debug)]
pub(super) struct ShowChange {
    visit: Visit,
    revision: Revision,
    after: Option<NormalizedName>,
}

impl Operate for ShowChange {
    const FACTS: Facts =
        Facts { summary: "Show a change", ..pages::facts("show_change", "/changes/{revision}") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ReadChange>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let after = pages::parameter(head, "after")?;
        Ok(Self { visit: Visit::new(head), revision: head.revision()?, after })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let Self { visit, revision, after } = &self;
        let details = api.store().change(*revision, after.as_ref(), PACKAGES).await?;
        let details = &details.known()?.ok_or_else(Problem::change_not_found)?;
        let frame = visit.frame(Section::Changes);
        let gone = &pages::gone(api.store(), pages::names(details)).await?;
        let page = ChangeDetailsPage { frame, gone, details, is_later_page: after.is_some() };
        visit.read(page.render())
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }
}
