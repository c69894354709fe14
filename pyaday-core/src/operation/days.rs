//! The package of a day, shared by all operations about days.

use std::num::NonZeroUsize;
use std::time::SystemTime;

use http::Response;
use http::header::CONTENT_LOCATION;

use super::operate::Performed;
use crate::daily::{Daily, Date, Day, seconds_to_midnight};
use crate::http::conditions::Preconditions;
use crate::http::facts::{Caching, Success};
use crate::http::media_type::JSON;
use crate::http::response::{self, insert, max_age};
use crate::http::{Api, Body, Options, Problem};
use crate::openapi::parts::{json_content, reference};
use crate::store::PackageStore;

/// The number of past days that a request can still open.
pub(super) const DAYS_BACK: i32 = 31;
/// A number of pins that is greater than the number of days that can be pinned.
pub(super) const PINS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);
/// How long a response for a past day may be kept, in seconds.
const MAX_AGE_OF_PAST: u32 = 24 * 60 * 60;
/// The maximum time that a response for the current day may be kept, in seconds.
const MAX_AGE: i64 = 60 * 60;

/// The last date that has begun anywhere on Earth. Some clocks are 14 hours ahead of UTC.
pub(super) fn last_open(now: SystemTime) -> Date {
    Date::at_offset(now, 14)
}

/// A day and the additional facts of its response.
pub(super) struct Shown {
    daily: Daily,
    /// The URL of the day's own resource, if the request was for another one.
    content_location: Option<String>,
    /// How long the response is valid, in seconds.
    max_age: u32,
}

impl Shown {
    /// The response to a request for a day, unless the conditions of the request do not hold.
    pub(super) fn read(
        daily: Daily,
        content_location: Option<String>,
        now: SystemTime,
        conditions: &Preconditions,
    ) -> Result<Performed<Self>, Problem> {
        // A past day changes only if its package is deleted. Tomorrow, today's resource shows
        // another day.
        let max_age = match daily.date() < Date::of(now) {
            true => MAX_AGE_OF_PAST,
            false => seconds_to_midnight(now).min(MAX_AGE) as u32,
        };
        let shown = Self { daily, content_location, max_age };
        Performed::read(shown, conditions, |shown| shown.daily.entity_tag())
    }

    pub(super) fn into_response(self, options: &Options) -> Response<Body> {
        let cache_control = max_age(options.caches(), self.max_age);
        let (entity_tag, content) = (self.daily.entity_tag(), self.daily.body());
        let mut response = response::tagged(JSON, cache_control, entity_tag, content);
        if let Some(location) = self.content_location {
            insert(response.headers_mut(), CONTENT_LOCATION, location);
        }
        response
    }

    /// The facts about the response.
    pub(super) const fn success(description: &'static str) -> Success {
        Success {
            caching: Caching::MaxAge,
            ..Success::content(description, json_content(|| reference("Daily")))
        }
    }
}

/// Returns what a day shows. The first request for a day opens it, except if the day has not begun,
/// lies before the first day of the journal, or is too far in the past. A date that is today
/// anywhere on Earth can always be opened: in the far west, clocks are 12 hours behind UTC.
pub(super) async fn day<S: PackageStore>(
    api: &Api<S>,
    date: Date,
    now: SystemTime,
) -> Result<Daily, Problem> {
    let first = match api.store().daily(date).await? {
        Day::Shown(daily) => return Ok(daily),
        Day::Unopened { first } => first,
    };
    let today = Date::at_offset(now, -12);
    if date > last_open(now) {
        return Err(Problem::not_begun(date));
    }
    if date < first.map_or(today, |first| first.min(today)) {
        return Err(Problem::before_first(date));
    }
    if date < Date::of(now).plus_days(-DAYS_BACK) {
        return Err(Problem::never_shown(date));
    }
    let days = api.store().open_daily(date..=date, now).await?;
    days.into_iter().next().ok_or_else(Problem::empty_catalogue)
}
