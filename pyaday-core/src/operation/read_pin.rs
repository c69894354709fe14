//! `GET /daily/pins/{date}`: read the pin of a future day.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::days::last_open;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::daily::{Date, Pinned};
use crate::http::conditions::Preconditions;
use crate::http::facts::{Facts, Success};
use crate::http::head::Head;
use crate::http::media_type::JSON;
use crate::http::response::{self, NO_CACHE};
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::{json_content, reference};
use crate::store::PackageStore;

/// Returns the pin of the future day that the path names, or 404 if the day has no pin.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_pin<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadPin, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadPin {
    date: Date,
    conditions: Preconditions,
}

impl Operate for ReadPin {
    const FACTS: Facts = Facts {
        summary: "Read the pin of a future day",
        problems: &[
            P::InvalidDate,
            P::NoDaily,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::Internal,
        ],
        success: Success::content("The pin.", json_content(|| reference("Pin"))),
        ..Facts::read("read_pin", Blueprint::Daily, "/pins/{date}")
    };

    type Result = Pinned;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { date: head.date()?, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Pinned>, Problem> {
        let pinned = match self.date > last_open(api.options().now()) {
            true => api.store().pinned(self.date).await?,
            false => None,
        };
        let pinned = pinned.ok_or_else(|| Problem::not_pinned(self.date))?;
        Performed::read(pinned, &self.conditions, |pinned| pinned.revision.entity_tag())
    }

    fn encode(pinned: Pinned, _: &Options) -> Response<Body> {
        let mut body = Vec::new();
        pinned.write_json(&mut body);
        response::tagged(JSON, NO_CACHE, pinned.revision.entity_tag(), body.into())
    }

    fn date(&self) -> Option<Date> {
        Some(self.date)
    }
}
