//! The packages of the last days, as a feed.

use std::fmt::Write as _;
use std::num::NonZeroUsize;

use serde_json::json;

use super::operate::Performed;
use crate::daily::{Daily, Date, rfc3339};
#[cfg(feature = "desk")]
use crate::http::Blueprint;
use crate::http::conditions::Preconditions;
use crate::http::document::Document;
use crate::http::head::Head;
use crate::http::media_type::{ATOM, FEED_JSON};
use crate::http::{Api, FeedId, Options, Problem, ProblemType};
use crate::store::{PackageStore, StoreError, StoreId};

/// The number of days in a feed, including today.
const DAYS: i32 = 30;

const TITLE: &str = "Python package of the day";

/// The maximum length of the path before the feed's own, in bytes. The host's prefix may contain a
/// variable of any length, and the feed repeats it in each of its links.
const MAX_PATH_BYTES: usize = 512;

/// The problems that a request for a feed may cause.
pub(super) const PROBLEMS: &[ProblemType] = &[
    ProblemType::UriTooLong,
    ProblemType::PreconditionFailed,
    ProblemType::StoreUnavailable,
    ProblemType::OutcomeUnknown,
    ProblemType::Internal,
];

/// A format of feeds.
#[derive(Clone, Copy)]
pub(super) enum Format {
    /// [RFC 4287](https://www.rfc-editor.org/rfc/rfc4287)
    Atom,
    /// [JSON Feed 1.1](https://www.jsonfeed.org/version/1.1/)
    Json,
}

/// A request for a feed, in either format.
#[derive(Debug)]
pub(super) struct Source {
    /// The absolute URL at which the blueprint is mounted.
    url: String,
    /// The absolute URL below which each day has a page for people, if the desk is mounted.
    pages: Option<String>,
    conditions: Preconditions,
}

impl Source {
    pub(super) fn decode(head: &Head<'_>) -> Result<Self, Problem> {
        let mount = head.path().rsplit_once('/').map_or("", |(mount, _)| mount);
        if mount.len() > MAX_PATH_BYTES {
            return Err(Problem::uri_too_long(MAX_PATH_BYTES));
        }
        let pages = pages_of_days(head.options, mount).map(|path| head.absolute(&path));
        Ok(Self { url: head.absolute(mount), pages, conditions: head.conditions() })
    }

    pub(super) async fn read<S: PackageStore>(
        self,
        api: &Api<S>,
        format: Format,
    ) -> Result<Performed<Document>, Problem> {
        let days = recent_days(api).await?;
        let ids = Ids::new(api.options(), api.store().id().await?);
        let links = Links { url: &self.url, pages: self.pages.as_deref() };
        let feed = document(format, links, &ids, &days);
        Performed::read(feed, &self.conditions, Document::entity_tag)
    }
}

/// The path below which each day has a page for people. `mount` is the path at which the blueprint is
/// mounted. `None` if the desk is not mounted, or not beside the blueprint.
fn pages_of_days(options: &Options, mount: &str) -> Option<String> {
    #[cfg(feature = "desk")]
    if options.mounts(Blueprint::Desk) {
        let root = mount.strip_suffix(Blueprint::Daily.path())?;
        return Some(format!("{root}{}/days", Blueprint::Desk.path()));
    }
    let _ = (options, mount);
    None
}

/// The URLs in a feed. All of them are absolute.
#[derive(Clone, Copy)]
struct Links<'a> {
    /// Where the blueprint is mounted.
    url: &'a str,
    /// Below which each day has a page for people, if the desk is mounted.
    pages: Option<&'a str>,
}

impl<'a> Links<'a> {
    /// The media type of what the alternate links lead to. `None` for JSON: feed readers that look for a
    /// web page ignore a link with another type.
    fn media_type(self) -> Option<&'static str> {
        self.pages.map(|_| "text/html")
    }

    /// What the feed is about, and below which each day is.
    fn days(self) -> &'a str {
        self.pages.unwrap_or(self.url)
    }
}

/// The days of a feed, the newest first. They begin with the first day of the journal, if that is
/// recent. Days that nobody has requested yet are opened now. If the store cannot do that at the
/// moment, the feed leaves them out.
async fn recent_days<S: PackageStore>(api: &Api<S>) -> Result<Vec<Daily>, Problem> {
    let (store, now) = (api.store(), api.options().now());
    let today = Date::of(now);
    let Opened { days, first } = opened_days(store, today).await?;
    if first.plus_days(days.len() as i32 - 1) == today {
        return Ok(days);
    }
    match store.open_daily(first..=today, now).await {
        Ok(_) => Ok(opened_days(store, today).await?.days),
        Err(error @ StoreError::Internal { .. }) => Err(error.into()),
        Err(
            StoreError::Unavailable { .. }
            | StoreError::Busy { .. }
            | StoreError::OutcomeUnknown { .. },
        ) => Ok(days),
    }
}

/// The days of a feed that are open already.
struct Opened {
    /// The days, the newest first.
    days: Vec<Daily>,
    /// The first date that belongs to the feed. The feed is complete if all days from this date to
    /// today are open.
    first: Date,
}

async fn opened_days<S: PackageStore>(store: &S, today: Date) -> Result<Opened, Problem> {
    // If the feed lacks a day and the journal begins before the feed, then one of these is older.
    const COUNT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(DAYS as usize - 1);

    let earliest = today.plus_days(1 - DAYS);
    let mut days = store.recent_daily(today, COUNT).await?;
    let in_feed = days.iter().take_while(|daily| daily.date() >= earliest).count();
    let first = match in_feed < days.len() {
        true => earliest,
        false => days.last().map_or(today, Daily::date),
    };
    days.truncate(in_feed);
    Ok(Opened { days, first })
}

/// The identities of a feed and its entries. They never change, wherever the feed is served.
struct Ids<'a> {
    given: Option<&'a str>,
    store: StoreId,
}

impl<'a> Ids<'a> {
    fn new(options: &'a Options, store: StoreId) -> Self {
        Self { given: options.feed_id.as_ref().map(FeedId::as_str), store }
    }

    fn feed(&self) -> String {
        self.given.map_or_else(|| self.urn("feed"), str::to_owned)
    }

    fn entry(&self, date: Date) -> String {
        match self.given {
            Some(feed) => format!("{feed}/{date}"),
            None => self.urn(&date.to_string()),
        }
    }

    /// [RFC 9562 §4](https://www.rfc-editor.org/rfc/rfc9562#section-4)
    fn urn(&self, name: &str) -> String {
        format!("urn:uuid:{}", self.store.uuid(name))
    }
}

/// Renders a feed of these days, the newest first.
fn document(format: Format, links: Links<'_>, ids: &Ids<'_>, days: &[Daily]) -> Document {
    match format {
        Format::Atom => Document::new(ATOM, atom(links, ids, days).into_bytes()),
        Format::Json => Document::new(FEED_JSON, json(links, ids, days)),
    }
}

fn atom(links: Links<'_>, ids: &Ids<'_>, days: &[Daily]) -> String {
    // The feed changed when its newest day began.
    let updated = days.first().map_or_else(|| rfc3339(0), |daily| midnight(daily.date()));
    let (link, id) = (escape(links.url), escape(&ids.feed()));
    let alternate = match links.media_type() {
        Some(media_type) => format!("<link rel=\"alternate\" type=\"{media_type}\""),
        None => "<link rel=\"alternate\"".to_owned(),
    };
    let pages = escape(links.days());
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{id}</id>\n\
         <title>{TITLE}</title>\n\
         <updated>{updated}</updated>\n\
         <author><name>pyaday</name></author>\n\
         <link rel=\"self\" type=\"{ATOM}\" href=\"{link}/feed.atom\"/>\n\
         {alternate} href=\"{pages}\"/>\n",
    );
    for daily in days {
        let (date, package) = (daily.date(), daily.package());
        let begun = midnight(date);
        // Writing to a string cannot fail.
        let _ = write!(
            feed,
            "<entry>\n\
             <id>{}</id>\n\
             <title>{}</title>\n\
             <updated>{begun}</updated>\n\
             <published>{begun}</published>\n\
             {alternate} href=\"{pages}/{date}\"/>\n\
             <summary>{}</summary>\n\
             </entry>\n",
            escape(&ids.entry(date)),
            package.name,
            escape(package.details.short_desc.as_str()),
        );
    }
    feed + "</feed>\n"
}

fn json(links: Links<'_>, ids: &Ids<'_>, days: &[Daily]) -> Vec<u8> {
    let items = days.iter().map(|daily| {
        let (date, package) = (daily.date(), daily.package());
        json!({
            "id": ids.entry(date),
            "url": format!("{}/{date}", links.days()),
            "title": package.name,
            "content_text": package.details.short_desc,
            "date_published": midnight(date),
        })
    });
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "home_page_url": links.days(),
        "feed_url": format!("{}/feed.json", links.url),
        "items": items.collect::<Vec<_>>(),
    });
    // Serialising a tree of JSON values into memory cannot fail.
    serde_json::to_vec(&feed).unwrap_or_default()
}

/// The moment when a date begins in UTC.
fn midnight(date: Date) -> String {
    format!("{date}T00:00:00Z")
}

/// Escapes a text for XML. Characters that XML 1.0 cannot represent become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
