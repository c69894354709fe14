//! `GET /packages`: read a page of the list of packages.

use std::fmt;
use std::future::Future;

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
    NAME, NEXT_LINK, QUERY_DESCRIPTION, described, json_content, parameter, reference,
};
use crate::package::{Tags, write_items};
use crate::store::{PackageStore, Page, Query};

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

/// The maximum length of a search, in bytes.
const MAX_SEARCH_BYTES: usize = 512;
/// The maximum number of words in one search. Each word is looked for in every package.
const MAX_WORDS: usize = 16;
/// The maximum length of a search word, in characters.
const MAX_WORD_CHARS: usize = 64;
/// The maximum number of tags in a query: a package cannot have more.
const MAX_TAGS: usize = Tags::MAX;

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
        problems: &[P::InvalidQuery, P::PreconditionFailed, P::StoreUnavailable, P::Internal],
        success: Success {
            fields: &[NEXT_LINK],
            ..Success::content("A page of packages.", json_content(|| reference("PackagePage")))
        },
        ..Facts::read("list_packages", Blueprint::Packages, "")
    };

    type Result = Listed;

    fn decode(head: &Head<'_>, _: &[u8]) -> Result<Self, Problem> {
        let query = query(head.options, head.query())?;
        Ok(Self { query, url: head.url_with_query(), conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Listed>, Problem> {
        let page = api.store().list(&self.query).await?;
        let next = page.next.as_ref().map(|after| next_page(&self.url, after.as_str()));
        let listed = Listed { page, next };
        Performed::read(listed, &self.conditions, |listed| listed.page.revision.entity_tag())
    }

    fn encode(Listed { page, next }: Listed, _: &Options) -> Response<Body> {
        let mut body = write_items(&page.items);
        match &page.next {
            // A normalised name has no character that JSON would escape.
            Some(name) => body.extend(format!(",\"next\":\"{name}\"}}").bytes()),
            None => body.extend(b",\"next\":null}"),
        }
        let entity_tag = page.revision.entity_tag();
        let mut response = response::tagged(JSON, NO_CACHE, entity_tag, body.into());
        if let Some(next) = next {
            insert(response.headers_mut(), LINK, format!("<{next}>; rel=\"next\""));
        }
        response
    }
}

/// The parameters of the list.
fn query(options: &Options, query: &str) -> Result<Query, Problem> {
    let mut list = Query::new(options.page_limit);
    let [after, limit, words] = ["after", "limit", "q"].map(Parameter::once);
    let tags = Parameter::repeated("tag", MAX_TAGS);
    let mut parameters = Parameters([after, limit, words, tags]);
    for pair in pairs(query) {
        let Some((name, value)) = parameters.admit(pair)? else { continue };
        match name {
            "after" => list.after = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            "limit" => list.limit = number(name, &value, options.max_page_limit.get())?,
            "q" => list.words = self::words(name, &value)?,
            _ => {
                list.tags.insert(value.parse().map_err(|rule| invalid(name, &rule))?);
            }
        }
    }
    Ok(list)
}

/// The words of a search in lower case, without duplicates.
fn words(name: &str, value: &str) -> Result<Vec<String>, Problem> {
    let refuse = |rule: fmt::Arguments<'_>| Err(invalid(name, &rule));
    if value.len() > MAX_SEARCH_BYTES {
        return refuse(format_args!("must be at most {MAX_SEARCH_BYTES} bytes long"));
    }
    let mut words: Vec<String> = Vec::new();
    for word in value.split_whitespace() {
        if word.chars().nth(MAX_WORD_CHARS).is_some() {
            return refuse(format_args!(
                "must not have a word of more than {MAX_WORD_CHARS} characters"
            ));
        }
        let word = word.chars().flat_map(char::to_lowercase).collect();
        if words.contains(&word) {
            continue;
        }
        if words.len() == MAX_WORDS {
            return refuse(format_args!("must not have more than {MAX_WORDS} different words"));
        }
        words.push(word);
    }
    Ok(words)
}

/// The same parameters in the form of OpenAPI.
fn parameters(options: &Options) -> Vec<Value> {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": options.max_page_limit,
        "default": options.page_limit,
    });
    let words = format!(
        "Words, each of which occurs in the name or the description: at most {MAX_WORDS} different \
         ones, each of at most {MAX_WORD_CHARS} characters, in at most {MAX_SEARCH_BYTES} bytes of \
         UTF-8."
    );
    let tags = json!({ "type": "array", "items": reference("Tag"), "maxItems": MAX_TAGS });
    vec![
        parameter("after", "query", reference(NAME)),
        parameter("limit", "query", limit),
        described(&words, parameter("q", "query", search())),
        described("Labels, each of which the package carries.", parameter("tag", "query", tags)),
    ]
}

/// The schema of a search. It is as exact as a schema can be: a schema counts characters, not
/// bytes, and cannot count only the different words.
fn search() -> Value {
    json!({
        "type": "string",
        "maxLength": MAX_SEARCH_BYTES,
        "pattern": format!("^\\s*(\\S{{1,{MAX_WORD_CHARS}}}(\\s+|$)){{0,{MAX_WORDS}}}$"),
    })
}
