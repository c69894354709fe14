//! A catalogue as lines of JSON.

use std::error::Error;
use std::num::NonZeroUsize;

use pyaday_core::daily::{Daily, Pinned};
use pyaday_core::{Catalogue, Date, Package, Query, Revision, StoreId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    store: [u8; 16],
    revision: u64,
}

/// Each of the other lines.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Package { revision: u64, package: Box<RawValue> },
    Day { revision: u64, date: String, cycle: u32, picked_at: i64, package: Box<RawValue> },
    Pin { revision: u64, date: String, name: String },
}

/// Everything that a store must have when it is opened again.
pub(crate) fn write(id: StoreId, catalogue: &Catalogue) -> serde_json::Result<Vec<u8>> {
    const ALL: NonZeroUsize = NonZeroUsize::MAX;

    let mut lines = Vec::new();
    for stored in catalogue.list(&Query::new(ALL)).items {
        let package = serde_json::from_slice(&stored.representation())?;
        lines.push(Line::Package { revision: stored.revision().get(), package });
    }
    for daily in catalogue.recent_daily(Date::MAX, ALL) {
        lines.push(Line::Day {
            revision: daily.revision().get(),
            date: daily.date().to_string(),
            cycle: daily.cycle(),
            picked_at: daily.picked_at(),
            package: serde_json::from_slice(&daily.representation())?,
        });
    }
    for Pinned { revision, date, name, .. } in catalogue.pins(Date::MIN, ALL) {
        let (revision, date, name) = (revision.get(), date.to_string(), name.to_string());
        lines.push(Line::Pin { revision, date, name });
    }
    let head = Head { store: id.bytes(), revision: catalogue.revision().get() };
    let mut text = serde_json::to_vec(&head)?;
    for line in lines {
        text.push(b'\n');
        serde_json::to_writer(&mut text, &line)?;
    }
    Ok(text)
}

/// The inverse of [`write`].
pub(crate) fn read(text: &str) -> Result<(StoreId, Catalogue), Box<dyn Error + Send + Sync>> {
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().unwrap_or_default())?;
    let mut catalogue = Catalogue::new(Revision::new(head.revision));
    let mut packages = Vec::new();
    for line in lines {
        match serde_json::from_str(line)? {
            Line::Package { revision, package } => {
                let package = Package::from_json(package.get().as_bytes())?;
                packages.push((package, Revision::new(revision)));
            }
            Line::Day { revision, date, cycle, picked_at, package } => {
                let package = Package::from_json(package.get().as_bytes())?;
                let (date, revision) = (date.parse()?, Revision::new(revision));
                catalogue.restore_daily(Daily::new(date, cycle, package, picked_at, revision));
            }
            Line::Pin { revision, date, name } => {
                let (date, name) = (date.parse()?, name.parse()?);
                catalogue.restore_pin(Pinned::new(date, name, Revision::new(revision)));
            }
        }
    }
    catalogue.restore(&packages);
    Ok((StoreId::new(head.store), catalogue))
}
