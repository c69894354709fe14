//! The page on which people find packages.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::edit;
use super::facts::version;
use super::frame::{DOT, Frame};
use super::links::Find;
use super::text::{count, number};
use crate::package::{Stored, Tag};
use crate::search::{Search, marks};
use crate::store::{Page, Query};

/// How many tags the page offers to narrow the list.
const OFFERED_TAGS: usize = 12;

/// A page of the list of packages, or of a search.
pub(crate) struct PackagesPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// What was typed.
    pub(crate) q: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) page: &'a Page,
    /// How many packages one change may be about.
    pub(crate) most: usize,
}

impl PackagesPage<'_> {
    pub(crate) fn render(&self) -> Vec<u8> {
        let viewer = self.frame.viewer;
        let (may_create, may_change) =
            (viewer.may("create_package"), viewer.may("change_packages"));
        let main = html! {
            h1.vh { "Find packages" }
            (self.form())
            (self.tags())
            @if may_create { (edit::create()) }
            @if may_create || may_change { (edit::question()) }
            div #results.may[may_change] {
                (self.heading())
                (self.rows())
                (self.pages())
                @if may_change { (edit::bulk(self.all())) }
            }
        };
        let title = match (self.q, self.selected_tags().as_slice()) {
            ("", []) => "Packages".to_owned(),
            ("", tags) => tags.join(", "),
            (q, _) => q.to_owned(),
        };
        self.frame.page(&title, &main)
    }

    fn selected_tags(&self) -> Vec<&str> {
        self.query.tags.iter().map(Tag::as_str).collect()
    }

    /// What the page shows, from its beginning.
    fn find(&self) -> Find {
        let tags = self.query.tags.iter().map(ToString::to_string).collect();
        let (q, is_by_name) = (self.q.to_owned(), self.is_by_name());
        Find { q, tags, is_by_name, after: String::new() }
    }

    /// The URL of a page that shows this.
    fn url(&self, find: &Find) -> String {
        self.frame.links.find(find)
    }

    /// The URL of the same page for these tags.
    fn url_with_tags<'t>(&self, tags: impl Iterator<Item = &'t str>) -> String {
        self.url(&Find { tags: tags.map(str::to_owned).collect(), ..self.find() })
    }

    fn search(&self) -> Option<&Search> {
        self.query.words()
    }

    /// True if a search is in the order of the names because the client wants that.
    fn is_by_name(&self) -> bool {
        self.search().is_some() && !self.query.is_by_relevance()
    }

    fn form(&self) -> Markup {
        html! {
            form.find.field role="search" action=(self.frame.links.below_root("desk")) {
                label for="q" { "Find packages by name, tag or description" }
                div {
                    input #q type="search" name="q" value=(self.q) maxlength=(Search::MAX_BYTES)
                        autocomplete="off" autocapitalize="none" spellcheck="false";
                    button.go { "Find" }
                }
                @for tag in &self.query.tags { input type="hidden" name="tag" value=(tag); }
                @if self.is_by_name() { input type="hidden" name="sort" value="name"; }
            }
        }
    }

    /// The tags by which the list is narrowed already, and those by which it can be.
    fn tags(&self) -> Markup {
        let selected = self.selected_tags();
        let offered = self.offered_tags();
        html! {
            div #narrow {
                @if !selected.is_empty() || !offered.is_empty() { nav.line aria-label="Narrow by tag" {
                    span.k { "Tags" }
                    ul.tags {
                        @for tag in &selected {
                            @let others = selected.iter().copied().filter(|it| it != tag);
                            li { a.on href=(self.url_with_tags(others)) aria-label={ "Without the tag " (tag) } { (tag) " ×" } }
                        }
                        @for tag in &offered {
                            @let all = selected.iter().copied().chain([&**tag]);
                            li { a href=(self.url_with_tags(all)) { (tag) } }
                        }
                    }
                } }
            }
        }
    }

    /// The tags that most packages of the page have and that are not selected.
    fn offered_tags(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for stored in &self.page.items {
            for tag in stored.package().details.tags.iter() {
                *counts.entry(tag.as_str().to_owned()).or_default() += 1;
            }
        }
        let all = self.page.items.len();
        let narrows = |(tag, of): &(String, usize)| {
            *of < all && !self.query.tags.iter().any(|selected| selected.as_str() == tag)
        };
        let mut counts: Vec<_> = counts.into_iter().filter(narrows).collect();
        counts.sort_by(|(_, left), (_, right)| right.cmp(left));
        counts.truncate(OFFERED_TAGS);
        counts.into_iter().map(|(tag, _)| tag).collect()
    }

    fn heading(&self) -> Markup {
        html! {
            div.line.above {
                p #count data-total=[self.all()] { (self.summary()) }
                (self.select_page())
                @if self.search().is_some() { p.end { (self.order()) } }
                (self.exports())
            }
            @if !self.page.did_you_mean.is_empty() {
                p {
                    "Did you mean "
                    @for (at, name) in self.page.did_you_mean.iter().enumerate() {
                        @if at > 0 { " or " }
                        a href=(self.url(&Find { q: name.to_string(), ..self.find() })) { (name) }
                    }
                    "?"
                }
            }
        }
    }

    /// The number of packages that can be changed at once, if that is known. The whole catalogue cannot.
    fn all(&self) -> Option<usize> {
        let is_search = self.search().is_some_and(|search| !search.is_empty());
        let can_be_changed = |total: &usize| *total <= self.most;
        self.total().filter(can_be_changed).filter(|_| is_search || !self.query.tags.is_empty())
    }

    /// The box that selects all packages of the page.
    fn select_page(&self) -> Markup {
        html! {
            @if self.frame.viewer.may("change_packages") {
                p.check.js-only hidden[self.page.items.is_empty()] {
                    input #page type="checkbox" data-do="page";
                    label for="page" { "Select all on this page" }
                }
            }
        }
    }

    /// Links to all packages of all pages, as files.
    fn exports(&self) -> Markup {
        let links = self.frame.links;
        let mut query = vec![("q", self.q)];
        query.extend(self.selected_tags().into_iter().map(|tag| ("tag", tag)));
        let export =
            |format| links.with_query("export", &[&query[..], &[("format", format)]].concat());
        html! {
            @if self.frame.viewer.may("export_packages") && self.total() != Some(0) {
                p { span.k { "Export" } " " a href=(export("csv")) { "CSV" } (DOT) a href=(export("ndjson")) { "NDJSON" } }
            }
        }
    }

    /// The number of packages on all pages. Only the first page knows it.
    fn total(&self) -> Option<usize> {
        let is_all = self.page.next.is_none() && self.query.after.is_none();
        self.page.total.or(is_all.then_some(self.page.items.len()))
    }

    /// How many packages there are.
    fn summary(&self) -> Markup {
        let (shown, total) = (self.page.items.len(), self.total());
        let verb = if total == Some(1) { "matches" } else { "match" };
        html! {
            @match total {
                Some(0) if self.q.is_empty() && self.query.tags.is_empty() => "There are no packages yet.",
                Some(0) => { "Nothing was found" (self.wanted(" for ")) "." }
                Some(total) => {
                    b { (number(total)) } @if total == 1 { " package" } @else { " packages" }
                    (self.wanted(&format!(" {verb} ")))
                }
                None if shown == 0 => "There are no more packages.",
                None => { "The next " (count(shown, "package")) (self.wanted(" for ")) }
            }
        }
    }

    /// What the list was asked for, after `before`. It is empty if the list has all packages.
    fn wanted(&self, before: &str) -> Markup {
        let tags = self.selected_tags();
        html! {
            @if !self.q.is_empty() { (before) b { (self.q) } }
            @if !tags.is_empty() { " with " @if tags.len() == 1 { "tag " } @else { "tags " } b { (tags.join(", ")) } }
        }
    }

    fn order(&self) -> Markup {
        let by_name = self.is_by_name();
        let current = |is_current: bool| is_current.then_some("true");
        html! {
            span.k { "Order" } " "
            a href=(self.url(&Find { is_by_name: false, ..self.find() })) aria-current=[current(!by_name)] { "best match" }
            (DOT)
            a href=(self.url(&Find { is_by_name: true, ..self.find() })) aria-current=[current(by_name)] { "name" }
        }
    }

    fn rows(&self) -> Markup {
        html! {
            @if !self.page.items.is_empty() {
                ol.rows aria-label="Packages" { @for stored in &self.page.items { (self.row(stored)) } }
            }
        }
    }

    fn row(&self, stored: &Stored) -> Markup {
        let (package, links) = (stored.package(), self.frame.links);
        let metadata = package.details.metadata.to_map();
        let name = package.name.normalized();
        html! {
            li {
                b {
                    a href=(links.package(name.as_str())) { (self.marked(package.name.as_str(), true)) }
                    @if let Some(version) = version(&metadata) { " " i { (version) } }
                }
                p { (self.marked(package.details.short_desc.as_str(), false)) }
                @if !package.details.tags.is_empty() {
                    p.tags { @for tag in package.details.tags.iter() { a href=(links.tag(tag.as_str())) { (tag) } " " } }
                }
            }
        }
    }

    /// A text in which the words of the search are marked.
    fn marked(&self, text: &str, is_name: bool) -> Markup {
        let found = self.search().map(|search| marks(search, text, is_name)).unwrap_or_default();
        let mut at = 0;
        html! {
            @for range in found {
                (text.get(std::mem::replace(&mut at, range.end)..range.start).unwrap_or_default())
                mark { (text.get(range).unwrap_or_default()) }
            }
            (text.get(at..).unwrap_or_default())
        }
    }

    fn pages(&self) -> Markup {
        let is_later_page = self.query.after.is_some();
        let next = self.page.next.as_ref().map(ToString::to_string);
        html! {
            @if is_later_page || next.is_some() {
                nav.line aria-label="Pages" {
                    @if is_later_page { a href=(self.url(&self.find())) { "First page" } }
                    @if let Some(after) = next {
                        a.button rel="next" href=(self.url(&Find { after, ..self.find() })) { "Next page" }
                    }
                }
            }
        }
    }
}
