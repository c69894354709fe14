//! `GET /changes/{revision}`: read a change.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::header::LINK;
use http::{Request, Response};
use serde_json::{Value, json};

use super::changes::write_details;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::http::conditions::Preconditions;
use crate::http::document::Document;
use crate::http::facts::{Caching, Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::query::{Parameter, Parameters, invalid, next_page, number, pairs};
use crate::http::response::{immutable, insert};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{
    NAME, NEXT_LINK, QUERY_DESCRIPTION, described, json_content, parameter, reference,
};
use crate::package::{NormalizedName, Revision};
use crate::store::PackageStore;

/// Returns the change of the revision that the path names, with a page of the packages that it
/// changed, before and after. Returns 404 if there is no such change.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_change<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadChange, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadChange {
    revision: Revision,
    after: Option<NormalizedName>,
    limit: NonZeroUsize,
    /// The URL of the page, with the query that the client sent.
    url: String,
    conditions: Preconditions,
}

/// A page, and the URL of the next page.
pub(super) struct Shown {
    page: Document,
    next: Option<String>,
}

impl Operate for ReadChange {
    const FACTS: Facts = Facts {
        summary: "Read a change, with the packages before and after it",
        description: QUERY_DESCRIPTION,
        query: parameters,
        problems: &[
            P::InvalidQuery,
            P::ChangeNotFound,
            P::NoHistory,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::Busy,
            P::Internal,
        ],
        success: Success {
            caching: Caching::Immutable,
            fields: &[NEXT_LINK],
            ..Success::content("The change.", json_content(|| reference("ChangeDetails")))
        },
        ..Facts::read("read_change", Blueprint::Changes, "/{revision}")
    };

    type Result = Shown;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let (mut after, mut limit) = (None, head.options.page_limit);
        let mut parameters = Parameters(["after", "limit"].map(Parameter::once));
        for pair in pairs(head.query()) {
            match parameters.admit(pair)? {
                Some((name @ "after", value)) => {
                    after = Some(value.parse().map_err(|rule| invalid(name, &rule))?);
                }
                Some((name, value)) => {
                    limit = number(name, &value, head.options.max_page_limit.get())?;
                }
                None => {}
            }
        }
        let (revision, url) = (head.revision()?, head.url_with_query());
        Ok(Self { revision, after, limit, url, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Shown>, Problem> {
        let change = api.store().change(self.revision, self.after.as_ref(), self.limit).await?;
        let change = change.known()?.ok_or_else(Problem::change_not_found)?;
        let next = change.next.as_ref();
        let next = next.map(|next| next_page(&self.url, "after", next.as_str()));
        let shown = Shown { page: Document::new(JSON, write_details(&change)), next };
        Performed::read(shown, &self.conditions, |shown| shown.page.entity_tag())
    }

    fn encode(Shown { page, next }: Shown, options: &Options) -> Response<Body> {
        let mut response = page.into_cached_response(immutable(options.caches()));
        if let Some(next) = next {
            insert(response.headers_mut(), LINK, format!("<{next}>; rel=\"next\""));
        }
        response
    }
}

/// The parameters in the form of OpenAPI.
fn parameters(options: &Options) -> Vec<Value> {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": options.max_page_limit,
        "default": options.page_limit,
    });
    let after = "Only packages after this name: the value of `next` in the previous page.";
    vec![
        described(after, parameter("after", "query", reference(NAME))),
        described("The number of packages on a page.", parameter("limit", "query", limit)),
    ]
}
