//! What all pages have in common: the head, the navigation and the foot.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::asset::{SCRIPT, STYLE};
use super::links::Links;
use super::viewer::Viewer;

/// The part of the desk that a page belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Section {
    Find,
    Days,
    Changes,
    Import,
    /// A page that is in none of them.
    Other,
}

/// The frame around a page.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) links: Links,
    pub(crate) viewer: &'a Viewer,
    pub(crate) section: Section,
}

impl Frame<'_> {
    /// The whole page.
    pub(crate) fn page(&self, title: &str, main: &Markup) -> Vec<u8> {
        let Self { links, viewer, .. } = self;
        let asset = |name: &str| links.below_root(&format!("desk/assets/{name}"));
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    title { (title) " – pyaday" }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href=(asset(&STYLE.name));
                    @if viewer.may("read_atom_feed") {
                        link rel="alternate" type="application/atom+xml"
                            title="Package of the day" href=(links.below_root("daily/feed.atom"));
                    }
                    script type="module" src=(asset(&SCRIPT.name)) {}
                }
                body data-root=[(!links.root().is_empty()).then_some(links.root())] {
                    a.skip href="#main" { "Skip to the content" }
                    (self.header())
                    main #main { (main) }
                    (self.footer())
                }
            }
        };
        allowed(page.into_string()).into_bytes()
    }

    fn header(&self) -> Markup {
        let Self { links, viewer, section } = self;
        // A link to the page itself, or to the page that leads here.
        let is_here = if links.is_first_page() { "page" } else { "true" };
        let current = |of: Section| (*section == of).then_some(is_here);
        html! {
            header {
                a.home href=(links.below_root("desk")) { "pyaday" }
                nav aria-label="Desk" {
                    @if viewer.may("list_packages") {
                        a href=(links.below_root("desk")) aria-current=[current(Section::Find)] { "Find" }
                    }
                    @if viewer.may("read_day") {
                        a href=(links.below_root("desk/days")) aria-current=[current(Section::Days)] { "Days" }
                    }
                    @if viewer.may("list_changes") {
                        a href=(links.below_root("desk/changes")) aria-current=[current(Section::Changes)] { "Changes" }
                    }
                    @if viewer.may("import_packages") {
                        a href=(links.below_root("desk/import")) aria-current=[current(Section::Import)] { "Import" }
                    }
                }
                @if viewer.actor.is_some() || viewer.sign_in.is_some() {
                    p.who {
                        @if let Some(actor) = &viewer.actor { span { (actor) } }
                        @if let Some(url) = &viewer.sign_in {
                            " "
                            a href=(links.of_host(url)) {
                                @if viewer.actor.is_some() { "Sign out" } @else { "Sign in" }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The feeds that the viewer may read: their paths and what they are called.
    pub(super) fn feeds(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let feeds = [
            ("read_atom_feed", ("daily/feed.atom", "Atom")),
            ("read_json_feed", ("daily/feed.json", "JSON Feed")),
        ];
        feeds.into_iter().filter(|(operation, _)| self.viewer.may(operation)).map(|(_, feed)| feed)
    }

    fn footer(&self) -> Markup {
        let Self { links, viewer, .. } = self;
        let json = viewer.may("list_packages").then_some(("packages", "JSON"));
        let data: Vec<_> = json.into_iter().chain(self.feeds()).collect();
        html! {
            footer {
                (keys())
                datalist #known {}
                p #live.vh role="status" {}
                @if !data.is_empty() {
                    p {
                        "The same as data: "
                        @for (at, (path, label)) in data.iter().enumerate() {
                            @if at > 0 { (DOT) }
                            a href=(links.below_root(path)) { (label) }
                        }
                    }
                }
            }
        }
    }
}

/// A page without the control characters that HTML does not allow (HTML Standard, section 13.1.4), which data
/// may have. The form that edits a package has them as escapes of JSON.
fn allowed(html: String) -> String {
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    match html.contains(is_forbidden) {
        true => html.replace(is_forbidden, "\u{fffd}"),
        false => html,
    }
}

/// A text that needs no escapes and separates two links.
pub(super) const DOT: PreEscaped<&str> = PreEscaped(" · ");

/// The keys that the script listens to.
fn keys() -> Markup {
    // Selects what a key presses.
    const KEYS: [(&str, &str, &str); 12] = [
        ("/", "search", "#q"),
        ("x", "select the row", "li:focus-within>input"),
        ("a", "select all on this page", "#page"),
        ("e", "edit", "#f-short_desc,.rows>li:focus-within a"),
        ("t", "tags", "#bulk:not([hidden]) input,#f-tags"),
        ("u", "undo", ".log>li:focus-within [data-do=undo],main>div>[data-do=undo]"),
        ("p", "pin a package", "#p-name"),
        ("m", "move a pin", "tr:focus-within [data-do=move]"),
        ("[", "previous month", "[rel=prev]"),
        ("]", "next page or month", "[rel=next]"),
        ("?", "these keys", "#keys summary"),
        ("Ctrl Enter", "save", ""),
    ];
    // Selects where a key goes: to the first link of a row.
    const ROWS: [(&str, &str, &str); 2] = [
        (
            "j",
            "next row",
            ":is(.rows,.log)>li:focus-within+li a,#pins tr:focus-within+tr a,\
             section:has(.log>li:last-child:focus-within)+section .log a,\
             main:not(:has(:is(li,tr):focus-within)) :is(.rows,.log,#pins td) a",
        ),
        (
            "k",
            "previous row",
            ":is(.rows,.log)>li:has(+li:focus-within) a,#pins tr:has(+tr:focus-within) a,\
             section:has(+section .log>li:first-child:focus-within) .log>li:last-child a",
        ),
    ];
    html! {
        details #keys.js-only {
            summary { "Keys" }
            ul.line {
                @for (key, what, target) in ROWS { li { kbd data-go=(target) { (key) } " " (what) } }
                @for (key, what, target) in KEYS { li { kbd data-press=[(!target.is_empty()).then_some(target)] { (key) } " " (what) } }
            }
            p.check { input #letters type="checkbox" checked; label for="letters" { "Single letters do this" } }
        }
    }
}
