//! `GET /daily/feed.atom`: the last days as an Atom feed (RFC 4287).

use std::future::Future;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use serde_json::json;

use super::feed::{self, Format, Source};
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::http::document::Document;
use crate::http::facts::{Content, Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::ATOM;
use crate::http::{Api, Blueprint, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns the last 30 days as an Atom feed (RFC 4287).
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_atom_feed<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadAtomFeed, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadAtomFeed(Source);

impl Operate for ReadAtomFeed {
    const FACTS: Facts = Facts {
        summary: "Read the last days as an Atom feed",
        request_fields: &[HOST],
        problems: feed::PROBLEMS,
        success: Success::content(
            "The feed.",
            Content { media_type: ATOM, schema: || json!({ "type": "string" }) },
        ),
        ..Facts::read("read_atom_feed", Blueprint::Daily, "/feed.atom")
    };

    type Result = Document;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Source::decode(head).map(Self)
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        self.0.read(api, Format::Atom).await
    }

    fn encode(feed: Document, _: &Options) -> Response<Body> {
        feed.into_response()
    }
}
