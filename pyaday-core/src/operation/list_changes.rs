//! `GET /changes`: read a page of the list of changes.

use std::future::Future;

use bytes::Bytes;
use http::header::LINK;
use http::{Request, Response};
use serde_json::{Value, json};

use super::changes::write_change;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::history::{ChangeKind, ChangeOrder, ChangePage, ChangeQuery};
use crate::http::conditions::Preconditions;
use crate::http::document::Document;
use crate::http::facts::{Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::query::{Parameter, Parameters, invalid, next_page, number, pairs, revision};
use crate::http::response::insert;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{
    NAME, NEXT_LINK, QUERY_DESCRIPTION, REVISION, described, json_content, parameter, reference,
};
use crate::store::{Actor, PackageStore};

/// Returns a page of the changes, the newest first, or with the parameter `after` the oldest first.
/// Returns 404 if the history does not reach so far, or 400 if a parameter is not valid.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn list_changes<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ListChanges, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ListChanges {
    query: ChangeQuery,
    /// The URL of the page, with the query that the client sent.
    url: String,
    conditions: Preconditions,
}

/// A page, and the URL of the next page.
pub(super) struct Listed {
    page: Document,
    next: Option<String>,
}

impl Operate for ListChanges {
    const FACTS: Facts = Facts {
        summary: "List changes",
        description: QUERY_DESCRIPTION,
        query: parameters,
        problems: &[
            P::InvalidQuery,
            P::NoHistory,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::Busy,
            P::Internal,
        ],
        success: Success {
            fields: &[NEXT_LINK],
            ..Success::content("A page of changes.", json_content(|| reference("ChangePage")))
        },
        ..Facts::read("list_changes", Blueprint::Changes, "")
    };

    type Result = Listed;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let query = query(head.options, head.query())?;
        Ok(Self { query, url: head.url_with_query(), conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Listed>, Problem> {
        let page = api.store().changes(&self.query).await?.known()?;
        let parameter = match self.query.order {
            ChangeOrder::Newest { .. } => "before",
            ChangeOrder::After(_) => "after",
        };
        let next = page.next.map(|next| next_page(&self.url, parameter, &next.to_string()));
        let listed = Listed { page: Document::new(JSON, write(&page)), next };
        Performed::read(listed, &self.conditions, |listed| listed.page.entity_tag())
    }

    fn encode(Listed { page, next }: Listed, _: &Options) -> Response<Body> {
        let mut response = page.into_response();
        if let Some(next) = next {
            insert(response.headers_mut(), LINK, format!("<{next}>; rel=\"next\""));
        }
        response
    }
}

fn write(page: &ChangePage) -> Vec<u8> {
    let items: Vec<_> = page.items.iter().map(write_change).collect();
    let mut body = b"{\"items\":[".to_vec();
    body.extend(items.join(&b','));
    match page.next {
        Some(next) => body.extend(format!("],\"next\":\"{next}\"}}").bytes()),
        None => body.extend(b"],\"next\":null}"),
    }
    body
}

/// The parameters of the list.
pub(super) fn query(options: &Options, query: &str) -> Result<ChangeQuery, Problem> {
    let mut list = ChangeQuery::new(options.page_limit);
    let mut parameters =
        Parameters(["after", "before", "by", "limit", "name", "what"].map(Parameter::once));
    let (mut after, mut before) = (None, None);
    for pair in pairs(query) {
        let Some((name, value)) = parameters.admit(pair)? else { continue };
        match name {
            "after" => after = Some(revision(name, &value)?),
            "before" => before = Some(revision(name, &value)?),
            "by" => {
                Actor::new(&value).map_err(|rule| invalid(name, &rule))?;
                list.by = Some(value.into());
            }
            "limit" => list.limit = number(name, &value, options.max_page_limit.get())?,
            "name" => list.name = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            _ => list.kind = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
        }
    }
    list.order = match (after, before) {
        (Some(_), Some(_)) => {
            return Err(invalid("before", &"must not be given together with `after`"));
        }
        (Some(after), None) => ChangeOrder::After(after),
        (None, before) => ChangeOrder::Newest { before },
    };
    Ok(list)
}

/// The same parameters in the form of OpenAPI.
fn parameters(options: &Options) -> Vec<Value> {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": options.max_page_limit,
        "default": options.page_limit,
    });
    let after = "Only changes after this position, the oldest first. It is the value of `next` in the \
                 previous page, the revision of a change, or 0 for the beginning. If the history does \
                 not have the position, the response is 404, so nobody who follows the changes misses \
                 one without noticing it.";
    let before = "Only changes before this revision, the newest first: the value of `next` in the \
                  previous page.";
    let kinds: Vec<_> = ChangeKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let what = json!({ "type": "string", "enum": kinds });
    let by = json!({ "type": "string", "minLength": 1, "maxLength": Actor::MAX_BYTES });
    vec![
        described(after, parameter("after", "query", reference(REVISION))),
        described(before, parameter("before", "query", reference(REVISION))),
        described("Only changes by this actor.", parameter("by", "query", by)),
        parameter("limit", "query", limit),
        described("Only changes of this package.", parameter("name", "query", reference(NAME))),
        described("Only changes of this kind.", parameter("what", "query", what)),
    ]
}
