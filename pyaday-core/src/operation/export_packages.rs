//! `GET /export`: read all packages that a query selects, as a file.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::export::{self, Format};
use super::list_packages::{MAX_TAGS, search_parameter, tag_parameter};
use super::operate::{Kind, Operate, Performed};
use super::pipeline::respond_as;
use crate::http::conditions::Preconditions;
use crate::http::facts::{Content, Facts, ResponseField, Success};
use crate::http::head::Head;
use crate::http::query::{Parameter, Parameters, invalid, pairs};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::openapi::parts::{described, parameter};
use crate::store::{PackageStore, Query, Selected};

/// Returns all packages that a query selects, at one moment, as a file in NDJSON or CSV. Returns 400
/// if a parameter is not valid.
///
/// The body is made while the client reads it, and its length is not known.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn export_packages<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ExportPackages, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ExportPackages {
    query: Query,
    format: Format,
    is_head: bool,
    conditions: Preconditions,
}

/// The selected packages, and the format that the client wants.
pub(super) struct Exported {
    selected: Selected,
    format: Format,
}

impl Operate for ExportPackages {
    const FACTS: Facts = Facts {
        summary: "Export packages",
        description: "All packages that the parameters select, at one moment, in the order of their \
            normalised names. NDJSON has the representation of each package, as it is stored, in a \
            line. CSV has the columns `name`, `short_desc`, `tags` (separated by spaces) and \
            `metadata` (a JSON object). A spreadsheet would take some cells for formulas, so a `'` is \
            added at the beginning of each cell that begins with `=`, `+`, `-`, `@`, a tab or a \
            carriage return, or with one of these after one or more `'`. The import removes it. The \
            response has no length: if it ends without an error, it is complete. The entity tag \
            changes with every write to the catalogue. The parameter `_` and parameters whose names \
            begin with `utm_` are ignored. Any other parameter that is not listed here is refused.",
        query: parameters,
        problems: &[
            P::InvalidQuery,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::Busy,
            P::Internal,
        ],
        success: Success {
            fields: &[CONTENT_DISPOSITION],
            other_content: Some(content(Format::Csv)),
            ..Success::content("The packages.", content(Format::Ndjson))
        },
        ..Facts::read("export_packages", Blueprint::Transfer, "/export")
    };

    type Result = Exported;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let (query, format) = query(head.query())?;
        let is_head = head.parts.method == Method::HEAD;
        Ok(Self { query, format, is_head, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Exported>, Problem> {
        let Self { query, format, is_head, conditions } = self;
        let select = async |query: &Query| {
            let selected = api.store().select(query).await?;
            let exported = Exported { selected, format };
            Performed::read(exported, &conditions, |it| it.selected.revision().entity_tag())
        };
        if is_head || !conditions.is_empty() {
            // A response without content needs only the revision, and a search takes more time than
            // to select everything.
            let everything = select(&Query::new(NonZeroUsize::MIN)).await?;
            if is_head || everything.kind == Kind::NotModified {
                return Ok(everything);
            }
        }
        select(&query).await
    }

    fn encode(Exported { selected, format }: Exported, _: &Options) -> Response<Body> {
        let entity_tag = selected.revision().entity_tag();
        let body = export::body(format, selected);
        response::download(format.media_type(), format.disposition(), entity_tag, body)
    }
}

fn query(query: &str) -> Result<(Query, Format), Problem> {
    let mut parameters = Parameters([
        Parameter::once("format"),
        Parameter::once("q"),
        Parameter::repeated("tag", MAX_TAGS),
    ]);
    let (mut selection, mut format) = (Query::new(NonZeroUsize::MAX), Format::Ndjson);
    for pair in pairs(query) {
        let Some((name, value)) = parameters.admit(pair)? else { continue };
        match name {
            "format" => format = value.parse().map_err(|rule| invalid(name, &rule))?,
            "q" => selection.search = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            _ => {
                selection.tags.insert(value.parse().map_err(|rule| invalid(name, &rule))?);
            }
        }
    }
    Ok((selection, format))
}

/// The same parameters in the form of OpenAPI.
fn parameters(_: &Options) -> Vec<Value> {
    let format = json!({ "type": "string", "enum": ["ndjson", "csv"], "default": "ndjson" });
    let what = "The format of the file.";
    vec![described(what, parameter("format", "query", format)), search_parameter(), tag_parameter()]
}

const fn content(format: Format) -> Content {
    // No schema describes several JSON texts together, so they are a text here.
    Content { media_type: format.media_type(), schema: || json!({ "type": "string" }) }
}

const CONTENT_DISPOSITION: ResponseField = ResponseField {
    name: "Content-Disposition",
    description: "Asks a browser to save the content as a file (RFC 6266).",
    is_required: true,
    is_metadata: false,
    schema: || json!({ "type": "string", "pattern": "^attachment; filename=\"[a-z.]+\"$" }),
};
