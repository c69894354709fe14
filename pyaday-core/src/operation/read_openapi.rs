//! `GET /openapi.json`: read the OpenAPI document.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::http::conditions::Preconditions;
use crate::http::document::{Document, Template};
use crate::http::facts::{Content, Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi;
use crate::store::PackageStore;

/// Returns the OpenAPI document of all blueprints, mounted together at their default paths.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_openapi<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadOpenApi, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadOpenApi {
    /// The URL at which all blueprints are mounted.
    server: String,
    conditions: Preconditions,
}

impl Operate for ReadOpenApi {
    const FACTS: Facts = Facts {
        summary: "Read this document",
        problems: &[P::PreconditionFailed, P::Internal],
        success: Success::content(
            "The document.",
            Content { media_type: JSON, schema: || json!({ "type": "object" }) },
        ),
        ..Facts::read("read_openapi", Blueprint::OpenApi, "")
    };

    type Result = Document;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let mount = head.path().strip_suffix(Blueprint::OpenApi.path());
        let server = head.options.reference(mount.unwrap_or_default());
        Ok(Self { server, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let server = Value::from(openapi::or_root(&self.server)).to_string();
        let text = template(api.options()).fill(&server);
        Performed::read(Document::new(JSON, text), &self.conditions, Document::entity_tag)
    }

    fn encode(document: Document, _: &Options) -> Response<Body> {
        document.into_response()
    }
}

/// The document for any server. It is rendered once.
fn template(options: &Options) -> &Template {
    /// A text that cannot be the path of a server.
    const SERVER: &str = "\n";

    options.openapi.get_or_init(|| {
        let text = openapi::document(options, SERVER).to_string();
        Template::new(&text, &Value::from(SERVER).to_string())
    })
}
