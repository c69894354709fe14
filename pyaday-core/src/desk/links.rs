//! The links of the pages.
//!
//! All of them are relative, so they are right below any prefix, and after a proxy has removed a part of
//! the path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::daily::Date;
use crate::package::Revision;

/// The characters of a query that are not written as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Makes the links of one page.
#[derive(Clone, Copy)]
pub(crate) struct Links {
    /// The way from the page to the URL below which all blueprints are mounted.
    up: &'static str,
}

/// What a page of packages shows, as its URL says it.
#[derive(Default)]
pub(super) struct Find {
    pub(super) q: String,
    pub(super) tags: Vec<String>,
    pub(super) is_by_name: bool,
    pub(super) after: String,
}

impl Links {
    /// `depth` is the number of segments in the path of the page below the path of the desk.
    pub(crate) fn new(depth: u8) -> Self {
        const UP: &str = "../../../";
        Self { up: UP.get(..3 * usize::from(depth)).unwrap_or(UP) }
    }

    /// The URL below which all blueprints are mounted. It is empty, or ends with a slash.
    pub(crate) fn root(self) -> &'static str {
        self.up
    }

    /// True if the page is one that the navigation links to.
    pub(super) fn is_first_page(self) -> bool {
        self.up.len() <= "../".len()
    }

    /// A path below that URL.
    pub(crate) fn below_root(self, path: &str) -> String {
        format!("{}{path}", self.up)
    }

    /// The URL that a host gives: relative to the same URL, unless it is absolute.
    pub(crate) fn of_host(self, url: &str) -> String {
        let segment = url.split('/').next().unwrap_or_default();
        match url.starts_with('/') || segment.contains(':') {
            true => url.to_owned(),
            false => self.below_root(url),
        }
    }

    pub(super) fn find(self, find: &Find) -> String {
        let mut query = vec![("q", &*find.q)];
        query.extend(find.tags.iter().map(|tag| ("tag", &**tag)));
        let sort = if find.is_by_name { "name" } else { "" };
        query.extend([("sort", sort), ("after", &*find.after)]);
        self.with_query("desk", &query)
    }

    pub(crate) fn tag(self, tag: &str) -> String {
        self.find(&Find { tags: vec![tag.to_owned()], ..Find::default() })
    }

    pub(crate) fn package(self, name: &str) -> String {
        self.below_root(&format!("desk/packages/{name}"))
    }

    /// The page of a package whose form has the metadata as one text of JSON.
    pub(super) fn edit_json(self, name: &str) -> String {
        self.with_query(&format!("desk/packages/{name}"), &[("edit", "json")]) + "#edit"
    }

    pub(crate) fn day(self, date: Date) -> String {
        self.below_root(&format!("desk/days/{date}"))
    }

    pub(crate) fn change(self, revision: Revision) -> String {
        self.below_root(&format!("desk/changes/{revision}"))
    }

    pub(crate) fn changes(self, query: &[(&str, &str)]) -> String {
        self.with_query("desk/changes", query)
    }

    /// A path with these parameters, of which those without a value are left out.
    pub(crate) fn with_query(self, path: &str, query: &[(&str, &str)]) -> String {
        let mut url = self.below_root(path);
        let filled = query.iter().filter(|(_, value)| !value.is_empty());
        for (at, (name, value)) in filled.enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            let encoded = utf8_percent_encode(value, ENCODED).to_string();
            url.push_str(&encoded.replace("%20", "+"));
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_relative_to_the_page() {
        for (depth, expected) in [
            (0, "desk/packages/flask"),
            (1, "../desk/packages/flask"),
            (2, "../../desk/packages/flask"),
        ] {
            assert_eq!(Links::new(depth).package("flask"), expected);
        }
    }

    #[test]
    fn the_parameters_of_a_link_are_encoded_as_a_form_encodes_them() {
        let find = Find {
            q: "a&b=c d+e\"<ü".to_owned(),
            tags: ["x", "y"].map(str::to_owned).to_vec(),
            is_by_name: true,
            after: "1~a".to_owned(),
        };
        assert_eq!(
            Links::new(0).find(&find),
            "desk?q=a%26b%3Dc+d%2Be%22%3C%C3%BC&tag=x&tag=y&sort=name&after=1~a"
        );
        assert_eq!(Links::new(0).find(&Find::default()), "desk");
    }

    #[test]
    fn the_url_of_a_host_is_relative_unless_it_is_absolute() {
        for (url, link) in [
            ("sign-in", "../sign-in"),
            ("accounts/me", "../accounts/me"),
            ("/accounts", "/accounts"),
            ("https://example.org/accounts", "https://example.org/accounts"),
        ] {
            assert_eq!(Links::new(1).of_host(url), link);
        }
    }
}
