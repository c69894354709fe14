//! The page that reports a problem.

use maud::html;

use super::frame::{Frame, Section};
use super::links::Links;
use super::viewer::Viewer;

/// Renders the page for a problem with this title and this detail. `viewer` may be unknown: then the page
/// has no navigation that depends on it.
pub(crate) fn refusal(title: &str, detail: &str, links: Links, viewer: &Viewer) -> Vec<u8> {
    let frame = Frame { links, viewer, section: Section::Other };
    let main = html! {
        h1 { (title) }
        p { (detail) }
        p {
            a href=(links.below_root("desk")) { "Go to the packages" }
            @if let Some(url) = &viewer.sign_in {
                " or " a href=(links.of_host(url)) { "sign in" }
            }
            "."
        }
    };
    frame.page(title, &main)
}
