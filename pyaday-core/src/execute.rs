//! From a command to its outcome: the second of the three steps, the only one to touch the store.

use std::num::NonZeroUsize;
use std::time::SystemTime;

use http::HeaderValue;

use crate::api::{Api, Options};
use crate::conditional::{Failure, Preconditions, Verdict};
use crate::daily::{Daily, Day, Pin, Unpin};
use crate::date::{Date, seconds_to_midnight};
use crate::decode::Command;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::feed::{self, FeedFormat};
use crate::name::NormalizedName;
use crate::package::{Details, MergePatch, Package};
use crate::problem::{Problem, ProblemType};
use crate::query::{Draw, next_page};
use crate::store::{Create, Delete, PackageStore, Page, Query, Stored, Update};

/// What became of a command.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The methods of this endpoint.
    Options(&'static Endpoint),
    /// The package was added.
    Created {
        /// The package.
        package: Stored,
        /// The URL of its resource, a path where the host has no public URL.
        location: String,
    },
    /// The package that was asked for.
    Package(Stored),
    /// A page of a list.
    Packages {
        /// The page.
        page: Page,
        /// The URL of the page after it, if there is one; a query where the host has no public URL.
        next: Option<String>,
    },
    /// A package that was drawn.
    RandomPackage(Stored),
    /// Packages that were drawn.
    RandomPackages(Vec<Stored>),
    /// The package of a day.
    Daily {
        /// The day.
        daily: Daily,
        /// The URL of its own resource, where another was asked for; a path where the host has no
        /// public URL.
        content_location: Option<String>,
        /// How long the answer holds, in seconds.
        max_age: u32,
    },
    /// The OpenAPI document, or a feed.
    Document(Document),
    /// The client has the representation of this outcome already.
    NotModified(Box<Self>),
    /// The day is pinned.
    Pinned,
    /// The day is pinned no more.
    Unpinned,
    /// The package was replaced, or was the same already.
    Updated,
    /// The package was changed to this, or was this already.
    Patched(Stored),
    /// The package was removed.
    Deleted,
}

/// Does what a command asks for.
///
/// # Errors
/// What the client is to be told instead.
#[expect(clippy::manual_async_fn, reason = "it would have room for the command twice")]
pub fn execute<S: PackageStore>(
    api: &Api<S>,
    command: Command,
) -> impl Future<Output = Result<Outcome, Problem>> {
    // Frameworks move futures about. All but those of the two requests that are most of the traffic
    // are out of the way, or each request would carry the room of the largest.
    async move {
        match command {
            Command::ReadPackage { name, conditions } => {
                let package = find(api.store(), &name).await?;
                // Most have none, and no need of a tag to compare.
                if conditions.is_empty() {
                    return Ok(Outcome::Package(package));
                }
                let entity_tag = package.entity_tag();
                fresh(&conditions, &entity_tag, Outcome::Package(package))
            }
            Command::ReadRandomPackage(Draw { tag: None, count: None }) => {
                let package = api.store().random(api.options().seed()).await?;
                package.map(Outcome::RandomPackage).ok_or_else(Problem::empty_catalogue)
            }
            Command::Options(endpoint) => Ok(Outcome::Options(endpoint)),
            Command::ReadRandomPackage(draw) => Box::pin(sample(api, draw)).await,
            Command::ListPackages { query, url, conditions } => {
                Box::pin(list(api, query, url, conditions)).await
            }
            Command::CreatePackage { package, path } => Box::pin(create(api, package, path)).await,
            Command::UpdatePackage { name, details, conditions } => {
                Box::pin(update(api, name, details, conditions)).await
            }
            Command::PatchPackage { name, patch, conditions } => {
                Box::pin(patch_package(api, name, patch, conditions)).await
            }
            Command::DeletePackage { name, conditions } => {
                Box::pin(delete(api, name, conditions)).await
            }
            Command::ReadOpenApi { server, conditions } => {
                let text = api.options().openapi().text(&server);
                fresh(&conditions, &text.entity_tag(), Outcome::Document(text))
            }
            Command::ReadToday { path, conditions } => {
                Box::pin(read_today(api, path, conditions)).await
            }
            Command::ReadDay { date, conditions } => {
                Box::pin(read_day(api, date, conditions)).await
            }
            Command::PinDay { date, name } => Box::pin(pin_day(api, date, name)).await,
            Command::UnpinDay { date } => Box::pin(unpin_day(api, date)).await,
            Command::ReadFeed { format, url, conditions } => {
                Box::pin(read_feed(api, format, url, conditions)).await
            }
        }
    }
}

async fn find<S: PackageStore>(store: &S, name: &NormalizedName) -> Result<Stored, Problem> {
    store.read(name).await?.ok_or_else(Problem::package_not_found)
}

/// The outcome of a read, unless the request's conditions are against it.
fn fresh(
    conditions: &Preconditions,
    entity_tag: &HeaderValue,
    outcome: Outcome,
) -> Result<Outcome, Problem> {
    match conditions.evaluate(entity_tag) {
        Verdict::Perform => Ok(outcome),
        Verdict::Matched => Ok(Outcome::NotModified(Box::new(outcome))),
        Verdict::Failed(failure) => Err(Problem::precondition_failed(failure)),
    }
}

async fn list<S: PackageStore>(
    api: &Api<S>,
    query: Query,
    url: String,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let page = api.store().list(&query).await?;
    let next = page.next.as_ref().map(|after| next_page(&url, after.as_str()));
    fresh(&conditions, &page.revision.entity_tag(), Outcome::Packages { page, next })
}

async fn create<S: PackageStore>(
    api: &Api<S>,
    package: Package,
    path: String,
) -> Result<Outcome, Problem> {
    let location = format!("{path}/{}", package.name);
    match api.store().create(package).await? {
        Create::Created(package) => Ok(Outcome::Created { package, location }),
        Create::Exists(there) => Err(Problem::package_exists(&there)),
    }
}

/// The last date that has begun anywhere on Earth: where clocks are 14 hours ahead of UTC.
fn last_open(now: SystemTime) -> Date {
    Date::at_offset(now, 14)
}

/// What a day shows. It is opened now if nobody has asked for it before, unless it has not begun or
/// lies before the journal; but what is today anywhere on Earth is always shown, to the west where
/// clocks are 12 hours behind UTC.
async fn day<S: PackageStore>(api: &Api<S>, date: Date, now: SystemTime) -> Result<Daily, Problem> {
    let first = match api.store().daily(date).await? {
        Day::Shown(daily) => return Ok(daily),
        Day::Unopened { first } => first,
    };
    let (today, last) = (Date::at_offset(now, -12), last_open(now));
    if date > last || date < first.map_or(today, |first| first.min(today)) {
        return Err(Problem::no_daily(date, last));
    }
    api.store().open_daily(date, now).await?.ok_or_else(Problem::empty_catalogue)
}

async fn read_today<S: PackageStore>(
    api: &Api<S>,
    path: String,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let now = api.options().now();
    let daily = day(api, Date::of(now), now).await?;
    let location = format!("{path}/{}", daily.date());
    answer_daily(daily, Some(location), now, &conditions)
}

async fn read_day<S: PackageStore>(
    api: &Api<S>,
    date: Date,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let now = api.options().now();
    answer_daily(day(api, date, now).await?, None, now, &conditions)
}

async fn pin_day<S: PackageStore>(
    api: &Api<S>,
    date: Date,
    name: NormalizedName,
) -> Result<Outcome, Problem> {
    match api.store().pin_daily(date, last_open(api.options().now()), &name).await? {
        Pin::Pinned => Ok(Outcome::Pinned),
        Pin::Fixed => Err(Problem::past_is_fixed(date)),
        Pin::Absent => Err(Problem::package_not_found()),
    }
}

async fn unpin_day<S: PackageStore>(api: &Api<S>, date: Date) -> Result<Outcome, Problem> {
    match api.store().unpin_daily(date, last_open(api.options().now())).await? {
        Unpin::Unpinned => Ok(Outcome::Unpinned),
        Unpin::Fixed => Err(Problem::past_is_fixed(date)),
        Unpin::NotPinned => Err(Problem::not_pinned(date)),
    }
}

async fn read_feed<S: PackageStore>(
    api: &Api<S>,
    format: FeedFormat,
    url: String,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let feed = feed::document(format, &url, &recent_days(api).await?);
    fresh(&conditions, &feed.entity_tag(), Outcome::Document(feed))
}

fn answer_daily(
    daily: Daily,
    content_location: Option<String>,
    now: SystemTime,
    conditions: &Preconditions,
) -> Result<Outcome, Problem> {
    // The past stays, but for a package that goes. Today is another day tomorrow.
    let max_age = match daily.date() < Date::of(now) {
        true => 86_400,
        false => seconds_to_midnight(now).min(3600) as u32,
    };
    let entity_tag = daily.entity_tag();
    fresh(conditions, &entity_tag, Outcome::Daily { daily, content_location, max_age })
}

/// The days of a feed; today's is opened, as by anybody who asks. Without it, if it cannot be.
async fn recent_days<S: PackageStore>(api: &Api<S>) -> Result<Vec<Daily>, Problem> {
    const COUNT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(feed::DAYS as usize - 1);

    let now = api.options().now();
    let today = Date::of(now);
    if let Err(problem) = day(api, today, now).await
        && problem.kind() == ProblemType::Internal
    {
        return Err(problem);
    }
    let mut days = api.store().recent_daily(today, COUNT).await?;
    days.retain(|daily| daily.date() > today.plus_days(-feed::DAYS));
    Ok(days)
}

/// A draw that is more than one of all packages.
async fn sample<S: PackageStore>(api: &Api<S>, draw: Draw) -> Result<Outcome, Problem> {
    let count = draw.count.unwrap_or(NonZeroUsize::MIN);
    let packages = api.store().sample(count, draw.tag.as_ref(), api.options().seed()).await?;
    match draw.count {
        Some(_) => Ok(Outcome::RandomPackages(packages)),
        None => {
            let package = packages.into_iter().next().ok_or_else(Problem::none_tagged)?;
            Ok(Outcome::RandomPackage(package))
        }
    }
}

/// Refuses a write to `current` that is not meant for it.
fn admit(options: &Options, conditions: &Preconditions, current: &Stored) -> Result<(), Problem> {
    if options.if_match_required && !conditions.has_if_match() {
        return Err(Problem::precondition_required());
    }
    match conditions.evaluate(&current.entity_tag()) {
        Verdict::Perform => Ok(()),
        Verdict::Matched => Err(Problem::precondition_failed(Failure::Changed)),
        Verdict::Failed(failure) => Err(Problem::precondition_failed(failure)),
    }
}

/// A write with conditions is tied to the revision that they were evaluated against: when another
/// write comes in between, the store tells so and they are evaluated anew. So they are true of what
/// is replaced, at the moment it is replaced.
async fn update<S: PackageStore>(
    api: &Api<S>,
    name: NormalizedName,
    details: Result<Details, Problem>,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let (store, options) = (api.store(), api.options());
    let (name, conditions) = (&name, &conditions);
    let mut expected = None;
    // A body that is wrong matters only to a package that is there, in the version meant.
    if !conditions.is_empty() || options.if_match_required || details.is_err() {
        let current = find(store, name).await?;
        admit(options, conditions, &current)?;
        expected = Some(current.revision());
    }
    let details = details?;
    loop {
        match store.update(name, expected, details.clone()).await? {
            Update::Updated(_) | Update::Unchanged(_) => return Ok(Outcome::Updated),
            Update::Absent => return Err(Problem::package_not_found()),
            Update::Stale(current) => {
                admit(options, conditions, &current)?;
                expected = Some(current.revision());
            }
        }
    }
}

/// A patch is always tied to the revision it was applied to.
async fn patch_package<S: PackageStore>(
    api: &Api<S>,
    name: NormalizedName,
    patch: Result<MergePatch, Problem>,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let (store, options) = (api.store(), api.options());
    let (name, conditions) = (&name, &conditions);
    let mut current = find(store, name).await?;
    admit(options, conditions, &current)?;
    let patch = patch?;
    loop {
        let patched = patch.apply(&current.package())?;
        if patched.name.normalized() != *name {
            return Err(Problem::name_mismatch(&patched.name));
        }
        match store.update(name, Some(current.revision()), patched.details).await? {
            Update::Updated(now) | Update::Unchanged(now) => return Ok(Outcome::Patched(now)),
            Update::Absent => return Err(Problem::package_not_found()),
            Update::Stale(now) => {
                admit(options, conditions, &now)?;
                current = now;
            }
        }
    }
}

async fn delete<S: PackageStore>(
    api: &Api<S>,
    name: NormalizedName,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let (store, options) = (api.store(), api.options());
    let (name, conditions) = (&name, &conditions);
    let mut expected = None;
    if !conditions.is_empty() || options.if_match_required {
        let current = find(store, name).await?;
        admit(options, conditions, &current)?;
        expected = Some(current.revision());
    }
    loop {
        match store.delete(name, expected).await? {
            Delete::Deleted => return Ok(Outcome::Deleted),
            Delete::Absent => return Err(Problem::package_not_found()),
            Delete::Stale(current) => {
                admit(options, conditions, &current)?;
                expected = Some(current.revision());
            }
        }
    }
}
