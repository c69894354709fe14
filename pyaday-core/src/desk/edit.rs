//! The forms in which curators edit a package. The script of the pages fills them in and sends them, so
//! they are hidden without JavaScript.

use std::borrow::Cow;
use std::str::FromStr;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::frame::Frame;
use super::links::Links;
use super::text::count;
use crate::history::ChangeNote;
use crate::package::{InvalidValue, PackageName, ShortDesc, Stored, Tag};

/// How the form has the metadata.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum MetadataForm {
    /// A name and a value for each member.
    #[default]
    Fields,
    /// One text.
    Json,
}

impl MetadataForm {
    /// The name under which a browser keeps what is typed. Each form has other fields.
    fn draft(self) -> &'static str {
        match self {
            Self::Fields => "edit",
            Self::Json => "edit-json",
        }
    }
}

impl FromStr for MetadataForm {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "json" => Ok(Self::Json),
            _ => Err(InvalidValue::new("must be json, or absent")),
        }
    }
}

/// The form, if the viewer may change or delete the package.
pub(super) fn form(
    frame: &Frame<'_>,
    stored: &Stored,
    name: &str,
    metadata: MetadataForm,
) -> Markup {
    let viewer = frame.viewer;
    let (may_update, may_delete) = (viewer.may("update_package"), viewer.may("delete_package"));
    html! {
        @if may_update { (conflict(name)) }
        @if may_update || may_delete {
            form #edit.gap.js-only autocomplete="off" data-name=(name) data-revision=(stored.revision())
                data-keep=[may_update.then_some(metadata.draft())] {
                @if may_update {
                    div.line { h2 { "Edit" } p #kept.dim.end role="status" hidden { "Kept in this browser, not saved yet" } }
                    (fields(frame.links, stored, name, metadata))
                }
                div.line {
                    @if may_update {
                        button.go { "Save" }
                        button.quiet type="button" data-do="forget" { "Discard my changes" }
                    }
                    @if may_delete {
                        button.danger.end type="button" data-do="erase" data-send={ "DELETE packages/" (name) }
                            data-revision=(stored.revision()) data-question={ "Delete " (name) "? Undo brings it back." }
                            data-then={ "desk/changes?name=" (name) } { "Delete…" }
                    }
                }
            }
            @if may_delete { (question()) }
        }
    }
}

/// What the script asks before it changes many packages, deletes one, or creates one whose name is like that
/// of another.
pub(super) fn question() -> Markup {
    html! {
        dialog #ask aria-labelledby="question" {
            form.gap method="dialog" {
                p #question {}
                div.line { button.go value="yes" { "Yes" } button { "No" } }
            }
        }
    }
}

fn fields(links: Links, stored: &Stored, name: &str, metadata: MetadataForm) -> Markup {
    let package = stored.package();
    let details = &package.details;
    let tags: Vec<_> = details.tags.iter().map(Tag::as_str).collect();
    html! {
        (name_field("f-name", package.name.as_str(), "Only its spelling can be changed"))
        div.field {
            (description_label("f-short_desc"))
            textarea #f-short_desc name="short_desc" rows="2" { (details.short_desc.as_str()) }
        }
        (tags_field("f-tags", "tags", "Tags", &tags.join(" ")))
        @match metadata {
            MetadataForm::Fields => (metadata_as_fields(links, &details.metadata.to_map(), name)),
            MetadataForm::Json => (metadata_as_json(links, &details.metadata.to_map(), name)),
        }
        (note_field("f-note"))
    }
}

fn metadata_as_fields(links: Links, metadata: &Map<String, Value>, name: &str) -> Markup {
    html! {
        fieldset #f-metadata.field {
            legend { "Metadata " small { "A value is a text, or JSON such as 5 or [\"a\"]." } }
            @for (key, value) in metadata { (pair(&name_of(key), &shown(value))) }
            template #pair { (pair("", &Shown::Text(""))) }
            p.line {
                button type="button" data-do="add" { "Add a field" }
                a.other href=(links.edit_json(name)) { "Edit all metadata as JSON" }
            }
        }
    }
}

fn metadata_as_json(links: Links, metadata: &Map<String, Value>, name: &str) -> Markup {
    let text = format!("{:#}", Value::Object(metadata.clone()));
    html! {
        div.field {
            label for="j-metadata" { "Metadata " small { "A JSON object" } }
            textarea #j-metadata.code rows=(text.lines().count().clamp(5, 20)) spellcheck="false" autocapitalize="none" { (text) }
            p { a.other href={ (links.package(name)) "#edit" } { "Edit the metadata as fields" } }
        }
    }
}

/// A value of the metadata as the form has it, from which the script makes the same value again.
enum Shown<'a> {
    Text(&'a str),
    Json(String),
}

/// A value that is not a text, or whose text a field in one line cannot hold, is shown as JSON.
fn shown(value: &Value) -> Shown<'_> {
    match value {
        Value::String(text) if fits_a_line(text) => Shown::Text(text),
        value => Shown::Json(value.to_string()),
    }
}

/// The name of a field of the metadata. Names that the form cannot hold otherwise are shown as JSON, and so
/// are those that begin like JSON.
fn name_of(key: &str) -> Cow<'_, str> {
    match fits_a_line(key) && !key.is_empty() && !key.starts_with('"') {
        true => key.into(),
        false => Value::from(key).to_string().into(),
    }
}

/// True if a browser leaves the text as it is in a field. It removes ends of lines, and replaces NUL.
fn fits_a_line(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// The name and the value of a field of the metadata.
fn pair(name: &str, value: &Shown<'_>) -> Markup {
    let (text, is_json) = match value {
        Shown::Text(text) => (*text, false),
        Shown::Json(text) => (text.as_str(), true),
    };
    html! {
        div.pair {
            input value=(name) required aria-label="Name of the field";
            input value=(text) aria-label="Value of the field";
            select aria-label="Kind of the value" {
                option { "text" }
                option selected[is_json] { "JSON" }
            }
            button.quiet type="button" data-do="remove" { "Remove" }
        }
    }
}

/// Where the script shows what two curators have written at the same time.
fn conflict(name: &str) -> Markup {
    html! {
        form #conflict.gap hidden {
            h2 { (name) " was changed while you were editing" }
            p { "Nothing that you typed is lost. Choose for each part, then save." }
            fieldset aria-label="Parts that differ" {}
            template #member { (member()) }
            div.line {
                button.go { "Save this" }
                button type="button" data-do="forget" { "Keep theirs, drop mine" }
            }
        }
    }
}

/// A part that differs, of which the curator chooses one version.
fn member() -> Markup {
    html! {
        fieldset.member {
            legend { mark { "changed by both" } }
            div.three {
                @for (value, label) in ["Theirs, saved now", "Yours", "Both together"].iter().enumerate() {
                    label { span.k { input type="radio" value=(value); (label) } }
                }
                p { span.k { "Both began with" } }
            }
        }
    }
}

/// The form for a new package.
pub(super) fn create() -> Markup {
    html! {
        details.js-only {
            summary { "New package" }
            form #create.gap data-keep="create" {
                (name_field("c-name", "", "Letters, digits, and inside also . _ -"))
                div.field {
                    (description_label("c-short_desc"))
                    input #c-short_desc name="short_desc" autocomplete="off";
                }
                (tags_field("c-tags", "tags", "Tags", ""))
                div { button.go { "Create" } }
            }
        }
    }
}

/// The form that changes all packages that are selected. `all` is how many can be selected at once.
pub(super) fn bulk(all: Option<usize>) -> Markup {
    html! {
        form #bulk.box.stick.gap data-keep="bulk" hidden {
            div.line {
                h2 { span.n {} " selected" }
                button.quiet type="button" name="every" data-do="every" {
                    "Select all" @if let Some(all) = all { " " (count(all, "package")) }
                }
                button.quiet type="button" data-do="none" { "Select none" }
            }
            div.cols {
                (tags_field("b-add_tags", "add", "Add tags", ""))
                (tags_field("b-remove_tags", "remove", "Remove tags", ""))
                (note_field("b-note"))
            }
            div.line {
                button.go value="Change" { "Change " span.n {} }
                button.danger.end value="Delete" { "Delete " span.n {} "…" }
            }
        }
    }
}

fn name_field(id: &str, value: &str, help: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { "Name " small { (help) } }
            input id=(id) name="name" value=(value) required maxlength=(PackageName::MAX_BYTES)
                spellcheck="false" autocapitalize="none" autocomplete="off";
        }
    }
}

fn description_label(id: &str) -> Markup {
    html! {
        label for=(id) { "Description " small { "One line, at most " (ShortDesc::MAX_CHARS) " characters." } }
    }
}

pub(super) fn tags_field(id: &str, name: &str, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) " " small { "Separated by spaces" } }
            input id=(id) name=(name) value=(value) list="known" spellcheck="false" autocapitalize="none" autocomplete="off";
        }
    }
}

pub(super) fn note_field(id: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { "Note " small { "For the list of changes" } }
            input id=(id) name="note" maxlength=(ChangeNote::MAX_CHARS) autocomplete="off";
        }
    }
}
