//! `PUT /daily/pins/{date}`: choose the package of a future day.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::days::last_open;
use super::operate::{Operate, Performed};
use super::pipeline::respond_as;
use super::terms::Terms;
use crate::daily::{Date, Day, Pin};
use crate::http::facts::{Conditions, Facts, PUT, RequestBody, Success};
use crate::http::head::Head;
use crate::http::{Api, Blueprint, Body, Options, Problem, ProblemType as P, response};
use crate::package::{Errors, Fields, NormalizedName, PackageError, PackageName};
use crate::store::PackageStore;

/// Pins the package that the body names to the future day that the path names: 204, 404 if the
/// package does not exist, or 409 if the day has begun.
///
/// This function is for a host that routes requests itself. It does not check the request's method.
/// [`respond`](crate::respond) handles all methods of an endpoint.
pub fn pin_day<S: PackageStore, B: http_body::Body>(
    api: &Api<S>,
    request: Request<B>,
) -> impl Future<Output = Response<Body>> + use<S, B> {
    respond_as::<PinDay, _, _>(api, request)
}

/// How many days ahead a day can be pinned. The limit keeps the number of pins small.
const DAYS_AHEAD: i32 = 400;

#[derive(Debug)]
pub(super) struct PinDay {
    date: Date,
    /// The package, or the fault of the body. The fault is reported only if the day has not begun
    /// and the conditions of the request hold.
    name: Result<NormalizedName, Problem>,
    /// The terms, with the conditions on the pin.
    terms: Terms,
}

impl Operate for PinDay {
    const FACTS: Facts = Facts {
        summary: "Pin a package to a future day",
        body: Some(RequestBody::json("PinUpdate", || json!({ "name": "flask" }))),
        // The first pin of a day replaces nothing, so no condition is required.
        conditions: Conditions::Optional,
        problems: &[
            P::InvalidDate,
            P::UnsupportedMediaType,
            P::ContentTooLarge,
            P::PastIsFixed,
            P::PreconditionRequired,
            P::PreconditionFailed,
            P::MalformedJson,
            P::InvalidPackage,
            P::PackageNotFound,
            P::StoreUnavailable,
            P::OutcomeUnknown,
            P::Internal,
        ],
        success: Success::no_content("The day will show the package."),
        ..Facts::write("pin_day", PUT, Blueprint::Daily, "/pins/{date}")
    };

    type Result = ();

    fn check(head: &Head<'_>) -> Result<(), Problem> {
        let last = Date::of(head.options.now()).plus_days(DAYS_AHEAD);
        match head.date()? {
            date if date > last => Err(Problem::too_far_ahead(last)),
            _ => Ok(()),
        }
    }

    fn decode(head: &Head<'_>, body: &Bytes) -> Result<Self, Problem> {
        let date = head.date()?;
        let name = pinned_name(body, date).map(|name| name.normalized());
        Ok(Self { date, name: name.map_err(Problem::from), terms: Terms::new(head) })
    }

    async fn execute<S: PackageStore>(self, api: &Api<S>) -> Result<Performed<()>, Problem> {
        let Self { date, name, terms } = self;
        let (store, last_open) = (api.store(), last_open(api.options().now()));
        if name.is_err() {
            store.refresh().await?;
            if date <= last_open || matches!(store.daily(date).await?, Day::Shown(_)) {
                return Err(Problem::past_is_fixed(date));
            }
            terms.check(store.pinned(date).await?.map(|pinned| pinned.revision))?;
        }
        match store.pin_daily(date, last_open, &name?, terms.write()).await? {
            Pin::Pinned(_) | Pin::Unchanged(_) => Ok(Performed::new(())),
            Pin::Fixed => Err(Problem::past_is_fixed(date)),
            Pin::Stale(pinned) => Err(terms.refused(pinned.map(|pinned| pinned.revision))),
            Pin::Absent => Err(Problem::package_not_found()),
        }
    }

    fn encode((): (), _: &Options) -> Response<Body> {
        response::no_content()
    }

    fn name(&self) -> Option<&NormalizedName> {
        self.name.as_ref().ok()
    }

    fn date(&self) -> Option<Date> {
        Some(self.date)
    }
}

/// Reads the package's name from the body of a pin.
fn pinned_name(body: &[u8], date: Date) -> Result<PackageName, PackageError> {
    let Fields(mut members) = Fields::from_json(body)?;
    let mut errors = Errors::default();
    let name = errors.name(members.shift_remove("name"));
    if let Some(other) = members.shift_remove("date")
        && other != date.to_string()
    {
        errors.push("/date".to_owned(), format!("must be {date}, as in the URL, or left out"));
    }
    errors.unknown("", &members, "is not a member of a pin");
    match name {
        Some(name) if errors.is_empty() => Ok(name),
        _ => Err(errors.into_invalid().into()),
    }
}
