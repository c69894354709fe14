//! `GET /desk/days/{date}`: the page of a day.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};

use super::days::day;
use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use super::read_day::ReadDay;
use crate::daily::Date;
use crate::desk::{DayPage, Section};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns the page of the day that the path names, as HTML, or 404 if the day shows no package.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_day<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowDay, _, _>(api, request)
}

/// How many earlier days the page lists.
const BEFORE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(5);

#[derive(Debug)]
pub(super) struct ShowDay {
    visit: Visit,
    date: Date,
}

impl Operate for ShowDay {
    const FACTS: Facts =
        Facts { summary: "Show a day's package", ..pages::facts("show_day", "/days/{date}") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ReadDay>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self { visit: Visit::new(head), date: head.date()? })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let Self { visit, date } = &self;
        let daily = &day(api, *date, api.options().now()).await?;
        let mut before = match *date {
            Date::MIN => Vec::new(),
            date => api.store().recent_daily(date.plus_days(-1), BEFORE).await?,
        };
        visit.readable(api.options(), &mut before);
        let page = DayPage { frame: visit.frame(Section::Days), daily, before: &before };
        visit.read(page.render())
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }

    fn date(&self) -> Option<Date> {
        Some(self.date)
    }
}
