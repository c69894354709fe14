//! The packages of the last days, for feed readers.

use std::fmt::Write as _;

use serde_json::json;

use crate::daily::{Daily, Date, rfc3339};
use crate::http::{ATOM, Document, FEED_JSON, Options};
use crate::store::StoreId;

/// How many days a feed goes back, its first included.
pub(crate) const DAYS: i32 = 30;

const TITLE: &str = "Python package of the day";

/// A format of feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FeedFormat {
    /// [RFC 4287](https://www.rfc-editor.org/rfc/rfc4287)
    Atom,
    /// [JSON Feed 1.1](https://www.jsonfeed.org/version/1.1/)
    Json,
}

/// What identifies a feed and its entries, for good, wherever it is served.
pub(crate) struct Ids<'a> {
    given: Option<&'a str>,
    store: StoreId,
}

impl<'a> Ids<'a> {
    pub(crate) fn new(options: &'a Options, store: StoreId) -> Self {
        Self { given: options.feed_id.as_deref(), store }
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

/// A feed of these days, the newest first, whose blueprint is mounted at an absolute URL.
pub(crate) fn document(format: FeedFormat, url: &str, ids: &Ids<'_>, days: &[Daily]) -> Document {
    match format {
        FeedFormat::Atom => Document::new(ATOM, atom(url, ids, days).into_bytes()),
        FeedFormat::Json => Document::new(FEED_JSON, json(url, ids, days)),
    }
}

/// Alternate links have no type: they lead to JSON, and readers that look for a page leave out links
/// of another type, though nothing better is there.
fn atom(url: &str, ids: &Ids<'_>, days: &[Daily]) -> String {
    // The feed has changed when its newest day began.
    let updated = days.first().map_or_else(|| rfc3339(0), |daily| midnight(daily.date()));
    let (link, id) = (escape(url), escape(&ids.feed()));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{id}</id>\n\
         <title>{TITLE}</title>\n\
         <updated>{updated}</updated>\n\
         <author><name>pyaday</name></author>\n\
         <link rel=\"self\" type=\"{ATOM}\" href=\"{link}/feed.atom\"/>\n\
         <link rel=\"alternate\" href=\"{link}\"/>\n",
    );
    for daily in days {
        let (date, package) = (daily.date(), daily.package());
        let begun = midnight(date);
        // Writing to a string does not fail.
        let _ = write!(
            feed,
            "<entry>\n\
             <id>{}</id>\n\
             <title>{}</title>\n\
             <updated>{begun}</updated>\n\
             <published>{begun}</published>\n\
             <link rel=\"alternate\" href=\"{link}/{date}\"/>\n\
             <summary>{}</summary>\n\
             </entry>\n",
            escape(&ids.entry(date)),
            package.name,
            escape(package.details.short_desc.as_str()),
        );
    }
    feed + "</feed>\n"
}

fn json(url: &str, ids: &Ids<'_>, days: &[Daily]) -> Vec<u8> {
    let items = days.iter().map(|daily| {
        let (date, package) = (daily.date(), daily.package());
        json!({
            "id": ids.entry(date),
            "url": format!("{url}/{date}"),
            "title": package.name,
            "content_text": package.details.short_desc,
            "date_published": midnight(date),
        })
    });
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "home_page_url": url,
        "feed_url": format!("{url}/feed.json"),
        "items": items.collect::<Vec<_>>(),
    });
    // A tree of JSON values: serialising it into memory has no way to fail.
    serde_json::to_vec(&feed).unwrap_or_default()
}

/// When a date begins in UTC.
fn midnight(date: Date) -> String {
    format!("{date}T00:00:00Z")
}

/// A text as XML has it. What XML 1.0 cannot say at all becomes U+FFFD.
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
