//! `GET /daily/pins`: list the pins of future days.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::days::{PINS, last_open};
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::http::conditions::Preconditions;
use crate::http::document::Document;
use crate::http::facts::{Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{json_content, reference};
use crate::store::PackageStore;

/// Returns the pins of future days, in the order of their dates.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn list_pins<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ListPins, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ListPins {
    conditions: Preconditions,
}

impl Operate for ListPins {
    const FACTS: Facts = Facts {
        summary: "List the pins of future days",
        problems: &[P::PreconditionFailed, P::StoreUnavailable, P::Internal],
        success: Success::content("The pins.", json_content(|| reference("Pins"))),
        ..Facts::read("list_pins", Blueprint::Daily, "/pins")
    };

    type Result = Document;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let pins = api.store().pins(last_open(api.options().now()), PINS).await?;
        let mut body = b"{\"items\":[".to_vec();
        for (at, pinned) in pins.iter().enumerate() {
            body.extend(if at == 0 { &b""[..] } else { b"," });
            pinned.write_json(&mut body);
        }
        body.extend(b"]}");
        Performed::read(Document::new(JSON, body), &self.conditions, Document::entity_tag)
    }

    fn encode(list: Document, _: &Options) -> Response<Body> {
        list.into_response()
    }
}
