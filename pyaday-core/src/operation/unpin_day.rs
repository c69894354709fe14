//! `DELETE /daily/pins/{date}`: remove the pin of a future day.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use super::days::last_open;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::daily::{Date, Unpin};
use crate::http::facts::{DELETE, Facts, Success};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::store::PackageStore;

/// Removes the pin of the day that the path names: 204, 404 if there is no pin, or 409 if the day
/// has begun.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn unpin_day<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<UnpinDay, _, _>(api, request)
}

#[derive(Debug)]
pub(super) struct UnpinDay {
    date: Date,
    /// The terms, with the conditions on the pin.
    terms: Terms,
}

impl Operate for UnpinDay {
    const FACTS: Facts = Facts {
        summary: "Remove the pin of a future day",
        problems: &[
            P::InvalidDate,
            P::NoDaily,
            P::PastIsFixed,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success::no_content("The day is no longer pinned."),
        ..Facts::write("unpin_day", DELETE, Blueprint::Daily, "/pins/{date}")
    };

    type Result = ();

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { date: head.date()?, terms: Terms::new(head) })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<()>, Problem> {
        let last_open = last_open(api.options().now());
        let terms = self.terms;
        match api.store().unpin_daily(self.date, last_open, terms.write()).await? {
            Unpin::Unpinned => Ok(Performed::new(())),
            Unpin::Fixed => Err(Problem::past_is_fixed(self.date)),
            Unpin::Stale(pinned) => Err(terms.refused(Some(pinned.revision))),
            Unpin::NotPinned => Err(Problem::not_pinned(self.date)),
        }
    }

    fn encode((): (), _: &Options) -> Response<Body> {
        response::no_content()
    }

    fn date(&self) -> Option<Date> {
        Some(self.date)
    }
}
