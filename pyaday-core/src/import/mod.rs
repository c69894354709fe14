//! Imports: packages that come in files, as people have them.
//!
//! A [`Reader`] takes any [`Read`](std::io::Read) and returns one [`Row`] after another: a package, or
//! the reason why the row is not one, with its line. Its memory does not grow with the file: it holds
//! about 1 MiB, which is also the longest row. Unless the caller [expects](ReaderBuilder::format) one
//! [`Format`], the content decides, and the name of the file does not matter:
//!
//! - TSV and CSV with a header, also with semicolons or a line `sep=`, with quotes as Excel writes
//!   them, and with lines that end with a carriage return alone;
//! - JSON objects, one a line or each over several lines, or in an array;
//! - pages of this service's own list (`{"items":[…]}`), PyPI's JSON (`{"info":{…}}`), and the list of
//!   projects of the simple repository API (`{"projects":[…]}`), which has names alone;
//! - the core metadata of one package (`METADATA`, `PKG-INFO`);
//! - in UTF-8, or in UTF-16 with a byte order mark.
//!
//! A file of another kind is an error that says what the file seems to be.
//!
//! ```
//! use pyaday_core::import::Reader;
//!
//! let file = "name,summary,tags\nFlask,A web framework,web|wsgi\n-,nothing,\n";
//! let mut reader = Reader::open(file.as_bytes())?;
//!
//! let flask = reader.next_row()?.unwrap();
//! assert_eq!(flask.package.unwrap().package().name.as_str(), "Flask");
//!
//! let refused = reader.next_row()?.unwrap();
//! assert_eq!(refused.line, 3);
//! let refusal = refused.package.unwrap_err();
//! assert_eq!(refusal.pointer(), "/name");
//! assert!(refusal.to_string().starts_with("name must "));
//!
//! assert!(reader.next_row()?.is_none());
//! # Ok::<(), pyaday_core::import::ReadError>(())
//! ```
//!
//! An [`Import`] puts the rows into a store: it finds out what becomes of each row, and has the write
//! that does it.
//!
//! This module needs the feature `import`. It is a feature of this crate, and not a crate of its own,
//! because an operation of this crate uses it: a crate that depends on this one could not be used
//! here.

mod by_name;
mod deleted;
mod engine;
mod existing;
mod look_alikes;
mod preview;
mod reader;

pub use engine::Import;
pub use existing::OnExisting;
pub use preview::{Counts, Effect, Preview, PreviewedRow};
pub use reader::{Format, Given, ReadError, Reader, ReaderBuilder, Refusal, Row};
