//! The parameters of an import, and the format of its body.

use std::collections::BTreeSet;

use http::HeaderMap;
use serde_json::{Value, json};

use crate::http::media_type::{self, CSV, JSON, NDJSON, TSV};
use crate::http::query::{Parameter, Parameters, boolean, invalid, pairs};
use crate::http::{Options, Problem};
use crate::import::{Format, Import, OnExisting};
use crate::openapi::parts::{described, parameter, reference};
use crate::package::{Tag, Tags};

/// What a request wants to be done with its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct ImportRequest {
    pub(super) is_dry_run: bool,
    pub(super) on_existing: OnExisting,
    pub(super) tags: Tags,
    /// True if the response has all rows, not only those that need attention.
    pub(super) reports_all: bool,
}

impl ImportRequest {
    pub(super) fn from_query(query: &str) -> Result<Self, Problem> {
        let mut parameters = Parameters([
            Parameter::once("dry_run"),
            Parameter::once("on_existing"),
            Parameter::repeated("tag", Tags::MAX),
            Parameter::once("report"),
        ]);
        let (mut request, mut tags) = (Self::default(), BTreeSet::<Tag>::new());
        for pair in pairs(query) {
            let Some((name, value)) = parameters.admit(pair)? else { continue };
            match name {
                "dry_run" => request.is_dry_run = boolean(name, &value)?,
                "on_existing" => {
                    request.on_existing = value.parse().map_err(|rule| invalid(name, &rule))?;
                }
                "tag" => {
                    tags.insert(value.parse().map_err(|rule| invalid(name, &rule))?);
                }
                _ if value == "all" => request.reports_all = true,
                _ => return Err(invalid(name, &"must be `all`")),
            }
        }
        request.tags = Tags::try_from(tags).map_err(|rule| invalid("tag", &rule))?;
        Ok(request)
    }

    pub(super) fn import(&self) -> Import {
        Import::new().on_existing(self.on_existing).tags(self.tags.clone())
    }
}

/// The formats of bodies, and their media types.
const FORMATS: [(&str, Format); 4] =
    [(NDJSON, Format::Ndjson), (JSON, Format::Json), (CSV, Format::Csv), (TSV, Format::Tsv)];

/// The format that the request's `Content-Type` names.
pub(super) fn format_of(headers: &HeaderMap) -> Result<Format, Problem> {
    let media_types = FORMATS.map(|(media_type, _)| media_type);
    let media_type = media_type::check(headers, &media_types)
        .map_err(|why| Problem::unsupported_body(&media_types, &why))?;
    let format = FORMATS.iter().find(|(of_format, _)| *of_format == media_type);
    Ok(format.map_or(Format::Ndjson, |(_, format)| *format))
}

/// The same parameters in the form of OpenAPI.
pub(super) fn parameters(_: &Options) -> Vec<Value> {
    let on_existing: Vec<_> = OnExisting::ALL.iter().map(|value| value.as_str()).collect();
    let dry_run = "Only report what would become of the rows. The ETag of this response can be the \
                   If-Match of the request that does it.";
    let existing = "What becomes of packages that exist already: they stay as they are (`skip`), the \
                    rows are merged into them as PATCH does it (`update`), or the whole request is \
                    refused (`error`).";
    let tag = "Add this tag to each package that is added or updated. It can be repeated.";
    let report = "Report all rows, not only those that need attention.";
    let tags = json!({ "type": "array", "items": reference("Tag"), "maxItems": Tags::MAX });
    let mut tags = parameter("tag", "query", tags);
    tags["explode"] = true.into();
    vec![
        described(
            dry_run,
            parameter("dry_run", "query", json!({ "type": "boolean", "default": false })),
        ),
        described(
            existing,
            parameter(
                "on_existing",
                "query",
                json!({ "type": "string", "enum": on_existing, "default": "skip" }),
            ),
        ),
        described(tag, tags),
        described(
            report,
            parameter("report", "query", json!({ "type": "string", "enum": ["all"] })),
        ),
    ]
}
