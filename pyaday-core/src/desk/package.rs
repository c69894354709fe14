//! The page of a package.

use maud::{Markup, html};

use super::changes::short;
use super::edit::{self, MetadataForm};
use super::facts::{facts, version};
use super::frame::Frame;
use super::text::day;
use crate::daily::Date;
use crate::history::ChangePage;
use crate::package::{Package, Stored};

/// What is known of a package.
pub(crate) struct PackagePage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) stored: &'a Stored,
    pub(crate) metadata: MetadataForm,
    /// Its newest changes. `None` if they are not known, or if the viewer may not see them.
    pub(crate) changes: Option<&'a ChangePage>,
    /// The days that have shown it, the newest first.
    pub(crate) shown: &'a [Date],
    /// The days to come to which it is pinned.
    pub(crate) pinned: &'a [Date],
}

impl PackagePage<'_> {
    pub(crate) fn render(&self) -> Vec<u8> {
        let package = self.stored.package();
        let name = package.name.normalized();
        let links = self.frame.links;
        let main = html! {
            div.split {
                div.gap {
                    (content(&self.frame, &package))
                    (edit::form(&self.frame, self.stored, name.as_str(), self.metadata))
                }
                aside aria-label="About this package" {
                    (self.days())
                    (self.changes(name.as_str()))
                    p { a href=(links.below_root(&format!("packages/{name}"))) { (package.name) " as JSON" } }
                }
            }
        };
        self.frame.page(package.name.as_str(), &main)
    }

    fn days(&self) -> Markup {
        let links = self.frame.links;
        html! {
            @if !self.shown.is_empty() || !self.pinned.is_empty() {
                section {
                    h2 { "Package of the day" }
                    ul {
                        @for date in self.pinned {
                            li { a href=(links.with_query("desk/days", &[("month", &super::text::month_number(*date))])) { (day(*date)) } " " span.dim { "pinned" } }
                        }
                        @for date in self.shown { li { a href=(links.day(*date)) { (day(*date)) } } }
                    }
                }
            }
        }
    }

    fn changes(&self, name: &str) -> Markup {
        let links = self.frame.links;
        html! {
            @if let Some(page) = self.changes {
                section {
                    h2 { "Changes" }
                    @if page.items.is_empty() { p.dim { "None is known." } }
                    ul { @for change in &page.items { li { (short(links, change)) } } }
                    @if !page.items.is_empty() {
                        p { a href=(links.changes(&[("name", name)])) { "What changed" } }
                    }
                }
            }
        }
    }
}

/// What a package says about itself.
pub(super) fn content(frame: &Frame<'_>, package: &Package) -> Markup {
    let (links, details) = (frame.links, &package.details);
    let metadata = details.metadata.to_map();
    html! {
        article {
            h1 { (package.name) @if let Some(version) = version(&metadata) { " " i { (version) } } }
            p.lead { (details.short_desc.as_str()) }
            @if !details.tags.is_empty() {
                p.tags { @for tag in details.tags.iter() { a href=(links.tag(tag.as_str())) { (tag) } " " } }
            }
            (facts(links, &metadata))
        }
    }
}
