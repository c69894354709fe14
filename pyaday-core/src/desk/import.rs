//! The page on which curators import a file or a table. The script sends it, shows what would happen, and
//! writes exactly that.

use maud::{Markup, html};

use super::edit::{note_field, tags_field};
use super::frame::Frame;
use crate::import::OnExisting;

/// The page for imports.
pub(crate) fn import_page(frame: &Frame<'_>) -> Vec<u8> {
    let main = html! {
        h1 { "Import" }
        noscript { p { "The import needs JavaScript. Programs send the same files to " code { "/import" } "." } }
        (form())
        (preview())
    };
    frame.page("Import", &main)
}

fn form() -> Markup {
    html! {
        form #import.gap.js-only data-keep="import" {
            div.field {
                label for="i-file" { "File " small { "Choose one, or drop it anywhere on this page." } }
                input #i-file type="file" name="file" aria-describedby="i-help";
            }
            div.field {
                label for="i-text" { "Or paste a table " small { "From a spreadsheet, with its header." } }
                textarea #i-text.code name="text" rows="5" spellcheck="false" autocapitalize="none"
                    placeholder="name,summary,tags" aria-describedby="i-help" {}
            }
            p #i-help.dim {
                "A table has a header with the columns " code { "name" } " and " code { "summary" }
                ", and " code { "tags" } " if you like; other columns become metadata. CSV, TSV, NDJSON and JSON are read. "
                "You see what would happen before anything is written."
            }
            div.cols {
                div.field {
                    label for="i-existing" { "Packages that exist already" }
                    select #i-existing name="existing" {
                        @for existing in OnExisting::ALL {
                            option value=(existing) { (choice(*existing)) }
                        }
                    }
                }
                (tags_field("i-tag", "tag", "Tag all of them", ""))
                (note_field("i-note"))
            }
            div { button.go { "Preview" } }
        }
    }
}

/// What the report of an import counts, and how the page writes it.
const COUNTS: [(&str, &str); 6] = [
    ("added", "added"),
    ("changed", "changed"),
    ("same", "same as before"),
    ("present", "left as they are"),
    ("refused", "refused"),
    ("look_alike", "look like another package"),
];

fn choice(existing: OnExisting) -> &'static str {
    match existing {
        OnExisting::Skip => "stay as they are",
        OnExisting::Update => "get what their rows have, tags included",
        OnExisting::Error => "stop the import",
    }
}

/// Where the script shows what the import would do.
fn preview() -> Markup {
    html! {
        form #preview.gap hidden {
            h2 { "What would happen" }
            ul.counts {
                @for (effect, label) in COUNTS { li data-count=(effect) { b {} " " (label) } }
            }
            table.stack {
                caption.vh { "What would happen, row by row" }
                thead {
                    tr { @for column in ["Line", "Outcome", "Package", "What happens"] { th scope="col" { (column) } } }
                }
                tbody {}
            }
            p #more hidden {
                "These are the first 500 rows. Those that need a look come before the others."
            }
            template #row {
                tr { td.dim {} td {} th scope="row" {} td {} }
            }
            div.box.stick.line {
                button.go { "Import " span.n {} }
                p.dim { "Exactly this, as one change that undo takes back. If somebody else writes first, you see a new preview." }
            }
        }
    }
}
