//! The forms in which curators edit a package. The script of the pages fills them in and sends them, so
//! they are hidden without JavaScript.

use maud::{Markup, html};

use super::frame::Frame;
use crate::history::ChangeNote;
use crate::package::{PackageName, ShortDesc, Stored};

/// The form, if the viewer may change or delete the package.
pub(super) fn form(frame: &Frame<'_>, stored: &Stored, name: &str) -> Markup {
    let viewer = frame.viewer;
    let (may_update, may_delete) = (viewer.may("update_package"), viewer.may("delete_package"));
    let representation = stored.representation();
    html! {
        @if may_update { (conflict(name)) }
        @if may_update || may_delete {
            form #edit.gap.js-only data-name=(name) data-revision=(stored.revision())
                data-package=(String::from_utf8_lossy(&representation)) {
                @if may_update {
                    div.line { h2 { "Edit" } p #kept.dim.end role="status" {} }
                    (fields())
                }
                div.line {
                    @if may_update {
                        button.go { "Save" }
                        button.quiet type="button" data-do="forget" { "Discard my changes" }
                    }
                    @if may_delete { button.danger.end type="button" data-do="erase" { "Delete…" } }
                }
            }
        }
    }
}

fn fields() -> Markup {
    html! {
        (name_field("f-name"))
        div.field {
            (description_label("f-short_desc"))
            textarea #f-short_desc name="short_desc" rows="2" {}
        }
        (tags_field("f-tags", "tags", "Tags"))
        fieldset #f-metadata.field {
            legend { "Metadata " small { "A value is text, or JSON such as [\"a\"]." } }
            template #pair {
                div.pair {
                    input aria-label="Name of the field";
                    input aria-label="Value of the field";
                    button.quiet type="button" data-do="remove" { "Remove" }
                }
            }
            p { button type="button" data-do="add" { "Add a field" } }
        }
        (note_field("f-note"))
    }
}

/// Where the script shows what two curators have written at the same time.
fn conflict(name: &str) -> Markup {
    html! {
        form #conflict.gap hidden {
            h2 { (name) " was changed while you were editing" }
            p { "Nothing that you typed is lost. Choose for each part, then save." }
            fieldset aria-label="Parts that differ" {}
            div.line {
                button.go { "Save this" }
                button type="button" data-do="forget" { "Keep theirs, drop mine" }
            }
        }
    }
}

/// The form for a new package.
pub(super) fn create() -> Markup {
    html! {
        details.js-only {
            summary { "New package" }
            form #create.gap {
                (name_field("c-name"))
                div.field {
                    (description_label("c-short_desc"))
                    input #c-short_desc name="short_desc" autocomplete="off";
                }
                (tags_field("c-tags", "tags", "Tags"))
                div { button.go { "Create" } }
            }
        }
    }
}

/// The form that changes all packages that are selected.
pub(super) fn bulk() -> Markup {
    html! {
        form #bulk.box.stick.gap hidden {
            div.line {
                h2 {}
                button.quiet type="button" name="every" data-do="every" {}
                button.quiet type="button" data-do="none" { "Select none" }
            }
            div.cols {
                (tags_field("add", "add", "Add tags"))
                (tags_field("remove", "remove", "Remove tags"))
                (note_field("b-note"))
            }
            div.line { button.go name="change" {} button.danger.end name="erase" {} }
        }
    }
}

fn name_field(id: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { "Name " small { "Letters, digits, and inside also . _ -" } }
            input id=(id) name="name" required maxlength=(PackageName::MAX_BYTES)
                spellcheck="false" autocapitalize="none" autocomplete="off";
        }
    }
}

fn description_label(id: &str) -> Markup {
    html! {
        label for=(id) { "Description " small { "One line, at most " (ShortDesc::MAX_CHARS) " characters." } }
    }
}

fn tags_field(id: &str, name: &str, label: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) " " small { "With spaces between them: a–z, 0–9, -" } }
            input id=(id) name=(name) spellcheck="false" autocapitalize="none" autocomplete="off";
        }
    }
}

fn note_field(id: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { "Note for the list of changes " small { "It may be empty." } }
            input id=(id) name="note" maxlength=(ChangeNote::MAX_CHARS) autocomplete="off";
        }
    }
}
