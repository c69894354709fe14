//! A write to many packages and pins at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::swaps::Swaps;
use crate::daily::Date;
use crate::history::{ChangeKind, ChangedPin};
use crate::package::{NormalizedName, Package, Revision, Stored};

/// A write to many packages and pins at once. It states what must be there and what replaces it. It
/// is carried out completely, or not at all.
///
/// A batch of very many packages takes the least memory if they are added in the order of their names.
///
/// ```
/// use pyaday_core::{Batch, ChangeKind, Package, Revision, Stored};
///
/// let before = Stored::new(&Package::new("Flask", "old")?, Revision::new(7));
/// let batch = Batch::new(ChangeKind::Bulk)
///     .replace(&before, Package::new("Flask", "new")?)
///     .create(Package::new("Quart", "")?);
/// assert_eq!(batch.packages().count(), 2);
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    kind: ChangeKind,
    packages: Swaps,
    required: Vec<(NormalizedName, Option<Bytes>)>,
    pins: BTreeMap<Date, ChangedPin>,
    last_open: Date,
    is_dry_run: bool,
}

/// What a [`Batch`] does to a package.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PackageSwap {
    /// The representation that the package must have. `None` if the package must not exist.
    pub before: Option<Bytes>,
    /// The package that comes in its place. `None` if the package is removed.
    pub after: Option<Arc<Package>>,
}

impl PackageSwap {
    pub(crate) fn new(before: Option<&Stored>, after: Option<Arc<Package>>) -> Self {
        Self { before: before.map(Stored::representation), after }
    }
}

impl Batch {
    /// Makes a batch that changes nothing.
    #[must_use]
    pub fn new(kind: ChangeKind) -> Self {
        Self {
            kind,
            packages: Swaps::InOrder(Vec::new()),
            required: Vec::new(),
            pins: BTreeMap::new(),
            last_open: Date::MIN,
            is_dry_run: false,
        }
    }

    /// Adds a package, which must not exist.
    #[must_use]
    pub fn create(self, package: impl Into<Arc<Package>>) -> Self {
        let package = package.into();
        self.swap(package.name.normalized(), None, Some(package))
    }

    /// Replaces a package, which must have the representation of `before`. The replacement takes the
    /// place of the package with its own name.
    #[must_use]
    pub fn replace(self, before: &Stored, after: impl Into<Arc<Package>>) -> Self {
        let after = after.into();
        self.swap(after.name.normalized(), Some(before), Some(after))
    }

    /// Removes a package, which must have the representation of `before`.
    #[must_use]
    pub fn remove(self, name: NormalizedName, before: &Stored) -> Self {
        self.swap(name, Some(before), None)
    }

    /// Requires that a package has the representation of `version`, or that it does not exist. The
    /// batch does not change it.
    #[must_use]
    pub fn require(mut self, name: NormalizedName, version: Option<&Stored>) -> Self {
        self.required.push((name, version.map(Stored::representation)));
        self
    }

    /// Does this to a package.
    fn swap(
        self,
        name: NormalizedName,
        before: Option<&Stored>,
        after: Option<Arc<Package>>,
    ) -> Self {
        self.with(name, PackageSwap::new(before, after))
    }

    /// Reserves room for so many packages, if they come in the order of their names.
    #[cfg(feature = "import")]
    pub(crate) fn with_room_for(self, packages: usize) -> Self {
        Self { packages: Swaps::InOrder(Vec::with_capacity(packages)), ..self }
    }

    pub(crate) fn with(mut self, name: NormalizedName, swap: PackageSwap) -> Self {
        self.packages.insert(name, swap);
        self
    }

    /// Changes the pin of a date from `before` to `after`. The date must be after `last_open`, the
    /// last date that has begun anywhere on Earth.
    #[must_use]
    pub fn pin(mut self, pin: ChangedPin, last_open: Date) -> Self {
        self.last_open = self.last_open.max(last_open);
        self.pins.insert(pin.date, pin);
        self
    }

    /// Only finds out what the batch would do. Nothing is written.
    #[must_use]
    pub fn dry_run(self, is_dry_run: bool) -> Self {
        Self { is_dry_run, ..self }
    }

    /// What the write does, for the log.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// What the batch does to each package, in the order of the names.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = (&NormalizedName, &PackageSwap)> {
        self.packages.iter()
    }

    /// The same, without the batch.
    pub(crate) fn into_packages(self) -> Vec<(NormalizedName, PackageSwap)> {
        self.packages.into_vec()
    }

    /// The packages that the batch [requires](Self::require) without changing them, and their
    /// representations. `None` stands for a package that must not exist.
    pub fn required(&self) -> impl ExactSizeIterator<Item = (&NormalizedName, Option<&Bytes>)> {
        self.required.iter().map(|(name, version)| (name, version.as_ref()))
    }

    /// What the batch does to each pin, in the order of the dates.
    pub fn pins(&self) -> impl Iterator<Item = &ChangedPin> {
        self.pins.values()
    }

    /// The package with which the batch replaces the one of this name, if the batch is about it.
    pub(crate) fn package(&self, name: &NormalizedName) -> Option<&PackageSwap> {
        self.packages.get(name)
    }

    /// The last date that has begun anywhere on Earth. A pin of it or of an earlier date is fixed.
    #[must_use]
    pub fn last_open(&self) -> Date {
        self.last_open
    }

    /// True if nothing is written.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.is_dry_run
    }
}

/// The result of a [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batched {
    /// All packages and pins were changed, by the write with this revision.
    Written(Revision),
    /// The batch could be carried out, but nothing was written: it is a dry run, or it would change
    /// nothing. This is the store's newest revision.
    Unwritten(Revision),
    /// The write does not admit the store's newest revision, which this variant holds. Nothing was
    /// written.
    Stale(Revision),
    /// Something is not as the batch requires. Nothing was written.
    Conflict(Conflict),
}

/// What is not as a [`Batch`] requires.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The packages with another representation, in the order of their names.
    pub packages: Vec<NormalizedName>,
    /// The dates that have another pin, that are fixed, or whose new pin is of a package that does
    /// not exist, in their order.
    pub dates: Vec<Date>,
}

impl Conflict {
    /// Makes it from its parts.
    #[must_use]
    pub fn new(packages: Vec<NormalizedName>, dates: Vec<Date>) -> Self {
        Self { packages, dates }
    }

    /// True if everything is as the batch requires.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.dates.is_empty()
    }
}
