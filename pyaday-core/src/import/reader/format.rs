//! The formats of files.

use std::fmt;

/// A format in which packages come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON objects, one a line ([NDJSON](https://github.com/ndjson/ndjson-spec)).
    Ndjson,
    /// One JSON text: an array of objects, an object, or a document that holds them.
    Json,
    /// A table with a header, whose fields are separated by commas ([RFC
    /// 4180](https://www.rfc-editor.org/rfc/rfc4180)), by semicolons, or by what a line `sep=` says.
    Csv,
    /// A table with a header, whose fields are separated by tabs.
    Tsv,
    /// The core metadata of one package: a file `METADATA` or `PKG-INFO`.
    Metadata,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] =
        &[Self::Ndjson, Self::Json, Self::Csv, Self::Tsv, Self::Metadata];
}

/// The name of the format.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ndjson => "NDJSON",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::Metadata => "METADATA",
        })
    }
}
