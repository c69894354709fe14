//! `GET /packages`: read a page of the list of packages.

use std::future::Future;

use bytes::Bytes;
use http::header::LINK;
use http::{Request, Response};
use serde_json::{Value, json};

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::http::conditions::Preconditions;
use crate::http::facts::{Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::query::{Parameter, Parameters, invalid, next_page, number, pairs};
use crate::http::response::{self, NO_CACHE, insert};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{
    NEXT_LINK, QUERY_DESCRIPTION, described, json_content, parameter, position, reference, search,
};
use crate::package::{Tags, write_items};
use crate::search::Search;
use crate::store::{PackageStore, Page, Position, Query, Sort};

/// Returns a page of the list of packages, or 400 if a parameter is not valid.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn list_packages<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ListPackages, _, _>(api, request)
}

/// The maximum number of tags in a query: a package cannot have more.
pub(super) const MAX_TAGS: usize = Tags::MAX;

#[derive(Debug)]
pub(super) struct ListPackages {
    query: Query,
    /// The URL of the page, with the query that the client sent.
    url: String,
    conditions: Preconditions,
}

/// A page, and the URL of the next page.
pub(super) struct Listed {
    page: Page,
    next: Option<String>,
}

impl Operate for ListPackages {
    const FACTS: Facts = Facts {
        summary: "List and search packages",
        description: QUERY_DESCRIPTION,
        query: parameters,
        problems: &[
            P::InvalidQuery,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::Busy,
            P::Internal,
        ],
        success: Success {
            fields: &[NEXT_LINK],
            ..Success::content("A page of packages.", json_content(|| reference("PackagePage")))
        },
        ..Facts::read("list_packages", Blueprint::Packages, "")
    };

    type Result = Listed;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let query = query(head.options, head.query())?;
        Ok(Self { query, url: head.url_with_query(), conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Listed>, Problem> {
        let page = api.store().list(&self.query).await?;
        let next =
            page.next.as_ref().map(|after| next_page(&self.url, "after", &after.to_string()));
        let listed = Listed { page, next };
        Performed::read(listed, &self.conditions, |listed| listed.page.revision.entity_tag())
    }

    fn encode(Listed { page, next }: Listed, _: &Options) -> Response<Body> {
        let mut body = write_items(&page.items);
        match &page.next {
            // A position has no character that JSON would escape.
            Some(position) => body.extend(format!(",\"next\":\"{position}\"").bytes()),
            None => body.extend(b",\"next\":null"),
        }
        if let Some(total) = page.total {
            body.extend(format!(",\"total\":{total}").bytes());
        }
        if !page.did_you_mean.is_empty() {
            // A name has no such character either.
            let names = page.did_you_mean.iter().map(|name| format!("\"{name}\""));
            let names = names.collect::<Vec<_>>().join(",");
            body.extend(format!(",\"did_you_mean\":[{names}]").bytes());
        }
        body.push(b'}');
        let entity_tag = page.revision.entity_tag();
        let mut response = response::tagged(JSON, NO_CACHE, entity_tag, body.into());
        if let Some(next) = next {
            insert(response.headers_mut(), LINK, format!("<{next}>; rel=\"next\""));
        }
        response
    }
}

/// The parameters of the list.
pub(super) fn query(options: &Options, query: &str) -> Result<Query, Problem> {
    let mut list = Query::new(options.page_limit);
    let [after, limit, search, sort] = ["after", "limit", "q", "sort"].map(Parameter::once);
    let tags = Parameter::repeated("tag", MAX_TAGS);
    let mut parameters = Parameters([after, limit, search, sort, tags]);
    for pair in pairs(query) {
        let Some((name, value)) = parameters.admit(pair)? else { continue };
        match name {
            "after" => list.after = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            "limit" => list.limit = number(name, &value, options.max_page_limit.get())?,
            "q" => list.search = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            "sort" => list.sort = self::sort(&value).map_err(|rule| invalid(name, &rule))?,
            _ => {
                list.tags.insert(value.parse().map_err(|rule| invalid(name, &rule))?);
            }
        }
    }
    let is_score = |after: &Position| matches!(after, Position::Relevance(..));
    match &list.after {
        Some(after) if is_score(after) != list.is_by_relevance() => {
            Err(invalid("after", &"must be the value of `next` in a page with the same parameters"))
        }
        _ => Ok(list),
    }
}

fn sort(value: &str) -> Result<Sort, &'static str> {
    match value {
        "relevance" => Ok(Sort::Relevance),
        "name" => Ok(Sort::Name),
        _ => Err("must be `relevance` or `name`"),
    }
}

/// The same parameters in the form of OpenAPI.
fn parameters(options: &Options) -> Vec<Value> {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": options.max_page_limit,
        "default": options.page_limit,
    });
    let after = "Where the page begins: the value of `next` in the previous page. In a list by name it \
                 is a name, and a package of this name need not exist.";
    let sort = json!({ "type": "string", "enum": ["relevance", "name"] });
    let sort_text = "The order of a search, `relevance` unless given. A list without a search is \
                     always in the order of the names.";
    vec![
        described(after, parameter("after", "query", position())),
        parameter("limit", "query", limit),
        search_parameter(),
        described(sort_text, parameter("sort", "query", sort)),
        tag_parameter(),
    ]
}

/// The parameter `q`.
pub(super) fn search_parameter() -> Value {
    let words = format!(
        "What to search for: at most {} different words, each of at most {} characters, in at most \
         {} bytes of UTF-8. Every word must be a word or the beginning of one in the name, the \
         description, a tag, an import name or a keyword, or be anywhere in the name.",
        Search::MAX_WORDS,
        Search::MAX_WORD_CHARS,
        Search::MAX_BYTES,
    );
    described(&words, parameter("q", "query", search()))
}

/// The parameter `tag`.
pub(super) fn tag_parameter() -> Value {
    let tags = json!({ "type": "array", "items": reference("Tag"), "maxItems": MAX_TAGS });
    described("Labels, each of which the package carries.", parameter("tag", "query", tags))
}
