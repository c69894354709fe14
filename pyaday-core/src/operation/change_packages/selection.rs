//! Reads the packages that a request selects.

use super::request::{MAX_PACKAGES, Select};
use crate::catalogue::Pace;
use crate::http::Problem;
use crate::operation::guarded::Guarded;
use crate::package::{NormalizedName, Stored};
use crate::store::PackageStore;

/// Reads the packages that a request selects, in the order of their names.
///
/// A package that the guard hides is treated like one that does not exist: a query does not find it, and
/// its name is reported like a name that no package has.
pub(super) async fn select<S: PackageStore>(
    store: &S,
    select: &Select,
    guard: &mut Guarded<'_>,
) -> Result<Vec<(NormalizedName, Stored)>, Problem> {
    let (mut packages, mut missing, mut pace) = (Vec::new(), Vec::new(), Pace::new());
    match select {
        Select::Names(names) => {
            for name in names {
                let is_shown = guard.shows(name)?;
                match store.read(name).await? {
                    Some(version) if is_shown => packages.push((name.clone(), version)),
                    _ => missing.push(name.clone()),
                }
                pace.pause().await;
            }
        }
        Select::Query(query) => {
            let mut selected = store.select(query).await?;
            while let Some(page) = selected.next_page().await {
                for version in page? {
                    let Some(name) = version.name().map(|name| name.normalized()) else { continue };
                    // To report this package would tell the client that it exists.
                    if guard.shows(&name)? {
                        packages.push((name, version));
                    }
                    if packages.len() > MAX_PACKAGES {
                        return Err(Problem::too_many_selected(MAX_PACKAGES));
                    }
                }
                pace.pause().await;
            }
        }
    }
    match missing.is_empty() {
        true => Ok(packages),
        false => Err(Problem::packages_not_found(&missing)),
    }
}
