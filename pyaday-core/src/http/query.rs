//! The parameters of a URL's query, in the form encoding of HTML forms.

use std::fmt;
use std::num::NonZeroUsize;

use percent_encoding::percent_decode;

use super::options::Options;
use super::problem::Problem;
use crate::package::Tag;
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
/// The longest search, in bytes.
pub(crate) const MAX_SEARCH_BYTES: usize = 512;
/// The most words of one search, each of which takes a look at every package.
pub(crate) const MAX_WORDS: usize = 16;
/// The longest word of a search, in characters.
pub(crate) const MAX_WORD_CHARS: usize = 64;
/// The most labels to select by: a package has no more.
pub(crate) const MAX_TAGS: usize = 32;

/// The parameters of a list.
pub(crate) fn list(options: &Options, query: Option<&str>) -> Result<Query, Problem> {
    let mut list = Query::new(options.page_limit);
    let once = Parameter::once;
    let tags = Parameter { at_most: MAX_TAGS, ..once("tag") };
    let mut parameters = Parameters([once("after"), once("limit"), once("q"), tags]);
    for pair in pairs(query.unwrap_or_default()) {
        let Some((name, value)) = parameters.admit(pair)? else { continue };
        match name {
            "after" => list.after = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
            "limit" => list.limit = number(name, &value, options.max_page_limit.get())?,
            "q" => list.words = words(name, &value)?,
            _ => {
                list.tags.insert(value.parse().map_err(|rule| invalid(name, &rule))?);
            }
        }
    }
    Ok(list)
}

/// The parameters of a draw.
pub(crate) fn draw(query: Option<&str>) -> Result<Draw, Problem> {
    let mut draw = Draw::default();
    let mut parameters = Parameters(["count", "tag"].map(Parameter::once));
    for pair in pairs(query.unwrap_or_default()) {
        let Some((name, value)) = parameters.admit(pair)? else { continue };
        match name {
            "count" => draw.count = Some(number(name, &value, MAX_COUNT)?),
            _ => draw.tag = Some(value.parse().map_err(|rule| invalid(name, &rule))?),
        }
    }
    Ok(draw)
}

/// The words of a search in lower case, in which packages are searched, each once.
fn words(name: &str, value: &str) -> Result<Vec<String>, Problem> {
    let refuse = |rule: fmt::Arguments<'_>| Err(invalid(name, &rule));
    if value.len() > MAX_SEARCH_BYTES {
        return refuse(format_args!("must be at most {MAX_SEARCH_BYTES} bytes long"));
    }
    let mut words: Vec<String> = Vec::new();
    for word in value.split_whitespace() {
        if word.chars().nth(MAX_WORD_CHARS).is_some() {
            return refuse(format_args!(
                "must not have a word of more than {MAX_WORD_CHARS} characters"
            ));
        }
        let word = word.chars().flat_map(char::to_lowercase).collect();
        if words.contains(&word) {
            continue;
        }
        if words.len() == MAX_WORDS {
            return refuse(format_args!("must not have more than {MAX_WORDS} different words"));
        }
        words.push(word);
    }
    Ok(words)
}

/// The URL of the page after the one at `url`: `after` another name, everything else that means
/// something as it was.
pub(crate) fn next_page(url: &str, after: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut next = format!("{base}?");
    for pair in pairs(query) {
        let (name, _) = split(pair);
        if decode(name).is_none_or(|name| name != "after" && !is_ignored(&name)) {
            next.push_str(pair);
            next.push('&');
        }
    }
    next + "after=" + after
}

/// True of a parameter that clients add to any URL, for others than the service: the one by which
/// jQuery gets past a cache, and those of campaigns.
fn is_ignored(name: &str) -> bool {
    name == "_" || name.starts_with("utm_")
}

/// The parameters of a query as they were sent.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// The name and the value of a parameter, neither of them decoded.
fn split(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// Form decoding, but strict: bytes that are not UTF-8 would otherwise be searched for as U+FFFD.
fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(String::from)
}

/// A parameter that an endpoint has.
struct Parameter {
    name: &'static str,
    /// How often it may be given.
    at_most: usize,
    /// How often the request has given it so far.
    given: usize,
}

impl Parameter {
    fn once(name: &'static str) -> Self {
        Self { name, at_most: 1, given: 0 }
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.given += 1;
        match self.at_most {
            at_most if self.given <= at_most => Ok(()),
            1 => Err(invalid(self.name, &"must not be repeated")),
            at_most => {
                let rule = format_args!("must not be given more than {at_most} times");
                Err(invalid(self.name, &rule))
            }
        }
    }
}

/// All parameters that an endpoint has.
struct Parameters<const N: usize>([Parameter; N]);

impl<const N: usize> Parameters<N> {
    /// The name and the decoded value of a parameter as it was sent; `None` if it is ignored.
    fn admit(&mut self, pair: &str) -> Result<Option<(&'static str, String)>, Problem> {
        let (raw_name, value) = split(pair);
        let not_utf8 = || {
            let detail = format!("The parameter {} is not UTF-8.", shown(raw_name));
            Problem::invalid_query(detail)
        };
        let name = decode(raw_name).ok_or_else(not_utf8)?;
        if is_ignored(&name) {
            return Ok(None);
        }
        let Some(parameter) = self.0.iter_mut().find(|parameter| parameter.name == name) else {
            let known = self.0.each_ref().map(|parameter| parameter.name).join(", ");
            let name = shown(&name);
            let detail = format!("There is no parameter {name}; the parameters are {known}.");
            return Err(Problem::invalid_query(detail));
        };
        parameter.count()?;
        Ok(Some((parameter.name, decode(value).ok_or_else(not_utf8)?)))
    }
}

fn number(name: &str, value: &str, max: usize) -> Result<NonZeroUsize, Problem> {
    /// The longest number, in digits. Any number of zeros would count as one otherwise, and the
    /// link to the next page repeats them.
    const MAX_DIGITS: usize = 20;

    let is_number = value.len() <= MAX_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
    match is_number.then(|| value.parse().ok()).flatten() {
        Some(number) if NonZeroUsize::get(number) <= max => Ok(number),
        _ => Err(invalid(name, &format_args!("must be a number from 1 to {max}"))),
    }
}

fn invalid(name: &str, rule: &dyn fmt::Display) -> Problem {
    Problem::invalid_query(format!("The parameter `{name}` {rule}."))
}

/// A name that a client made up, as it may stand in a sentence.
fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{name}`")
}
