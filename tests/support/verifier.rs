//! Finds out whether every acknowledged write is there.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use pyaday_core::conformance::Subject as _;
use pyaday_core::daily::Daily;
use pyaday_core::{
    Catalogue, Date, Details, MemoryStore, Package, PackageStore, Query, Revision, StoreError,
    StoreId,
};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::workload::{self, Model, Operation, apply, operation};

use super::follower::Follower;

/// Compares a store with the outcomes that its writers printed.
#[derive(Default)]
pub(crate) struct Verifier {
    writers: Vec<Writer>,
    revision: Option<Revision>,
    /// The identity that the store had when it was opened first.
    id: Option<StoreId>,
    /// What each day showed when it was seen first.
    shown: BTreeMap<Date, Daily>,
    /// The machine of the writers has no power: what they print counts no longer.
    is_cut_off: bool,
    /// Follows the changes of the store across all crashes.
    follower: Follower,
    complaints: Vec<String>,
}

#[derive(Default)]
struct Writer {
    /// What it has, by what was acknowledged.
    model: Model,
    /// What was begun and not answered, or answered as unknown, in this order: if one of them
    /// happened, so did those before it.
    unknown: Vec<Operation>,
    begun: Option<Operation>,
}

impl Verifier {
    pub(crate) fn of(writers: u32) -> Self {
        let mut verifier = Self::default();
        verifier.writers.resize_with(writers as usize, Writer::default);
        verifier
    }

    /// From now on, no answer counts: it could not have left the machine.
    pub(crate) fn cut_off(&mut self) {
        self.is_cut_off = true;
    }

    /// Takes a line that the test writer printed.
    pub(crate) fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        let [number, step, what] = words[..] else { return };
        let number: u32 = number.parse().unwrap();
        let step = step.parse().unwrap();
        let writer = &mut self.writers[number as usize];
        let begun = || operation(number, step);
        match what {
            "begins" => writer.begun = Some(begun()),
            "done" if !self.is_cut_off => {
                writer.begun = None;
                let before = writer.model.clone();
                apply(&mut writer.model, begun());
                if !writer.unknown.is_empty() && writer.model != before {
                    self.complaints.push(format!("a write after an unknown one: {line}"));
                }
            }
            "refused" => writer.begun = None,
            "done" | "unknown" => writer.unknown.extend(writer.begun.take()),
            other => panic!("the test writer printed {other:?}"),
        }
    }

    /// Opens the file and compares; what is there is what it goes on from.
    pub(crate) fn examine(&mut self, path: &Path) -> Result<(), String> {
        self.is_cut_off = false;
        let store = SqliteStore::open(path).map_err(|error| format!("{error:?}"))?;
        let catalogue = store.catalogue();
        let id = identity(&store).map_err(|error| format!("{error:?}"))?;
        if *self.id.get_or_insert(id) != id {
            self.complaints.push("the store is another one".to_owned());
        }
        if self.revision > Some(catalogue.revision()) {
            self.complaints.push("revisions went back".to_owned());
        }
        self.revision = Some(catalogue.revision());
        let mut models = vec![Model::default(); self.writers.len()];
        for (name, package) in everything(&catalogue)? {
            if name.starts_with("anchor-") {
                continue;
            }
            let writer = name[1..].split('-').next().and_then(|number| number.parse().ok());
            let model = writer.and_then(|writer: usize| models.get_mut(writer));
            let model = model.ok_or("a package that nobody wrote")?;
            model.packages.insert(name, package);
        }
        self.examine_journal(&catalogue, &mut models)?;
        // It needs no runtime, and the caller may have one already.
        MemoryStore::new.block_on(self.follower.agrees(&store))?;
        for (number, (writer, actual)) in self.writers.iter_mut().zip(models).enumerate() {
            if let Some(complaint) = writer.compare(actual) {
                self.complaints.push(format!("writer {number}: {complaint}"));
            }
        }
        match self.complaints.join("\n") {
            complaints if complaints.is_empty() => Ok(()),
            complaints => Err(complaints),
        }
    }
}

impl Verifier {
    /// The days and the pins, of which none may be lost, and no day may be another than it was.
    fn examine_journal(
        &mut self,
        catalogue: &Catalogue,
        models: &mut [Model],
    ) -> Result<(), String> {
        let all = catalogue.recent_daily(Date::MAX, NonZeroUsize::MAX);
        for daily in &all {
            let writer = (0..).zip(models.iter_mut()).find(|(writer, _)| {
                (workload::days(*writer)..workload::days(writer + 1)).contains(&daily.date())
            });
            writer.ok_or("a day that nobody opened")?.1.days.insert(daily.date());
            let before = self.shown.entry(daily.date()).or_insert_with(|| daily.clone());
            if before.clone().with_gone(daily.is_gone()) != *daily {
                return Err(format!("{daily:?} was {before:?}"));
            }
        }
        for (writer, model) in (0..).zip(models.iter_mut()) {
            for pinned in workload::days_to_come(writer).filter_map(|date| catalogue.pinned(date)) {
                if pinned.revision > catalogue.revision() {
                    return Err(format!("{pinned:?} is from the future"));
                }
                model.pins.insert(pinned.date, pinned.name);
            }
        }
        let pins: usize = models.iter().map(|model| model.pins.len()).sum();
        match catalogue.journal_len() == (all.len(), pins) {
            true => Ok(()),
            false => Err(format!("the journal's lengths are {:?}", catalogue.journal_len())),
        }
    }
}

impl Writer {
    /// What is wrong with what is there.
    fn compare(&mut self, actual: Model) -> Option<String> {
        self.unknown.extend(self.begun.take());
        let unknown = std::mem::take(&mut self.unknown);
        let mut possible = self.model.clone();
        let mut is_possible = possible == actual;
        for operation in &unknown {
            apply(&mut possible, operation.clone());
            is_possible |= possible == actual;
        }
        let acknowledged = std::mem::replace(&mut self.model, actual);
        (!is_possible).then(|| {
            let (has, wrote) = (shown(&self.model), shown(&acknowledged));
            let unknown: Vec<_> = unknown.iter().map(shown_operation).collect();
            format!("has {has}; wrote {wrote}; perhaps {}", unknown.join(", "))
        })
    }
}

/// Which step made which package.
fn shown(model: &Model) -> String {
    let packages =
        model.packages.iter().map(|(name, package)| format!("{name} {}", of(&package.details)));
    let packages = packages.collect::<Vec<_>>().join(", ");
    format!("{packages}, days {:?}, pins {:?}", model.days, model.pins)
}

fn shown_operation(operation: &Operation) -> String {
    match operation {
        Operation::Create(package) => format!("created {} {}", package.name, of(&package.details)),
        Operation::CreateMany(packages) => {
            let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
            format!("created {}", names.join(" and "))
        }
        Operation::Update(package) => format!("updated {} {}", package.name, of(&package.details)),
        Operation::Delete(name) => format!("deleted {name}"),
        other => format!("{other:?}"),
    }
}

fn of(details: &Details) -> &str {
    details.short_desc.as_str()
}

/// This store has it in memory, so that nothing is to be waited for.
fn identity(store: &SqliteStore) -> Result<StoreId, StoreError> {
    match pin!(store.id()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(id) => id,
        Poll::Pending => panic!("the identity is not there at once"),
    }
}

/// All packages, by pages, which must be what is read one by one and as many as are counted.
fn everything(catalogue: &Catalogue) -> Result<BTreeMap<String, Package>, String> {
    let mut query = Query::new(NonZeroUsize::new(7).unwrap());
    let mut all = BTreeMap::new();
    loop {
        let page = catalogue.list(&query);
        for stored in page.items {
            let package = stored.package();
            let name = package.name.normalized();
            if catalogue.get(&name).as_ref() != Some(&stored) {
                return Err(format!("`{name}` is not read as it is listed"));
            }
            if stored.revision() > catalogue.revision() {
                return Err(format!("`{name}` is from the future"));
            }
            all.insert(name.as_str().to_owned(), package);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    if all.len() != catalogue.len() {
        return Err(format!("{} are listed, {} counted", all.len(), catalogue.len()));
    }
    Ok(all)
}
