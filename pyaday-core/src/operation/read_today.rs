//! `GET /daily`: read the package of today.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::days::{Shown, day};
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::daily::Date;
use crate::http::conditions::Preconditions;
use crate::http::facts::{Facts, Success};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::openapi::parts::CONTENT_LOCATION;
use crate::store::PackageStore;

/// Returns the package of today in UTC, or 404 if there are no packages.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_today<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadToday, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadToday {
    /// The URL of the request, in a form that a client can follow.
    url: String,
    conditions: Preconditions,
}

impl Operate for ReadToday {
    const FACTS: Facts = Facts {
        summary: "Read today's package",
        problems: &[
            P::PackageNotFound,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success {
            fields: &[CONTENT_LOCATION],
            ..Shown::success("The package of this day in UTC.")
        },
        ..Facts::read("read_today", Blueprint::Daily, "")
    };

    type Result = Shown;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { url: head.url(), conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Shown>, Problem> {
        let now = api.options().now();
        let daily = day(api, Date::of(now), now).await?;
        let location = format!("{}/{}", self.url, daily.date());
        Shown::read(daily, Some(location), now, &self.conditions)
    }

    fn encode(shown: Shown, options: &Options) -> Response<Body> {
        shown.into_response(options)
    }
}
