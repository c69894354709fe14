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

/// The operations that a script offers on the pages. Without one of them, the script has only the
/// search as it is typed.
const WRITES: [&str; 9] = [
    "create_package",
    "update_package",
    "delete_package",
    "change_packages",
    "import_packages",
    "undo_change",
    "pin_day",
    "unpin_day",
    "list_changes",
];

impl Frame<'_> {
    /// The whole page.
    pub(crate) fn page(&self, title: &str, main: &Markup) -> Vec<u8> {
        let Self { links, viewer, .. } = self;
        let may =
            WRITES.into_iter().filter(|write| viewer.may(write)).collect::<Vec<_>>().join(" ");
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
                    @if viewer.may("read_day") {
                        link rel="alternate" type="application/atom+xml"
                            title="Package of the day" href=(links.below_root("daily/feed.atom"));
                    }
                    script type="module" src=(asset(&SCRIPT.name)) {}
                }
                body data-root=[(!links.root().is_empty()).then_some(links.root())] data-may=[(!may.is_empty()).then_some(may)] {
                    a.skip href="#main" { "Skip to the content" }
                    (self.header())
                    main #main { (main) }
                    (self.footer())
                }
            }
        };
        page.into_string().into_bytes()
    }

    fn header(&self) -> Markup {
        let Self { links, viewer, section } = self;
        // A link to the page itself, or to the page that leads here.
        let is_here = if links.is_first_page() { "page" } else { "true" };
        let current = |of: Section| (*section == of).then_some(is_here);
        let writes_list = viewer.may("import_packages");
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
                    @if writes_list {
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

    fn footer(&self) -> Markup {
        let Self { links, viewer, .. } = self;
        let json = viewer.may("list_packages").then_some(("packages", "JSON"));
        let feeds = [("daily/feed.atom", "Atom"), ("daily/feed.json", "JSON Feed")];
        let feeds = feeds.into_iter().filter(|_| viewer.may("read_day"));
        let data: Vec<_> = json.into_iter().chain(feeds).collect();
        html! {
            footer {
                (keys())
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

/// A text that needs no escapes and separates two links.
pub(super) const DOT: PreEscaped<&str> = PreEscaped(" · ");

/// The keys that the script listens to.
fn keys() -> Markup {
    const KEYS: [(&str, &str); 12] = [
        ("/", "search"),
        ("j", "next row"),
        ("k", "previous row"),
        ("x", "select the row"),
        ("e", "edit"),
        ("t", "tags"),
        ("u", "undo"),
        ("m", "move a pin"),
        ("[", "previous month"),
        ("]", "next page or month"),
        ("?", "these keys"),
        ("Ctrl Enter", "save"),
    ];
    html! {
        details #keys.js-only {
            summary { "Keys" }
            ul.line { @for (key, what) in KEYS { li { kbd { (key) } " " (what) } } }
            p.check { input #letters type="checkbox"; label for="letters" { "Single letters do this" } }
        }
    }
}
