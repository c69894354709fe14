//! A write, as the list of changes shows it.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::kind::ChangeKind;
use super::note::ChangeNote;
use crate::daily::rfc3339;
use crate::package::Revision;

/// One write of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The revision of the write, which identifies the change. The versions that the write made
    /// have the same revision.
    pub revision: Revision,
    /// When the write was made, in seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The name of the actor who made the write. `None` if the host has not said who.
    pub by: Option<Box<str>>,
    /// What the write did.
    pub kind: ChangeKind,
    /// The number of packages and pins that the write changed.
    pub count: usize,
    /// What the author said about the write.
    pub note: Option<ChangeNote>,
}

impl Change {
    /// Makes a change by nobody in particular, without a note. `at` is in seconds since
    /// 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn new(revision: Revision, at: i64, kind: ChangeKind, count: usize) -> Self {
        Self { revision, at, by: None, kind, count, note: None }
    }

    /// Makes a change from the values that a database has stored: the integer of its revision
    /// ([`Revision::to_i64`]), and the texts of its kind and its note. `None` if one of them is
    /// invalid.
    #[must_use]
    pub fn restore(
        revision: i64,
        at: i64,
        by: Option<&str>,
        kind: &str,
        count: i64,
        note: Option<&str>,
    ) -> Option<Self> {
        Some(Self {
            revision: Revision::from_i64(revision)?,
            at,
            by: by.map(Into::into),
            kind: kind.parse().ok()?,
            count: usize::try_from(count).ok()?,
            note: note.map(str::parse).transpose().ok()?,
        })
    }

    /// Adds the members of the JSON object of the change.
    pub(crate) fn serialize_members<M: SerializeMap>(
        &self,
        object: &mut M,
    ) -> Result<(), M::Error> {
        // Numbers of this size lose digits in JavaScript, so a revision is a text.
        object.serialize_entry("revision", &self.revision.to_string())?;
        object.serialize_entry("at", &rfc3339(self.at))?;
        object.serialize_entry("by", &self.by)?;
        object.serialize_entry("what", self.kind.as_str())?;
        object.serialize_entry("count", &self.count)?;
        match &self.note {
            Some(note) => object.serialize_entry("note", note.as_str()),
            None => Ok(()),
        }
    }
}

/// The JSON object of the change, as the list of changes has it.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.serialize_members(&mut object)?;
        object.end()
    }
}
