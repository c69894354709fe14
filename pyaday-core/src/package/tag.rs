//! The tags of packages.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::invalid::InvalidValue;

/// A tag: 1 to 40 characters of `a-z`, `0-9` and `-`. The first one is not `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Tag(Box<str>);

impl Tag {
    /// The maximum length of a tag, in bytes.
    pub const MAX_BYTES: usize = 40;

    /// The text of the tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if text.is_empty()
            || text.len() > Self::MAX_BYTES
            || text.starts_with('-')
            || !text.bytes().all(inside)
        {
            let limit = Self::MAX_BYTES;
            return Err(InvalidValue::new(format!(
                "must be 1 to {limit} of `a-z`, `0-9` and `-`, and must not begin with `-`"
            )));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tags of a package: at most 32, sorted and without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tags(pub(super) Box<[Tag]>);

impl Tags {
    /// The maximum number of tags on one package.
    pub const MAX: usize = 32;

    /// The rule that is broken by too many tags.
    pub(super) fn too_many() -> InvalidValue {
        InvalidValue::new(format!("must be at most {} tags", Self::MAX))
    }

    /// True if there are no tags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if `tag` is among them.
    #[must_use]
    pub fn contains(&self, tag: &Tag) -> bool {
        self.0.binary_search(tag).is_ok()
    }

    /// The tags in sorted order.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }
}

impl TryFrom<BTreeSet<Tag>> for Tags {
    type Error = InvalidValue;

    fn try_from(tags: BTreeSet<Tag>) -> Result<Self, InvalidValue> {
        if tags.len() > Self::MAX {
            return Err(Self::too_many());
        }
        Ok(Self(tags.into_iter().collect()))
    }
}
