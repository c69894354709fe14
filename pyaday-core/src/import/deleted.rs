//! Packages that were deleted after they had been imported.

use std::num::NonZeroUsize;

use crate::history::{ChangeKind, ChangeOrder, ChangeQuery, Past};
use crate::package::NormalizedName;
use crate::store::{PackageStore, StoreError};

/// True if an import has written a package of this name, according to the history of the store. If
/// the package does not exist now, then it was deleted later.
///
/// A store that keeps no history, or no longer has the import, gives `false`.
pub(super) async fn was_imported<S: PackageStore>(
    store: &S,
    name: &NormalizedName,
) -> Result<bool, StoreError> {
    let mut query = ChangeQuery::new(NonZeroUsize::MIN);
    query.name = Some(name.clone());
    query.kind = Some(ChangeKind::Import);
    loop {
        let Past::Known(page) = store.changes(&query).await? else {
            return Ok(false);
        };
        if !page.items.is_empty() {
            return Ok(true);
        }
        let Some(next) = page.next else {
            return Ok(false);
        };
        query.order = ChangeOrder::Newest { before: Some(next) };
    }
}
