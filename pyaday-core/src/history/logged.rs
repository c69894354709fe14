//! What a change did to each package and each pin.

use serde_json::{Value, json};

use super::change::Change;
use crate::daily::Date;
use crate::package::{NormalizedName, Package, Revision, Stored};

/// A change and what it replaced: everything that a store must log of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedChange {
    /// The change.
    pub change: Change,
    /// The packages that the write added, replaced or removed, in the order of their names, and the
    /// version that each had before. `None` stands for a package that did not exist.
    pub replaced: Vec<(NormalizedName, Option<Stored>)>,
    /// The pins that the write made, replaced or removed, in the order of their dates.
    pub pins: Vec<ChangedPin>,
}

impl LoggedChange {
    /// Makes the entry of a change. Sorts the packages by their names. The count of the change
    /// becomes the number of packages and pins.
    #[must_use]
    pub fn new(
        mut change: Change,
        mut replaced: Vec<(NormalizedName, Option<Stored>)>,
        pins: Vec<ChangedPin>,
    ) -> Self {
        replaced.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        change.count = replaced.len() + pins.len();
        Self { change, replaced, pins }
    }

    /// The text in which a database can store the names of the packages: a JSON array, in the order of
    /// the names. [`LoggedNames`](super::LoggedNames) reads it.
    #[must_use]
    pub fn names_text(&self) -> String {
        // Normalised names need no escapes.
        let mut text = "[".to_owned();
        for (at, (name, _)) in self.replaced.iter().enumerate() {
            text.push_str(if at == 0 { "\"" } else { ",\"" });
            text.push_str(name.as_str());
            text.push('"');
        }
        text.push(']');
        text
    }

    /// The text in which a database can store what the write did to pins: a JSON array with an array for
    /// each pin, which has the date and the names before and after.
    /// [`restore_pins`](Self::restore_pins) reads it.
    #[must_use]
    pub fn pins_text(&self) -> String {
        let pin = |ChangedPin { date, before, after, .. }: &ChangedPin| {
            let [before, after] =
                [before, after].map(|name| name.as_ref().map(NormalizedName::as_str));
            json!([date.to_string(), before, after])
        };
        Value::from_iter(self.pins.iter().map(pin)).to_string()
    }

    /// Reads what a write did to pins from a text of [`pins_text`](Self::pins_text). `None` if it is not
    /// one.
    #[must_use]
    pub fn restore_pins(text: &str) -> Option<Vec<ChangedPin>> {
        type Texts = (String, Option<String>, Option<String>);
        let pins: Vec<Texts> = serde_json::from_str(text).ok()?;
        let pin = |(date, before, after): &Texts| {
            ChangedPin::restore(date, before.as_deref(), after.as_deref())
        };
        pins.iter().map(pin).collect()
    }
}

/// What a change did to a package.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedPackage {
    /// The normalised name.
    pub name: NormalizedName,
    /// The version that the change replaced or removed. `None` if the package did not exist.
    pub before: Option<Stored>,
    /// The version that the change made. `None` if it removed the package.
    pub after: Option<Stored>,
}

impl ChangedPackage {
    /// Makes it from its parts.
    #[must_use]
    pub fn new(name: NormalizedName, before: Option<Stored>, after: Option<Stored>) -> Self {
        Self { name, before, after }
    }
}

/// What a change did to the pin of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedPin {
    /// The day.
    pub date: Date,
    /// The normalised name of the package that was pinned before. `None` if there was no pin.
    pub before: Option<NormalizedName>,
    /// The normalised name of the package that is pinned since. `None` if the pin was removed.
    pub after: Option<NormalizedName>,
}

impl ChangedPin {
    /// Makes it from its parts.
    #[must_use]
    pub fn new(date: Date, before: Option<NormalizedName>, after: Option<NormalizedName>) -> Self {
        Self { date, before, after }
    }

    /// Makes it from the texts of its date and of the normalised names, which a database has
    /// stored. `None` if one of them is invalid.
    #[must_use]
    pub fn restore(date: &str, before: Option<&str>, after: Option<&str>) -> Option<Self> {
        let name = |text: Option<&str>| text.map(str::parse).transpose().ok();
        Some(Self::new(date.parse().ok()?, name(before)?, name(after)?))
    }
}

/// A change and a page of the packages that it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeDetails {
    /// The change.
    pub change: Change,
    /// The packages, in the order of their names.
    pub packages: Vec<ChangedPackage>,
    /// The name of the last of these packages, if more follow.
    pub next: Option<NormalizedName>,
    /// All pins that the write changed, in the order of their dates.
    pub pins: Vec<ChangedPin>,
}

impl ChangeDetails {
    /// Makes it from its parts. `has_more` says whether more packages follow.
    #[must_use]
    pub fn new(
        change: Change,
        packages: Vec<ChangedPackage>,
        has_more: bool,
        pins: Vec<ChangedPin>,
    ) -> Self {
        let last = packages.last().filter(|_| has_more);
        Self { change, next: last.map(|package| package.name.clone()), packages, pins }
    }
}

impl Stored {
    /// Makes a version from the values that a database has stored: its
    /// [representation](Self::representation), and the integer of its revision
    /// ([`Revision::to_i64`]). `None` if one of them is invalid.
    #[must_use]
    pub fn restore(representation: &str, revision: i64) -> Option<Self> {
        let package = Package::from_json(representation.as_bytes()).ok()?;
        Some(Self::new(&package, Revision::from_i64(revision)?))
    }
}
