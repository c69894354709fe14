//! The packages of the last days, for feed readers.

use std::fmt::Write as _;

use serde_json::json;

use crate::daily::Daily;
use crate::date::rfc3339;
use crate::document::Document;
use crate::endpoint::{ATOM, FEED_JSON, JSON};

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

/// A feed of these days, the newest first, whose blueprint is mounted at an absolute URL.
pub(crate) fn document(format: FeedFormat, url: &str, days: &[Daily]) -> Document {
    match format {
        FeedFormat::Atom => Document::new(ATOM, atom(url, days).into_bytes()),
        FeedFormat::Json => Document::new(FEED_JSON, json(url, days)),
    }
}

fn atom(url: &str, days: &[Daily]) -> String {
    let updated = days.iter().map(Daily::picked_at).max().unwrap_or_default();
    let (link, id) = (escape(url), escape(&tag(url, "1970-01-01")));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{id}</id>\n\
         <title>{TITLE}</title>\n\
         <updated>{}</updated>\n\
         <author><name>pyaday</name></author>\n\
         <link rel=\"self\" type=\"{ATOM}\" href=\"{link}/feed.atom\"/>\n\
         <link rel=\"alternate\" type=\"{JSON}\" href=\"{link}\"/>\n",
        rfc3339(updated)
    );
    for daily in days {
        let (date, package) = (daily.date(), daily.package());
        let picked_at = rfc3339(daily.picked_at());
        // Writing to a string does not fail.
        let _ = write!(
            feed,
            "<entry>\n\
             <id>{}</id>\n\
             <title>{}</title>\n\
             <updated>{picked_at}</updated>\n\
             <published>{picked_at}</published>\n\
             <link rel=\"alternate\" type=\"{JSON}\" href=\"{link}/{date}\"/>\n\
             <summary>{}</summary>\n\
             </entry>\n",
            escape(&tag(url, &date.to_string())),
            package.name,
            escape(package.details.short_desc.as_str()),
        );
    }
    feed + "</feed>\n"
}

fn json(url: &str, days: &[Daily]) -> Vec<u8> {
    let items = days.iter().map(|daily| {
        let (date, package) = (daily.date().to_string(), daily.package());
        json!({
            "id": tag(url, &date),
            "url": format!("{url}/{date}"),
            "title": package.name,
            "content_text": package.details.short_desc,
            "date_published": rfc3339(daily.picked_at()),
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

/// What identifies a day of the feed at a URL for good: a
/// [tag URI](https://www.rfc-editor.org/rfc/rfc4151) of the host, at that date.
fn tag(url: &str, date: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // Without its port, which is no part of a name; nor is an IPv6 address one.
    let host = authority.split(':').next().unwrap_or_default();
    let host = if host.is_empty() || host.starts_with('[') { "localhost" } else { host };
    format!("tag:{},{date}:/{path}", host.to_ascii_lowercase())
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
