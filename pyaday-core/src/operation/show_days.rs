//! `GET /desk/days`: the calendar of a month.

use std::future::Future;
use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};

use super::days::{DAYS_BACK, PINS, last_open};
use super::operate::{Operate, Performed};
use super::pages::{self, Visit};
use super::pipeline::respond_as;
use super::read_day::ReadDay;
use crate::daily::{Daily, Date, Day, Pinned};
use crate::desk::{DaysPage, Month, Section};
use crate::http::document::Document;
use crate::http::facts::Facts;
use crate::http::head::Head;
use crate::http::{Api, Body, Options, Problem};
use crate::store::PackageStore;

/// Returns the calendar of a month, as HTML.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn show_days<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<ShowDays, _, _>(api, request)
}

/// How many shown days the page looks at: a year, so that it finds a package that was shown before.
const DAYS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(365);
/// How many days the calendar of a month has at most.
const DAYS_OF_CALENDAR: NonZeroUsize = NonZeroUsize::MIN.saturating_add(41);

#[derive(Debug)]
pub(super) struct ShowDays {
    visit: Visit,
    /// `None` for the month of today.
    month: Option<Month>,
}

impl Operate for ShowDays {
    const FACTS: Facts = Facts { summary: "Show a month", ..pages::facts("show_days", "/days") };

    type Result = Document;

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        pages::require::<ReadDay>(head)
    }

    fn decode(head: &Head<'_>, _: &Bytes) -> Result<Self, Problem> {
        let month = pages::parameter(head, "month")?;
        Ok(Self { visit: Visit::new(head), month })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<Document>, Problem> {
        let (store, now) = (api.store(), api.options().now());
        let (today, last_open) = (Date::of(now), last_open(now));
        let month = self.month.unwrap_or(Month::of(today));
        let mut shown = shown(store, month, last_open).await?;
        self.visit.readable(api.options(), &mut shown);
        let pins = self.pins(store, last_open).await?;
        let page = DaysPage {
            frame: self.visit.frame(Section::Days),
            month,
            today,
            last_open,
            first: first(store, today).await?,
            shown: &shown,
            gone: &pages::gone(store, pins.iter().map(|pin| &pin.name)).await?,
            pins: &pins,
        };
        self.visit.read(page.render())
    }

    fn encode(page: Document, options: &Options) -> Response<Body> {
        pages::response(page, options)
    }
}

impl ShowDays {
    async fn pins<S: PackageStore>(
        &self,
        store: &S,
        last_open: Date,
    ) -> Result<Vec<Pinned>, Problem> {
        match self.visit.may("list_pins") {
            true => Ok(store.pins(last_open, PINS).await?),
            false => Ok(Vec::new()),
        }
    }
}

/// The days of the calendar and the last ones, the newest first.
async fn shown<S: PackageStore>(
    store: &S,
    month: Month,
    last_open: Date,
) -> Result<Vec<Daily>, Problem> {
    let mut shown = store.recent_daily(last_open, DAYS).await?;
    let (_, last) = month.bounds();
    if shown.last().is_some_and(|oldest| oldest.date() > last) {
        shown.extend(store.recent_daily(last, DAYS_OF_CALENDAR).await?);
    }
    Ok(shown)
}

/// The first date that is open or can still be opened.
async fn first<S: PackageStore>(store: &S, today: Date) -> Result<Date, Problem> {
    let of_journal = match store.daily(Date::MIN).await? {
        Day::Shown(daily) => Some(daily.date()),
        Day::Unopened { first } => first,
    };
    Ok(of_journal.map_or(today, |first| first.max(today.plus_days(-DAYS_BACK))))
}
