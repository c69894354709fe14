//! Finds out what becomes of rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::by_name::ByName;
use super::deleted;
use super::existing::OnExisting;
use super::look_alikes;
use super::preview::{Effect, Preview, PreviewedRow};
use super::reader::{Given, Refusal, Row};
use crate::catalogue::Pace;
use crate::history::ChangeKind;
use crate::package::{Details, FIELDS, NormalizedName, Package, Stored, Tags};
use crate::store::{Batch, PackageStore, PackageSwap, StoreError};

/// Puts the packages of rows into a store.
///
/// [`preview`](Self::preview) finds out what becomes of each row. It writes nothing, but it has the
/// write that does exactly this.
///
/// ```
/// use pyaday_core::import::{Import, OnExisting, Reader};
/// use pyaday_core::{Batched, MemoryStore, PackageStore, Write};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// let file = "name,summary\nFlask,A web framework\nF1ask,\n";
/// let rows = Reader::open(file.as_bytes())?.collect::<Result<Vec<_>, _>>()?;
/// let preview = Import::new().on_existing(OnExisting::Update).preview(&store, &rows).await?;
///
/// for row in preview.rows.iter().filter(|row| row.look_alike.is_some()) {
///     println!("line {}: {:?} looks like {:?}", row.line, row.name(), row.look_alike);
/// }
/// assert_eq!(preview.counts().added, 2);
///
/// match store.write_batch(preview.batch, Write::new()).await? {
///     // Another client has changed one of the packages since the preview.
///     Batched::Conflict(_) => println!("try again"),
///     result => assert!(matches!(result, Batched::Written(_))),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Import {
    on_existing: OnExisting,
    tags: Tags,
    keeps_deleted: bool,
    ignores_look_alikes: bool,
}

impl Import {
    /// Makes an import that leaves existing packages as they are.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What becomes of packages that exist already. The default is [`OnExisting::Skip`].
    ///
    /// With [`OnExisting::Update`], a row may say less than a new package needs. So a reader should
    /// admit [partial](super::ReaderBuilder::partial) rows.
    #[must_use]
    pub fn on_existing(self, on_existing: OnExisting) -> Self {
        Self { on_existing, ..self }
    }

    /// Adds these tags to each package that a row adds or updates.
    #[must_use]
    pub fn tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// Whether a package stays deleted if it was imported before and deleted later, according to the
    /// history of the store. The default is `false`: the package is added again. A store without a
    /// history does not know which packages were deleted.
    #[must_use]
    pub fn keep_deleted(self, keeps_deleted: bool) -> Self {
        Self { keeps_deleted, ..self }
    }

    /// Whether to find packages whose names look like those of new packages. This looks at every name
    /// in the store once. The default is `true`.
    #[must_use]
    pub fn look_alikes(self, finds_look_alikes: bool) -> Self {
        Self { ignores_look_alikes: !finds_look_alikes, ..self }
    }

    /// Adds the tags of the import to what a row says, as [`preview`](Self::preview) does it. So if nothing
    /// shares the package yet, then it is never copied. A row that has too many tags then stays as it is.
    pub(crate) fn prepare(&self, row: &mut Row) {
        if let Ok(given) = &mut row.package {
            drop(self.add_tags(given.shared_mut()));
        }
    }

    /// Finds out what becomes of each row.
    ///
    /// If several rows are about one package, they are taken in their order: a later row finds what
    /// the earlier one has left. The rows share their packages with the preview.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    pub async fn preview<S: PackageStore>(
        &self,
        store: &S,
        rows: &[Row],
    ) -> Result<Preview, StoreError> {
        let mut pace = Pace::new();
        let mut previewed = Vec::with_capacity(rows.len());
        for row in rows {
            previewed.push(PreviewedRow::of(row));
            pace.pause().await;
        }
        let batch = self.plan(store, rows, &mut previewed).await?;
        if !self.ignores_look_alikes {
            look_alikes::find(store, &mut previewed).await?;
        }
        Ok(Preview { rows: previewed, batch })
    }

    /// Finds out what becomes of each row that is a package. Returns the write that does it.
    ///
    /// It takes the rows in the order of the names. So it keeps only one package at a time in mind,
    /// and the batch comes in the order that it needs.
    async fn plan<S: PackageStore>(
        &self,
        store: &S,
        rows: &[Row],
        previewed: &mut [PreviewedRow],
    ) -> Result<Batch, StoreError> {
        let mut pace = Pace::new();
        let mut by_name = ByName::sort(rows, &mut pace).await;
        let mut batch = Batch::new(ChangeKind::Import).with_room_for(rows.len());
        let mut about: Option<(NormalizedName, Planned)> = None;
        while let Some((name, at, given)) = by_name.next() {
            pace.pause().await;
            let mut planned = match about.take() {
                Some((same, planned)) if same == name => planned,
                before => {
                    batch = self.finish(before, batch);
                    self.look_up(store, &name).await?
                }
            };
            previewed[at].effect = self.apply(given, &mut planned);
            about = Some((name, planned));
        }
        Ok(self.finish(about, batch))
    }

    /// Adds what becomes of a package to the write, after the last row about it.
    fn finish(&self, about: Option<(NormalizedName, Planned)>, batch: Batch) -> Batch {
        match about {
            Some((name, Planned { before, after: Some(after), .. })) => {
                batch.with(name, PackageSwap::new(before.as_ref(), Some(after)))
            }
            Some((name, Planned { before, .. })) if self.on_existing == OnExisting::Update => {
                batch.require(name, before.as_ref())
            }
            // Its content does not matter. A large file of packages that others edit could
            // otherwise never be imported.
            _ => batch,
        }
    }

    /// The package of a name before the import.
    async fn look_up<S: PackageStore>(
        &self,
        store: &S,
        name: &NormalizedName,
    ) -> Result<Planned, StoreError> {
        let before = store.read(name).await?;
        let stays_deleted =
            before.is_none() && self.keeps_deleted && deleted::was_imported(store, name).await?;
        Ok(Planned { before, after: None, stays_deleted })
    }

    /// Applies a row to its package.
    fn apply(&self, given: &Given, planned: &mut Planned) -> Effect {
        if planned.stays_deleted {
            return Effect::Deleted;
        }
        if planned.before.is_none() && planned.after.is_none() {
            return self.add(given, planned);
        }
        match self.on_existing {
            OnExisting::Update => self.update(given, planned),
            OnExisting::Skip | OnExisting::Error => Effect::Present,
        }
    }

    fn add(&self, given: &Given, planned: &mut Planned) -> Effect {
        if !given.is_whole() {
            return Effect::Refused(Refusal::at(
                "/short_desc",
                match self.on_existing {
                    OnExisting::Update => {
                        "the catalogue does not have the package yet, and the row has no `summary` to add \
                         one with"
                    }
                    OnExisting::Skip | OnExisting::Error => "there is no `summary` or `short_desc`",
                },
            ));
        }
        let mut package = Arc::clone(given.shared());
        if let Err(refusal) = self.add_tags(&mut package) {
            return Effect::Refused(refusal);
        }
        planned.after = Some(package);
        Effect::Added
    }

    fn update(&self, given: &Given, planned: &mut Planned) -> Effect {
        let Some(current) = planned.current() else {
            return Effect::Present;
        };
        let merged = given.merge_into(&current).map_err(Refusal::from).and_then(|package| {
            let mut package = Arc::new(package);
            self.add_tags(&mut package)?;
            Ok(package)
        });
        match merged {
            Err(refusal) => Effect::Refused(refusal),
            Ok(merged) if *merged == current => Effect::Same,
            Ok(merged) => {
                let members = differences(&current.details, &merged.details);
                planned.after = Some(merged);
                Effect::Changed(members)
            }
        }
    }

    /// Adds the tags of the import to a package. It is copied only if it lacks some of them.
    fn add_tags(&self, package: &mut Arc<Package>) -> Result<(), Refusal> {
        let own = &package.details.tags;
        if self.tags.iter().all(|tag| own.contains(tag)) {
            return Ok(());
        }
        let tags: BTreeSet<_> = own.iter().chain(self.tags.iter()).cloned().collect();
        let tags = Tags::try_from(tags).map_err(|rule| {
            Refusal::at("/tags", format!("the tags, with those that the import adds, {rule}"))
        })?;
        Arc::make_mut(package).details.tags = tags;
        Ok(())
    }
}

/// A package that rows are about.
struct Planned {
    /// The version in the store.
    before: Option<Stored>,
    /// What the rows have made of it, if that is something else.
    after: Option<Arc<Package>>,
    stays_deleted: bool,
}

impl Planned {
    /// The package as the rows so far have left it.
    fn current(&self) -> Option<Package> {
        self.after.as_deref().cloned().or_else(|| self.before.as_ref().map(Stored::package))
    }
}

/// The names of the members that differ.
fn differences(one: &Details, other: &Details) -> Vec<&'static str> {
    let differs = FIELDS.iter().filter(|field| field.text_of(one) != field.text_of(other));
    differs.map(|field| field.name).collect()
}
