//! `GET /daily/feed.json`: the last days as a JSON Feed 1.1.

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
use crate::http::media_type::FEED_JSON;
use crate::http::{Api, Blueprint, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns the last 30 days as a JSON Feed 1.1.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_json_feed<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadJsonFeed, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadJsonFeed(Source);

impl Operate for ReadJsonFeed {
    const FACTS: Facts = Facts {
        summary: "Read the last days as a JSON Feed",
        request_fields: &[HOST],
        problems: feed::PROBLEMS,
        success: Success::content(
            "The feed.",
            Content { media_type: FEED_JSON, schema: || json!({ "type": "object" }) },
        ),
        ..Facts::read("read_json_feed", Blueprint::Daily, "/feed.json")
    };

    type Result = Document;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Source::decode(head).map(Self)
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        self.0.read(api, Format::Json).await
    }

    fn encode(feed: Document, _: &Options) -> Response<Body> {
        feed.into_response()
    }
}
