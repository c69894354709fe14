//! The metadata of a package as people read it.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::links::{Find, Links};
use super::text::number;

/// How a member of the metadata is shown.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Code,
    Link,
    Words,
    Rank,
}

/// The members of core metadata that readers look for, in the order in which they are shown.
const KNOWN: [(&str, &str, Kind); 13] = [
    ("version", "Version", Kind::Text),
    ("requires_python", "Needs Python", Kind::Text),
    ("license_expression", "Licence", Kind::Text),
    ("license", "Licence", Kind::Text),
    ("import_name", "Import as", Kind::Code),
    ("author", "Author", Kind::Text),
    ("author_email", "Author’s address", Kind::Text),
    ("maintainer", "Maintainer", Kind::Text),
    ("maintainer_email", "Maintainer’s address", Kind::Text),
    ("home_page", "Home page", Kind::Link),
    ("project_url", "Links", Kind::Link),
    ("keywords", "Keywords", Kind::Words),
    ("rank", "Most used", Kind::Rank),
];

/// The name of a member of the metadata for people: a label, or the key itself.
pub(super) fn label(key: &str) -> &str {
    KNOWN.iter().find(|(known, ..)| *known == key).map_or(key, |(_, label, _)| label)
}

/// The version that the metadata says.
pub(super) fn version(metadata: &Map<String, Value>) -> Option<&str> {
    metadata.get("version").and_then(Value::as_str).filter(|version| !version.is_empty())
}

/// A value as text: a string without its quotes, and any other value as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The members that readers look for, and the others on demand.
pub(super) fn facts(links: Links, metadata: &Map<String, Value>) -> Markup {
    let known = KNOWN.iter().filter_map(|(key, label, kind)| {
        let value = metadata.get(*key).filter(|value| !is_empty(value))?;
        Some((label, shown(links, *kind, value)))
    });
    let known: Vec<_> = known.collect();
    let is_known = |key: &str| KNOWN.iter().any(|(known, ..)| *known == key);
    let others: Vec<_> = metadata.iter().filter(|(key, _)| !is_known(key)).collect();
    html! {
        @if !known.is_empty() {
            dl.facts { @for (label, value) in known { dt { (label) } dd { (value) } } }
        }
        @if !others.is_empty() {
            details {
                summary { (super::text::count(others.len(), "more field")) }
                dl.facts { @for (key, value) in others { dt { (key) } dd { code { (text(value)) } } } }
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn shown(links: Links, kind: Kind, value: &Value) -> Markup {
    let texts: Vec<String> = match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| format!("{key}, {}", text(value))).collect()
        }
        value => vec![text(value)],
    };
    match kind {
        Kind::Text => html! { (texts.join(", ")) },
        Kind::Code => html! { @for text in &texts { code { (text) } " " } },
        Kind::Link => html! { @for text in &texts { span.row { (link(text)) } " " } },
        Kind::Words => {
            let words = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
            html! {
                @for word in words.filter(|word| !word.is_empty()) {
                    a href=(links.find(&Find { q: word.to_owned(), ..Find::default() })) { (word) } " "
                }
            }
        }
        Kind::Rank => match text(value).parse() {
            Ok(rank) => html! { "Number " (number(rank)) },
            Err(_) => html! { (texts.join(", ")) },
        },
    }
}

/// A link to another site, from an address or from `Label, address`. A text that has no address of the
/// web is shown as it is.
fn link(text: &str) -> Markup {
    let (label, address) = match text.split_once(',') {
        Some((label, address)) if is_address(address.trim()) => (Some(label), address.trim()),
        _ => (None, text.trim()),
    };
    if !is_address(address) {
        return html! { (text) };
    }
    let shown = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    html! {
        a href=(address) rel="external nofollow noopener noreferrer" {
            @if let Some(label) = label { (label) } @else { (shown) }
        }
    }
}

/// True for an address of the web. A link with another scheme could run a script.
fn is_address(text: &str) -> bool {
    let has_scheme = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (has_scheme("http://") || has_scheme("https://"))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_the_web_becomes_a_link() {
        for (text, is_link) in [
            ("https://example.org/a", true),
            ("HTTP://example.org", true),
            ("Docs, https://example.org", true),
            ("javascript:alert(1)", false),
            ("Docs, javascript:alert(1)", false),
            ("java\nscript:alert(1)", false),
            ("https://example.org/ a", false),
            ("data:text/html,x", false),
            ("//example.org", false),
        ] {
            assert_eq!(link(text).into_string().contains("href"), is_link, "{text}");
        }
    }

    #[test]
    fn every_value_is_shown_and_escaped() {
        let metadata: Value = serde_json::json!({
            "version": "<1>",
            "import_name": ["a", "<b>"],
            "keywords": "web, http",
            "own<key>": {"x": "<y>"},
            "rank": 1234,
            "project_url": {"Docs": "https://example.org/?a=\"<b>"},
        });
        let Value::Object(members) = metadata else { panic!("an object") };
        let shown = facts(Links::new(0), &members).into_string();
        for part in [
            "<dd>&lt;1&gt;</dd>",
            "<code>&lt;b&gt;</code>",
            "<a href=\"desk?q=web\">web</a>",
            "own&lt;key&gt;",
            "Number 1,234",
            "href=\"https://example.org/?a=&quot;&lt;b&gt;\"",
            "1 more field",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}
