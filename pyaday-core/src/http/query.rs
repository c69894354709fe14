//! The query parameters of a URL, which have the encoding of HTML forms.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use percent_encoding::percent_decode;

use super::problem::Problem;
use crate::package::Revision;

/// The URL of the page that follows the page at `url`. Its parameter `position` has a new value, and
/// the other parameters that have a meaning stay.
pub(crate) fn next_page(url: &str, position: &str, value: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut next = format!("{base}?");
    for pair in pairs(query) {
        let (name, _) = split(pair);
        if decode(name).is_none_or(|name| name != position && !is_ignored(&name)) {
            next.push_str(pair);
            next.push('&');
        }
    }
    next + position + "=" + value
}

/// True for a parameter that clients add to any URL and that is not meant for this service: jQuery
/// adds one to bypass caches, and marketing tools add others.
fn is_ignored(name: &str) -> bool {
    name == "_" || name.starts_with("utm_")
}

/// The query parameters, as the client sent them.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// True if a parameter has a value. A form sends the parameter of a field that nobody has filled in.
#[cfg(feature = "desk")]
pub(crate) fn has_value(pair: &str) -> bool {
    !split(pair).1.is_empty()
}

/// The name and the value of a parameter, both not decoded yet.
fn split(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// Decodes a form value strictly. Bytes that are not UTF-8 are an error, because a search would
/// otherwise look for U+FFFD.
fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(String::from)
}

/// A query parameter of an endpoint.
pub(crate) struct Parameter {
    name: &'static str,
    /// How often a request may give it.
    at_most: usize,
    /// How often the request has given it so far.
    given: usize,
}

impl Parameter {
    /// A parameter that may be given once.
    pub(crate) fn once(name: &'static str) -> Self {
        Self { name, at_most: 1, given: 0 }
    }

    /// A parameter that may be given several times.
    pub(crate) fn repeated(name: &'static str, at_most: usize) -> Self {
        Self { name, at_most, given: 0 }
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

/// All query parameters of an endpoint.
pub(crate) struct Parameters<const N: usize>(pub(crate) [Parameter; N]);

impl<const N: usize> Parameters<N> {
    /// The name and the decoded value of a parameter that the client sent. `None` if the parameter
    /// is ignored.
    pub(crate) fn admit(&mut self, pair: &str) -> Result<Option<(&'static str, String)>, Problem> {
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

/// Parses a number without a sign. There is a limit for the digits, because otherwise a number could
/// have any number of leading zeros, and the link to the next page would repeat them.
pub(super) fn digits<T: FromStr>(value: &str) -> Option<T> {
    const MAX_DIGITS: usize = 20;

    let is_number = value.len() <= MAX_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.parse().ok())?
}

/// Parses a revision.
pub(crate) fn revision(name: &str, value: &str) -> Result<Revision, Problem> {
    let number = digits(value).map(Revision::new);
    number.ok_or_else(|| invalid(name, &"must be a revision, which is a number"))
}

/// Parses a whole number from 1 to `max`.
pub(crate) fn number(name: &str, value: &str, max: usize) -> Result<NonZeroUsize, Problem> {
    match digits(value) {
        Some(number) if NonZeroUsize::get(number) <= max => Ok(number),
        _ => Err(invalid(name, &format_args!("must be a number from 1 to {max}"))),
    }
}

/// Parses `true` or `false`.
pub(crate) fn boolean(name: &str, value: &str) -> Result<bool, Problem> {
    value.parse().map_err(|_| invalid(name, &"must be `true` or `false`"))
}

/// The value of the only parameter that an endpoint reads. All others are ignored.
pub(crate) fn only(query: &str, name: &'static str) -> Result<Option<String>, Problem> {
    let mut parameters = Parameters([Parameter::once(name)]);
    let mut value = None;
    for pair in pairs(query).filter(|pair| decode(split(pair).0).is_some_and(|own| own == name)) {
        value = parameters.admit(pair)?.map(|(_, value)| value);
    }
    Ok(value)
}

pub(crate) fn invalid(name: &str, rule: &dyn fmt::Display) -> Problem {
    Problem::invalid_query(format!("The parameter `{name}` {rule}."))
}

/// A name that the client sent, in a form that is safe in a sentence.
fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_to_the_next_page_keeps_the_parameters_that_have_a_meaning() {
        for (url, next) in [
            ("?", "?after=b"),
            ("?limit=2", "?limit=2&after=b"),
            ("?after=a&limit=2", "?limit=2&after=b"),
            ("?%61fter=a&&q=x+y", "?q=x+y&after=b"),
            ("?_=1&utm_source=x&tag=web", "?tag=web&after=b"),
            (
                "https://example.org/packages?limit=2",
                "https://example.org/packages?limit=2&after=b",
            ),
        ] {
            assert_eq!(next_page(url, "after", "b"), next, "{url}");
        }
    }

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        for (value, expected) in [
            ("1", Some(1)),
            ("007", Some(7)),
            ("10", Some(10)),
            ("11", None),
            ("0", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("", None),
            ("000000000000000000001", None),
        ] {
            let number = number("limit", value, 10).ok();
            assert_eq!(number.map(NonZeroUsize::get), expected, "{value:?}");
        }
    }

    #[test]
    fn a_parameter_is_refused_if_it_is_unknown_repeated_or_not_utf_8() {
        for (query, is_admitted) in [
            ("q=a&tag=b&tag=c", true),
            ("%71=a", true),
            ("_=1&utm_campaign=x", true),
            ("q=a&q=b", false),
            ("tag=a&tag=b&tag=c", false),
            ("other=a", false),
            ("q=%ff", false),
            ("%ff=a", false),
        ] {
            let (words, tags) = (Parameter::once("q"), Parameter::repeated("tag", 2));
            let mut parameters = Parameters([words, tags]);
            let admitted = pairs(query).all(|pair| parameters.admit(pair).is_ok());
            assert_eq!(admitted, is_admitted, "{query}");
        }
    }

    #[test]
    fn a_plus_is_a_space() {
        let mut parameters = Parameters([Parameter::once("q")]);
        let admitted = parameters.admit("q=a+b%2Bc").ok().flatten();
        assert_eq!(admitted, Some(("q", "a b+c".to_owned())));
    }
}
