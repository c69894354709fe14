//! `GET /daily/{date}`: read the package of a day.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::days::{Shown, day};
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use crate::daily::Date;
use crate::http::conditions::Preconditions;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P};
use crate::store::PackageStore;

/// Returns the package of the day that the path names, or 404 if the day has not begun or lies
/// before the first day of the journal.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn read_day<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ReadDay, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct ReadDay {
    date: Date,
    conditions: Preconditions,
}

impl Operate for ReadDay {
    const FACTS: Facts = Facts {
        summary: "Read a day's package",
        problems: &[
            P::InvalidDate,
            P::PackageNotFound,
            P::NoDaily,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Shown::success("The package of the day."),
        ..Facts::read("read_day", Blueprint::Daily, "/{date}")
    };

    type Result = Shown;

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { date: head.date()?, conditions: head.conditions() })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Shown>, Problem> {
        let now = api.options().now();
        Shown::read(day(api, self.date, now).await?, None, now, &self.conditions)
    }

    fn encode(shown: Shown, options: &Options) -> Response<Body> {
        shown.into_response(options)
    }

    fn date(&self) -> Option<Date> {
        Some(self.date)
    }
}
