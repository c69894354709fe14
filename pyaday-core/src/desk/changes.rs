//! The list of changes, and the page of one change.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::difference::differences;
use super::frame::Frame;
use super::links::Links;
use super::text::{count, day, long_day, number, time};
use super::viewer::Viewer;
use crate::daily::{Date, rfc3339};
use crate::history::{Change, ChangeDetails, ChangeKind, ChangePage, ChangedPackage, ChangedPin};
use crate::package::{NormalizedName, Stored};

/// How many packages of a change the list shows.
pub(crate) const PACKAGES_IN_LIST: usize = 3;

/// How many parts of a package that differ the list shows.
const LINES_IN_LIST: usize = 12;

/// How many of them the page of the change shows.
const LINES: usize = 100;

/// The names of packages that do not exist any more. No page links to them.
pub(crate) type Gone = BTreeSet<NormalizedName>;

/// What the parts of a page with changes have in common.
#[derive(Clone, Copy)]
struct Context<'a> {
    links: Links,
    viewer: &'a Viewer,
    gone: &'a Gone,
}

/// The page with the list of changes.
pub(crate) struct ChangesPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) gone: &'a Gone,
    pub(crate) page: &'a ChangePage,
    /// The details of each change, if they are known.
    pub(crate) details: &'a [Option<ChangeDetails>],
    pub(crate) filters: Filters<'a>,
    pub(crate) today: Date,
}

/// Which changes the list shows, as the form has it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filters<'a> {
    pub(crate) name: &'a str,
    pub(crate) by: &'a str,
    pub(crate) what: &'a str,
    /// True for any page but the first.
    pub(crate) is_later_page: bool,
}

impl ChangesPage<'_> {
    pub(crate) fn render(&self) -> Vec<u8> {
        let Self { frame, page, filters, .. } = self;
        let links = frame.links;
        let query = |more: &[(&'static str, &str)]| {
            let filters = [("name", filters.name), ("by", filters.by), ("what", filters.what)];
            links.changes(&[&filters[..], more].concat())
        };
        let next = page.next.map(|next| query(&[("before", &next.to_string())]));
        let main = html! {
            h1 { "Changes" }
            (self.form())
            @if page.items.is_empty() {
                p { @if next.is_some() { "No change on this page." } @else { "There are no such changes." } }
            }
            (self.days())
            nav.line aria-label="Pages" {
                @if filters.is_later_page { a href=(query(&[])) { "Newest changes" } }
                @if let Some(next) = next { a.button rel="next" href=(next) { "Older changes" } }
            }
        };
        frame.page("Changes", &main)
    }

    fn context(&self) -> Context<'_> {
        Context { links: self.frame.links, viewer: self.frame.viewer, gone: self.gone }
    }

    fn form(&self) -> Markup {
        let Filters { name, by, what, .. } = self.filters;
        html! {
            form.cols action=(self.frame.links.below_root("desk/changes")) role="search" aria-label="Narrow the changes" {
                div.field {
                    label for="name" { "Package" }
                    input #name name="name" value=(name) maxlength="255" autocomplete="off" spellcheck="false";
                }
                div.field {
                    label for="by" { "By" }
                    input #by name="by" value=(by) maxlength="255" autocomplete="off" spellcheck="false";
                }
                div.field {
                    label for="what" { "What" }
                    select #what name="what" {
                        option value="" { "anything" }
                        @for kind in ChangeKind::ALL {
                            option selected[kind.as_str() == what] { (kind.as_str()) }
                        }
                    }
                }
                div { button { "Show" } }
            }
        }
    }

    /// The changes, by the days on which they were made.
    fn days(&self) -> Markup {
        let with_details: Vec<_> = self.page.items.iter().zip(self.details).collect();
        let days = with_details.chunk_by(|left, right| date(left.0) == date(right.0));
        html! {
            @for changes in days {
                @if let Some(date) = changes.first().map(|(change, _)| date(change)) {
                    section {
                        h2 { @if date == self.today { "Today, " } (long_day(date)) }
                        ol.log { @for (change, details) in changes { (self.entry(change, details.as_ref())) } }
                    }
                }
            }
        }
    }

    fn entry(&self, change: &Change, details: Option<&ChangeDetails>) -> Markup {
        let context = self.context();
        let Context { links, viewer, .. } = context;
        html! {
            li data-revision=(change.revision) {
                (moment(links, change))
                div {
                    p { (sentence(context, change, details)) (note(change)) }
                    @if let Some(details) = details { (self.summary(details)) }
                }
                (undo(viewer, change))
            }
        }
    }

    /// The packages of a change, or the first of them.
    fn summary(&self, details: &ChangeDetails) -> Markup {
        let context = self.context();
        match (&details.packages[..], details.change.count) {
            ([package], 1) => {
                lines(package, LINES_IN_LIST, &context.links.change(details.change.revision))
            }
            ([], _) => html! {},
            (packages, all) => html! {
                p.dim {
                    @for (at, package) in packages.iter().enumerate() {
                        @if at > 0 { ", " }
                        (name(context, package))
                    }
                    @if all > packages.len() {
                        " and " a href=(context.links.change(details.change.revision)) { (number(all - packages.len())) " more" }
                    }
                }
            },
        }
    }
}

/// The page of one change.
pub(crate) struct ChangeDetailsPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) gone: &'a Gone,
    pub(crate) details: &'a ChangeDetails,
    /// True for any page but the first.
    pub(crate) is_later_page: bool,
}

impl ChangeDetailsPage<'_> {
    pub(crate) fn render(&self) -> Vec<u8> {
        let Self { frame, details, is_later_page, gone } = self;
        let Frame { links, viewer, .. } = *frame;
        let context = Context { links, viewer, gone };
        let change = &details.change;
        let url = links.change(change.revision);
        let path = format!("desk/changes/{}", change.revision);
        let next = details.next.as_ref();
        let json = links.below_root(&format!("changes/{}", change.revision));
        let main = html! {
            p.dim { a href=(links.below_root("desk/changes")) { "All changes" } }
            div data-revision=(change.revision) {
                h1 { (sentence(context, change, Some(details))) }
                p.dim {
                    time datetime=(rfc3339(change.at)) { (long_day(date(change))) ", " (time(change.at)) " UTC" }
                    (note(change))
                }
                (undo(viewer, change))
            }
            @for pin in &details.pins { (of_pin(context, pin)) }
            @for package in &details.packages { (of_package(context, package, &json)) }
            nav.line aria-label="Pages" {
                @if *is_later_page { a href=(url) { "First packages" } }
                @if let Some(next) = next {
                    a.button rel="next" href=(links.with_query(&path, &[("after", next.as_str())])) { "Next packages" }
                }
            }
            p.dim { a href=(json) { "This change as JSON" } }
        };
        frame.page(&format!("Change of {}", day(date(change))), &main)
    }
}

/// The button that takes a change back, if the viewer may do that.
fn undo(viewer: &Viewer, change: &Change) -> Markup {
    html! {
        @if viewer.may("undo_change") {
            button.quiet type="button" data-do="undo" data-send={ "POST changes/" (change.revision) "/undo" }
                data-said="The change was taken back." { "Undo" }
        }
    }
}

/// A line for a change in a short list.
pub(super) fn short(links: Links, change: &Change) -> Markup {
    html! {
        a href=(links.change(change.revision)) {
            time datetime=(rfc3339(change.at)) { (day(date(change))) }
        }
        " " span.dim { (verb(change.kind)) @if let Some(by) = &change.by { " by " (by) } }
    }
}

fn date(change: &Change) -> Date {
    Date::of_seconds(change.at)
}

fn moment(links: Links, change: &Change) -> Markup {
    html! {
        a href=(links.change(change.revision)) {
            time datetime=(rfc3339(change.at)) { (time(change.at)) }
        }
    }
}

fn note(change: &Change) -> Markup {
    html! { @if let Some(note) = &change.note { " " q.dim { (note.as_str()) } } }
}

fn verb(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Create => "created",
        ChangeKind::Update => "changed",
        ChangeKind::Delete => "deleted",
        ChangeKind::Bulk => "changed at once",
        ChangeKind::Import => "imported",
        ChangeKind::Undo => "taken back",
        ChangeKind::Pin => "pinned",
        ChangeKind::Unpin => "unpinned",
    }
}

/// Who did what to which package.
fn sentence(context: Context<'_>, change: &Change, details: Option<&ChangeDetails>) -> Markup {
    let only_package =
        details.and_then(|details| match (&details.packages[..], &details.pins[..]) {
            ([package], []) if change.count == 1 => Some(html! { (name(context, package)) }),
            ([], [pin]) if change.count == 1 => Some(pin_of(context, pin)),
            _ => None,
        });
    let what = only_package.unwrap_or_else(|| {
        let noun = match change.kind {
            ChangeKind::Pin | ChangeKind::Unpin => "day",
            _ => "package",
        };
        html! { (count(change.count, noun)) }
    });
    html! {
        @if let Some(by) = &change.by { (by) } @else { "Somebody" }
        " "
        @match change.kind {
            ChangeKind::Bulk => "changed",
            ChangeKind::Undo => "took back a change of",
            kind => (verb(kind)),
        }
        " " (what)
    }
}

fn pin_of(context: Context<'_>, pin: &ChangedPin) -> Markup {
    let of = pin.after.as_ref().or(pin.before.as_ref());
    html! {
        @if let Some(name) = of { (link(context, name, name.as_str())) }
        @if pin.after.is_some() { " to " } @else { " from " }
        (day(pin.date))
    }
}

fn of_pin(context: Context<'_>, pin: &ChangedPin) -> Markup {
    let name = |name: &Option<_>| {
        name.as_ref().map(|name: &NormalizedName| link(context, name, name.as_str()))
    };
    html! {
        dl.diff {
            dt { (day(pin.date)) }
            dd {
                @if let Some(before) = name(&pin.before) { del { (before) } }
                @if let Some(after) = name(&pin.after) { ins { (after) } }
            }
        }
    }
}

/// A package of a change, with what differs. `json` is the URL of the whole change.
fn of_package(context: Context<'_>, package: &ChangedPackage, json: &str) -> Markup {
    html! {
        section.change {
            h2 {
                (name(context, package))
                @match (&package.before, &package.after) {
                    (None, Some(_)) => " was added",
                    (Some(_), None) => " was removed",
                    _ => "",
                }
            }
            (lines(package, LINES, json))
        }
    }
}

/// The first `most` parts of a package that differ: the metadata may have thousands. `all` is the URL that has
/// the others too.
fn lines(package: &ChangedPackage, most: usize, all: &str) -> Markup {
    let differences = differences(package.before.as_ref(), package.after.as_ref());
    let more = differences.len().saturating_sub(most);
    html! {
        @if !differences.is_empty() {
            dl.diff { @for it in differences.iter().take(most) { dt { (it.label) } dd { (it.shown) } } }
        }
        @if more > 0 {
            p.dim { "And " a href=(all) { (count(more, "more part")) } "." }
        }
    }
}

fn name(context: Context<'_>, package: &ChangedPackage) -> Markup {
    let version = package.after.as_ref().or(package.before.as_ref());
    let spelling = version.and_then(Stored::name);
    let spelling = spelling.as_ref().map_or(package.name.as_str(), |name| name.as_str());
    link(context, &package.name, spelling)
}

/// The name of a package, as a link if the package exists and may be read.
fn link(context: Context<'_>, name: &NormalizedName, spelling: &str) -> Markup {
    let Context { links, viewer, gone } = context;
    html! {
        @if viewer.may("read_package") && !gone.contains(name) {
            a href=(links.package(name.as_str())) { b { (spelling) } }
        } @else {
            b { (spelling) }
        }
    }
}
