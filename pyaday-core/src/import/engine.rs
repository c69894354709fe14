//! Finds out what becomes of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
/// let preview = Import::new().on_existing(OnExisting::Update).preview(&store, rows).await?;
///
/// for row in preview.rows.iter().filter(|row| row.look_alike.is_some()) {
///     println!("line {}: {:?} looks like {:?}", row.line, row.name, row.look_alike);
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

    /// Finds out what becomes of each row.
    ///
    /// If several rows are about one package, they are taken in their order: a later row finds what
    /// the earlier one has left.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    pub async fn preview<S: PackageStore>(
        &self,
        store: &S,
        rows: impl IntoIterator<Item = Row, IntoIter: Send>,
    ) -> Result<Preview, StoreError> {
        let rows = rows.into_iter();
        // A tree, because a hash table of so many packages needs twice the memory while it grows.
        let (mut previewed, mut packages) =
            (Vec::with_capacity(rows.size_hint().0), BTreeMap::new());
        let mut pace = Pace::new();
        for Row { line, package } in rows {
            pace.pause().await;
            let (name, effect) = match package {
                Ok(given) => {
                    let name = given.package().name.normalized();
                    let spelling = given.package().name.clone();
                    let effect = if let Some(planned) = packages.get_mut(&name) {
                        self.apply(given, planned)
                    } else {
                        let mut planned = self.look_up(store, &name).await?;
                        let effect = self.apply(given, &mut planned);
                        packages.insert(name, planned);
                        effect
                    };
                    (Some(spelling), effect)
                }
                Err(refusal) => (None, Effect::Refused(refusal)),
            };
            previewed.push(PreviewedRow { line, name, effect, look_alike: None });
        }
        if !self.ignores_look_alikes {
            look_alikes::find(store, &mut previewed).await?;
        }
        let mut batch = Batch::new(ChangeKind::Import);
        let mut swaps = Vec::with_capacity(packages.len());
        for (name, planned) in packages {
            pace.pause().await;
            match planned {
                Planned { before, after: Some(after), .. } => {
                    swaps.push((name, PackageSwap::new(before.as_ref(), Some(after))));
                }
                Planned { before, .. } if self.on_existing == OnExisting::Update => {
                    batch = batch.require(name, before.as_ref());
                }
                // Its content does not matter. A large file of packages that others edit could
                // otherwise never be imported.
                _ => {}
            }
        }
        Ok(Preview { rows: previewed, batch: batch.swap_all(swaps) })
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
    fn apply(&self, given: Given, planned: &mut Planned) -> Effect {
        if planned.stays_deleted {
            return Effect::Deleted;
        }
        if planned.before.is_none() && planned.after.is_none() {
            return self.add(given, planned);
        }
        match self.on_existing {
            OnExisting::Update => self.update(&given, planned),
            OnExisting::Skip | OnExisting::Error => Effect::Present,
        }
    }

    fn add(&self, given: Given, planned: &mut Planned) -> Effect {
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
        let mut package = given.into_package();
        if let Err(refusal) = self.add_tags(&mut package.details) {
            return Effect::Refused(refusal);
        }
        planned.after = Some(Arc::new(package));
        Effect::Added
    }

    fn update(&self, given: &Given, planned: &mut Planned) -> Effect {
        let Some(current) = planned.current() else {
            return Effect::Present;
        };
        let merged = given.merge_into(&current).map_err(Refusal::from).and_then(|mut package| {
            self.add_tags(&mut package.details)?;
            Ok(package)
        });
        match merged {
            Err(refusal) => Effect::Refused(refusal),
            Ok(merged) if merged == current => Effect::Same,
            Ok(merged) => {
                let members = differences(&current.details, &merged.details);
                planned.after = Some(Arc::new(merged));
                Effect::Changed(members)
            }
        }
    }

    fn add_tags(&self, details: &mut Details) -> Result<(), Refusal> {
        if self.tags.is_empty() {
            return Ok(());
        }
        let tags: BTreeSet<_> = details.tags.iter().chain(self.tags.iter()).cloned().collect();
        details.tags = Tags::try_from(tags).map_err(|rule| {
            Refusal::at("/tags", format!("the tags, with those that the import adds, {rule}"))
        })?;
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
