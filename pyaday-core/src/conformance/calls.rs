//! Calls to a store as values, and the store's answers.

use std::fmt;
use std::num::NonZeroUsize;

use serde_json::json;

use super::Subject;
use super::bench::{Bench, Checked, expecting};
use super::fixtures::{day, moment};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::package::{NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{Create, Delete, Page, Query, Replacement, Seed, Update};

/// A call to a store. A write may expect a revision.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Create(Package, Option<Revision>),
    CreateMany(Vec<Package>),
    Read(NormalizedName),
    Update(NormalizedName, Option<Revision>, Replacement),
    Delete(NormalizedName, Option<Revision>),
    Random(Seed),
    Sample(NonZeroUsize, Option<Tag>, Seed),
    List(Box<Query>),
    Pin(Date, NormalizedName, Option<Revision>),
    Unpin(Date, Option<Revision>),
    Pinned(Date),
    Pins(Date, NonZeroUsize),
    Open(Date, Date),
    Daily(Date),
    Recent(Date, NonZeroUsize),
}

/// The answer of a store.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Create(Create),
    CreateMany(Vec<Create>),
    Read(Option<Stored>),
    Update(Update),
    Delete(Delete),
    Random(Option<Stored>),
    Sample(Vec<Stored>),
    List(Page),
    Pin(Pin),
    Unpin(Unpin),
    Pinned(Option<Pinned>),
    Pins(Vec<Pinned>),
    Open(Vec<Daily>),
    Daily(Day),
    Recent(Vec<Daily>),
}

/// The argument `last_open` of every call: the last date that has begun.
pub(super) fn last_open() -> Date {
    day(0)
}

impl Call {
    pub(super) fn put<S: Subject>(&self, bench: &Bench<'_, S>) -> Checked<Answer> {
        Ok(match self {
            Self::Create(package, expected) => {
                Answer::Create(bench.create_on(package, expecting(*expected))?)
            }
            Self::CreateMany(packages) => Answer::CreateMany(bench.create_many(packages)?),
            Self::Read(name) => Answer::Read(bench.read(name)?),
            Self::Update(name, expected, replacement) => {
                let terms = expecting(*expected);
                Answer::Update(bench.update_on(name, replacement.clone(), terms)?)
            }
            Self::Delete(name, expected) => Answer::Delete(bench.delete(name, *expected)?),
            Self::Random(seed) => Answer::Random(bench.random(*seed)?),
            Self::Sample(count, tag, seed) => {
                Answer::Sample(bench.sample(*count, tag.as_ref(), *seed)?)
            }
            Self::List(query) => Answer::List(bench.list(query)?),
            Self::Pin(date, name, expected) => {
                Answer::Pin(bench.pin_on(*date, last_open(), name, expecting(*expected))?)
            }
            Self::Unpin(date, expected) => {
                Answer::Unpin(bench.unpin_on(*date, last_open(), expecting(*expected))?)
            }
            Self::Pinned(date) => Answer::Pinned(bench.pinned(*date)?),
            Self::Pins(after, count) => Answer::Pins(bench.pins(*after, count.get())?),
            Self::Open(first, last) => Answer::Open(bench.open_days(*first..=*last, moment())?),
            Self::Daily(date) => Answer::Daily(bench.daily(*date)?),
            Self::Recent(until, count) => Answer::Recent(bench.recent_daily(*until, count.get())?),
        })
    }
}

/// A short description of the call. `Debug` would take several lines.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |package: &Package| json!(package).to_string();
        match self {
            Self::Create(package, expected) => {
                write!(f, "create {} in {expected:?}", json(package))
            }
            Self::CreateMany(packages) => {
                let packages: Vec<_> = packages.iter().map(json).collect();
                write!(f, "create_many [{}]", packages.join(", "))
            }
            Self::Read(name) => write!(f, "read {name}"),
            Self::Update(name, expected, Replacement { spelling, details }) => {
                let spelling = spelling.as_ref().map_or("", |name| name.as_str());
                let fields: Vec<_> = details.columns().collect();
                write!(f, "update {name} in {expected:?} to {spelling} {fields:?}")
            }
            Self::Delete(name, expected) => write!(f, "delete {name} in {expected:?}"),
            Self::Random(_) => write!(f, "random"),
            Self::Sample(count, tag, _) => write!(f, "sample {count} of {tag:?}"),
            Self::List(query) => write!(f, "list {query:?}"),
            Self::Pin(date, name, expected) => write!(f, "pin {date} to {name} in {expected:?}"),
            Self::Unpin(date, expected) => write!(f, "unpin {date} in {expected:?}"),
            Self::Pinned(date) => write!(f, "pinned {date}"),
            Self::Pins(after, count) => write!(f, "{count} pins after {after}"),
            Self::Open(first, last) => write!(f, "open {first} to {last}"),
            Self::Daily(date) => write!(f, "daily {date}"),
            Self::Recent(until, count) => write!(f, "{count} days up to {until}"),
        }
    }
}

impl Answer {
    /// The versions of packages that the answer shows.
    pub(super) fn versions(&self) -> Vec<&Stored> {
        match self {
            Self::Create(answer) => answer.stored().into_iter().collect(),
            Self::Read(Some(version))
            | Self::Update(
                Update::Updated(version) | Update::Unchanged(version) | Update::Stale(version),
            )
            | Self::Delete(Delete::Stale(version)) => vec![version],
            Self::CreateMany(answers) => answers.iter().filter_map(Create::stored).collect(),
            _ => Vec::new(),
        }
    }

    /// The pins that the answer shows.
    pub(super) fn pins(&self) -> Vec<&Pinned> {
        match self {
            Self::Pin(Pin::Pinned(pinned) | Pin::Unchanged(pinned) | Pin::Stale(Some(pinned)))
            | Self::Unpin(Unpin::Stale(pinned))
            | Self::Pinned(Some(pinned)) => vec![pinned],
            Self::Pins(pins) => pins.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The newest revision of the store, if the answer shows it.
    pub(super) fn newest(&self) -> Option<Revision> {
        match self {
            Self::Create(Create::Created(version)) => Some(version.revision()),
            Self::Create(Create::Stale(revision)) => Some(*revision),
            Self::Pin(Pin::Pinned(pinned)) => Some(pinned.revision),
            Self::List(page) => Some(page.revision),
            _ => None,
        }
    }
}
