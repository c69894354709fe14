//! The parameters of a URL's query, in the form encoding of HTML forms.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use percent_encoding::percent_decode;

use crate::api::Options;
use crate::package::Tag;
use crate::problem::Problem;
use crate::store::Query;

/// A draw that a request to `/rand` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// Only packages that carry this label.
    pub tag: Option<Tag>,
    /// How many, as a list; one, by itself, if it is not given.
    pub count: Option<NonZeroUsize>,
}

/// The most packages of one draw.
pub(crate) const MAX_COUNT: usize = 100;

/// The parameters of a list.
pub(crate) fn list(options: &Options, query: Option<&str>) -> Result<Query, Problem> {
    let mut list = Query::new(options.page_limit);
    let mut seen = Seen::new(&["after", "limit", "q", "tag"], &["tag"]);
    for (name, value) in pairs(query)? {
        seen.admit(&name)?;
        match name.as_str() {
            "after" => list.after = Some(value.parse().map_err(|rule| invalid(&name, &rule))?),
            "limit" => list.limit = number(&name, &value, options.max_page_limit.get())?,
            "q" => list.words = value.split_whitespace().map(str::to_owned).collect(),
            _ => {
                list.tags.insert(value.parse().map_err(|rule| invalid(&name, &rule))?);
            }
        }
    }
    Ok(list)
}

/// The parameters of a draw.
pub(crate) fn draw(query: Option<&str>) -> Result<Draw, Problem> {
    let mut draw = Draw::default();
    let mut seen = Seen::new(&["count", "tag"], &[]);
    for (name, value) in pairs(query)? {
        seen.admit(&name)?;
        match name.as_str() {
            "count" => draw.count = Some(number(&name, &value, MAX_COUNT)?),
            _ => draw.tag = Some(value.parse().map_err(|rule| invalid(&name, &rule))?),
        }
    }
    Ok(draw)
}

/// The URL of the page after the one at `url`: `after` another name, everything else as it was.
pub(crate) fn next_page(url: &str, after: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut next = format!("{base}?");
    for pair in query.split('&') {
        let name = pair.split('=').next().unwrap_or_default();
        if !pair.is_empty() && decode(name).is_none_or(|name| name != "after") {
            next.push_str(pair);
            next.push('&');
        }
    }
    next + "after=" + after
}

/// The decoded names and values of a query's parameters.
fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Problem> {
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            decode(name).zip(decode(value)).ok_or_else(|| {
                Problem::invalid_query(format!("The parameter {} is not UTF-8.", shown(name)))
            })
        })
        .collect()
}

/// Form decoding, but strict: bytes that are not UTF-8 would otherwise be searched for as U+FFFD.
fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(String::from)
}

/// Which parameters an endpoint has, and which of them a request has named already.
struct Seen {
    known: &'static [&'static str],
    repeatable: &'static [&'static str],
    seen: BTreeSet<String>,
}

impl Seen {
    fn new(known: &'static [&'static str], repeatable: &'static [&'static str]) -> Self {
        Self { known, repeatable, seen: BTreeSet::new() }
    }

    fn admit(&mut self, name: &str) -> Result<(), Problem> {
        if !self.known.contains(&name) {
            let known = self.known.join(", ");
            return Err(Problem::invalid_query(format!(
                "There is no parameter {}; the parameters are {known}.",
                shown(name)
            )));
        }
        if !self.seen.insert(name.to_owned()) && !self.repeatable.contains(&name) {
            let detail = format!("The parameter `{name}` must not be repeated.");
            return Err(Problem::invalid_query(detail));
        }
        Ok(())
    }
}

fn number(name: &str, value: &str, max: usize) -> Result<NonZeroUsize, Problem> {
    let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok());
    match number.flatten() {
        Some(number) if NonZeroUsize::get(number) <= max => Ok(number),
        _ => Err(invalid(name, &format_args!("must be a number from 1 to {max}"))),
    }
}

fn invalid(name: &str, rule: &dyn std::fmt::Display) -> Problem {
    Problem::invalid_query(format!("The parameter `{name}` {rule}."))
}

/// A name that a client made up, as it may stand in a sentence.
fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{name}`")
}
