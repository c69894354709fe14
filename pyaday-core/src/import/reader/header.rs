//! What the columns of a table, and the members of a JSON object, are by their names.

/// What a column or a member is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Name,
    ShortDesc,
    /// A description, which is the summary where there is no other.
    Description,
    Tags,
    /// It has no name, and must be empty.
    Nameless,
    /// An object of metadata. It may also be a member of the metadata itself.
    Object,
    /// A member of the metadata.
    Metadata,
}

impl Kind {
    /// Where it is in a package, as a JSON Pointer.
    pub(super) fn pointer(self) -> &'static str {
        match self {
            Self::Name => "/name",
            Self::ShortDesc => "/short_desc",
            Self::Tags => "/tags",
            Self::Description | Self::Object | Self::Metadata => "/metadata",
            Self::Nameless => "",
        }
    }
}

/// What a name stands for. Neither case nor white space around it matters.
pub(super) fn kind(name: &str) -> Kind {
    const KINDS: [(&str, Kind); 7] = [
        ("", Kind::Nameless),
        ("name", Kind::Name),
        ("summary", Kind::ShortDesc),
        ("short_desc", Kind::ShortDesc),
        ("description", Kind::Description),
        ("tags", Kind::Tags),
        ("metadata", Kind::Object),
    ];
    let name = name.trim();
    let known = KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or(Kind::Metadata, |(_, kind)| *kind)
}

/// The summary in a column or member of this name. `UNKNOWN` is what old tools wrote if there was no
/// summary. A `short_desc` is of this service, so it is what it is.
pub(super) fn summary<'a>(name: &str, text: &'a str) -> &'a str {
    let is_own = name.trim().eq_ignore_ascii_case("short_desc");
    if text == "UNKNOWN" && !is_own { "" } else { text }
}

/// The labels in a text: separated by white space, commas, semicolons or bars, or written as a list
/// of Python or JSON.
pub(super) fn labels(text: &str) -> impl Iterator<Item = &str> {
    let list = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
    let labels = list.unwrap_or(text).split(separator);
    let quotes: &[char] = if list.is_some() { &['\'', '"'] } else { &[] };
    labels.map(move |label| label.trim_matches(quotes)).filter(|label| !label.is_empty())
}
