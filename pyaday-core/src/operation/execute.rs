//! From a command to its outcome: the second of the three steps, the only one to touch the store.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use http::HeaderValue;

use super::decode::Command;
use super::feed::{self, FeedFormat};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin, seconds_to_midnight};
use crate::http::query::{Draw, next_page};
use crate::http::{
    Api, Document, Endpoint, Failure, JSON, Options, Preconditions, Problem, ProblemType, Verdict,
};
use crate::package::{MergePatch, NormalizedName, Package, Revision, Stored};
use crate::store::{Create, Delete, PackageStore, Page, Query, Replacement, Update, Write};

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
    /// The OpenAPI document, a feed, or the list of pins.
    Document(Document),
    /// A day's pin.
    Pin(Pinned),
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
            Command::CreatePackage { package, path, conditions } => {
                Box::pin(create(api, package, path, conditions)).await
            }
            Command::UpdatePackage { name, replacement, conditions } => {
                Box::pin(update(api, name, replacement, conditions)).await
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
            Command::ListPins { conditions } => Box::pin(list_pins(api, conditions)).await,
            Command::ReadPin { date, conditions } => {
                Box::pin(read_pin(api, date, conditions)).await
            }
            Command::PinDay { date, name, conditions } => {
                Box::pin(pin_day(api, date, name, conditions)).await
            }
            Command::UnpinDay { date, conditions } => {
                Box::pin(unpin_day(api, date, conditions)).await
            }
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

/// A condition of a creation is about the list of packages.
async fn create<S: PackageStore>(
    api: &Api<S>,
    package: Result<Package, Problem>,
    path: String,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let store = api.store();
    let terms = Terms { conditions, if_match_required: false };
    if package.is_err() && !terms.conditions.is_empty() {
        store.refresh().await?;
        let list = store.list(&Query::new(NonZeroUsize::MIN)).await?;
        terms.check(Some(list.revision))?;
    }
    let package = package?;
    let location = format!("{path}/{}", package.name);
    match store.create(package, terms.write()).await? {
        Create::Created(package) => Ok(Outcome::Created { package, location }),
        Create::Exists(there) => Err(Problem::package_exists(&there)),
        Create::Stale(list) => Err(terms.refused(Some(list))),
    }
}

/// The last date that has begun anywhere on Earth: where clocks are 14 hours ahead of UTC.
fn last_open(now: SystemTime) -> Date {
    Date::at_offset(now, 14)
}

/// How many days back a date can still be opened by who asks for it.
const DAYS_BACK: i32 = 31;

/// What a day shows. It is opened now if nobody has asked for it before, unless it has not begun, lies
/// before the journal, or is long past; but what is today anywhere on Earth is always shown, to the
/// west where clocks are 12 hours behind UTC.
async fn day<S: PackageStore>(api: &Api<S>, date: Date, now: SystemTime) -> Result<Daily, Problem> {
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

/// The most pins that are listed: more than there are days that can be pinned.
const PINS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

async fn list_pins<S: PackageStore>(
    api: &Api<S>,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let pins = api.store().pins(last_open(api.options().now()), PINS).await?;
    let mut body = b"{\"items\":[".to_vec();
    for (at, pinned) in pins.iter().enumerate() {
        body.extend(if at == 0 { &b""[..] } else { b"," });
        pinned.write_json(&mut body);
    }
    body.extend(b"]}");
    let list = Document::new(JSON, body);
    fresh(&conditions, &list.entity_tag(), Outcome::Document(list))
}

async fn read_pin<S: PackageStore>(
    api: &Api<S>,
    date: Date,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let pinned = match date > last_open(api.options().now()) {
        true => api.store().pinned(date).await?,
        false => None,
    };
    let pinned = pinned.ok_or_else(|| Problem::not_pinned(date))?;
    fresh(&conditions, &pinned.revision.entity_tag(), Outcome::Pin(pinned))
}

async fn pin_day<S: PackageStore>(
    api: &Api<S>,
    date: Date,
    name: Result<NormalizedName, Problem>,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let (store, last_open) = (api.store(), last_open(api.options().now()));
    let terms = Terms::new(api.options(), conditions);
    if name.is_err() {
        store.refresh().await?;
        if date <= last_open || matches!(store.daily(date).await?, Day::Shown(_)) {
            return Err(Problem::past_is_fixed(date));
        }
        terms.check(store.pinned(date).await?.map(|pinned| pinned.revision))?;
    }
    match store.pin_daily(date, last_open, &name?, terms.write()).await? {
        Pin::Pinned(_) | Pin::Unchanged(_) => Ok(Outcome::Pinned),
        Pin::Fixed => Err(Problem::past_is_fixed(date)),
        Pin::Stale(pinned) => Err(terms.refused(pinned.map(|pinned| pinned.revision))),
        Pin::Absent => Err(Problem::package_not_found()),
    }
}

async fn unpin_day<S: PackageStore>(
    api: &Api<S>,
    date: Date,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let last_open = last_open(api.options().now());
    let terms = Terms::new(api.options(), conditions);
    match api.store().unpin_daily(date, last_open, terms.write()).await? {
        Unpin::Unpinned => Ok(Outcome::Unpinned),
        Unpin::Fixed => Err(Problem::past_is_fixed(date)),
        Unpin::Stale(pinned) => Err(terms.refused(Some(pinned.revision))),
        Unpin::NotPinned => Err(Problem::not_pinned(date)),
    }
}

async fn read_feed<S: PackageStore>(
    api: &Api<S>,
    format: FeedFormat,
    url: String,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let days = recent_days(api).await?;
    let id = api.store().id().await?;
    let feed = feed::document(format, &url, &feed::Ids::new(api.options(), id), &days);
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

/// The days of a feed, the newest first: all since the first of the journal, those that nobody has
/// asked for are opened now. If they cannot be, then without them.
async fn recent_days<S: PackageStore>(api: &Api<S>) -> Result<Vec<Daily>, Problem> {
    let (store, now) = (api.store(), api.options().now());
    let today = Date::of(now);
    let days = opened_days(store, today).await?;
    let Some(missing) = missing(store, today, &days).await? else {
        return Ok(days);
    };
    if let Err(error) = store.open_daily(missing, now).await {
        let problem = Problem::from(error);
        return if problem.kind() == ProblemType::Internal { Err(problem) } else { Ok(days) };
    }
    opened_days(store, today).await
}

/// The days up to this one that a feed has and that were opened, the newest first.
async fn opened_days<S: PackageStore>(store: &S, today: Date) -> Result<Vec<Daily>, Problem> {
    const COUNT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(feed::DAYS as usize - 1);

    let mut days = store.recent_daily(today, COUNT).await?;
    days.retain(|daily| daily.date() > today.plus_days(-feed::DAYS));
    Ok(days)
}

/// The days of a feed, if some of them were not opened.
async fn missing<S: PackageStore>(
    store: &S,
    today: Date,
    days: &[Daily],
) -> Result<Option<RangeInclusive<Date>>, Problem> {
    let earliest = today.plus_days(1 - feed::DAYS);
    let before = store.recent_daily(earliest.plus_days(-1), NonZeroUsize::MIN).await?;
    let first = match before.is_empty() {
        true => days.last().map_or(today, Daily::date),
        false => earliest,
    };
    let expected = (0..).map_while(|back| {
        let date = today.plus_days(-back);
        (date >= first).then_some(date)
    });
    let is_complete = expected.eq(days.iter().map(Daily::date));
    Ok((!is_complete).then_some(first..=today))
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

/// What a write demands of the version that it replaces: the request's conditions, and what the host
/// asks of them.
struct Terms {
    conditions: Preconditions,
    if_match_required: bool,
}

impl Terms {
    fn new(options: &Options, conditions: Preconditions) -> Self {
        Self { conditions, if_match_required: options.if_match_required }
    }

    /// What the store asks in the moment of the write.
    fn write(&self) -> Write {
        if self.conditions.is_empty() && !self.if_match_required {
            return Write::new();
        }
        let terms = Self { conditions: self.conditions.clone(), ..*self };
        Write::new().only_if(move |current| terms.refusal(current).is_none())
    }

    /// Refuses the write if it may not replace the version of this revision.
    fn check(&self, current: Option<Revision>) -> Result<(), Problem> {
        self.refusal(current).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// Why the write may not replace the version of this revision, or add what is not there.
    fn refusal(&self, current: Option<Revision>) -> Option<Refusal> {
        if current.is_some() && self.lacks_if_match() {
            return Some(Refusal::Required);
        }
        let verdict = match current {
            Some(current) => self.conditions.evaluate(&current.entity_tag()),
            None => self.conditions.evaluate_absent(),
        };
        match verdict {
            Verdict::Perform => None,
            Verdict::Matched => Some(Refusal::Failed(Failure::Changed)),
            Verdict::Failed(failure) => Some(Refusal::Failed(failure)),
        }
    }

    /// What a client is told that the store has refused because of this revision.
    fn refused(&self, current: Option<Revision>) -> Problem {
        self.refusal(current).unwrap_or(Refusal::Failed(Failure::Changed)).into()
    }

    fn lacks_if_match(&self) -> bool {
        self.if_match_required && !self.conditions.has_if_match()
    }
}

/// Why a write is refused.
enum Refusal {
    Required,
    Failed(Failure),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Required => Self::precondition_required(),
            Refusal::Failed(failure) => Self::precondition_failed(failure),
        }
    }
}

/// The package as it is now, whichever process has written it.
async fn newest<S: PackageStore>(store: &S, name: &NormalizedName) -> Result<Stored, Problem> {
    store.refresh().await?;
    find(store, name).await
}

/// The conditions are evaluated by the store, against the version that is replaced, in the moment
/// when it is replaced.
async fn update<S: PackageStore>(
    api: &Api<S>,
    name: NormalizedName,
    replacement: Result<Replacement, Problem>,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let terms = Terms::new(api.options(), conditions);
    // A body that is wrong matters only to a package that is there, in the version meant.
    if replacement.is_err() {
        terms.check(Some(newest(api.store(), &name).await?.revision()))?;
    }
    match api.store().update(&name, replacement?, terms.write()).await? {
        Update::Updated(_) | Update::Unchanged(_) => Ok(Outcome::Updated),
        Update::Absent => Err(Problem::package_not_found()),
        Update::Stale(current) => Err(terms.refused(Some(current.revision()))),
    }
}

/// A patch is written only over the version that it was applied to. If others write in between, it is
/// applied to what they have written, and so on, a few times.
///
/// What this process knows may be old, so nobody is refused by it: the patch is applied to what it
/// knows, but if that cannot be, to what the package is now.
async fn patch_package<S: PackageStore>(
    api: &Api<S>,
    name: NormalizedName,
    patch: Result<MergePatch, Problem>,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    const TRIES: usize = 8;

    let store = api.store();
    let terms = Terms::new(api.options(), conditions);
    let patch = match patch {
        Ok(patch) => patch,
        Err(problem) => {
            terms.check(Some(newest(store, &name).await?.revision()))?;
            return Err(problem);
        }
    };
    let known = store.read(&name).await?;
    let mut base = match known.map(|known| Patched::new(&known, &patch, &name, &terms)) {
        Some(Ok(patched)) => patched,
        _ => Patched::new(&newest(store, &name).await?, &patch, &name, &terms)?,
    };
    for _ in 0..TRIES {
        let write = Write::new().if_revision(base.revision);
        match store.update(&name, base.package.into(), write).await? {
            Update::Updated(now) | Update::Unchanged(now) => return Ok(Outcome::Patched(now)),
            Update::Absent => return Err(Problem::package_not_found()),
            Update::Stale(now) => base = Patched::new(&now, &patch, &name, &terms)?,
        }
    }
    Err(Problem::contended())
}

/// What a patch makes of a version of a package.
struct Patched {
    package: Package,
    /// That of the version.
    revision: Revision,
}

impl Patched {
    fn new(
        version: &Stored,
        patch: &MergePatch,
        name: &NormalizedName,
        terms: &Terms,
    ) -> Result<Self, Problem> {
        let revision = version.revision();
        terms.check(Some(revision))?;
        let package = patch.apply(&version.package())?;
        match package.name.normalized() == *name {
            true => Ok(Self { package, revision }),
            false => Err(Problem::name_mismatch(&package.name)),
        }
    }
}

async fn delete<S: PackageStore>(
    api: &Api<S>,
    name: NormalizedName,
    conditions: Preconditions,
) -> Result<Outcome, Problem> {
    let terms = Terms::new(api.options(), conditions);
    match api.store().delete(&name, terms.write()).await? {
        Delete::Deleted => Ok(Outcome::Deleted),
        Delete::Absent => Err(Problem::package_not_found()),
        Delete::Stale(current) => Err(terms.refused(Some(current.revision()))),
    }
}
