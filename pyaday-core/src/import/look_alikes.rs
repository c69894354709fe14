//! Names that a person takes for one another.

use std::hash::{BuildHasher as _, RandomState};

use super::preview::{Effect, PreviewedRow};
use crate::catalogue::Pace;
use crate::package::{PackageName, Stored};
use crate::store::{PackageStore, Query, Selected, StoreError};

/// The form that names share if they look alike: in lower case, without separators, with `1` in place
/// of `l` and `i`, and `0` in place of `o`. PyPI refuses a new project whose name has the form of
/// another one, by its function `ultranormalize_name`.
fn form(name: &str) -> Box<str> {
    let seen = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b'.'));
    let seen = seen.map(|byte| match byte.to_ascii_lowercase() {
        b'l' | b'i' => '1',
        b'o' => '0',
        byte => char::from(byte),
    });
    seen.collect()
}

/// Finds the look-alikes of the packages that rows add: among all packages that exist, and among
/// those that earlier rows add.
///
/// This looks at every name in the store.
pub(super) async fn find<S: PackageStore>(
    store: &S,
    rows: &mut [PreviewedRow],
) -> Result<(), StoreError> {
    let mut pace = Pace::new();
    let hashes = RandomState::new();
    let mut added = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if let (Effect::Added, Some(name)) = (&row.effect, row.name()) {
            added.push((hashes.hash_one(form(name.as_str())), at));
        }
        pace.pause().await;
    }
    if added.is_empty() {
        return Ok(());
    }
    // A sorted list of hashes takes less memory than a hash table of forms. Rows with one form keep their
    // order.
    added.sort_unstable();
    for alike in added.chunk_by(|(one, _), (other, _)| one == other) {
        let (first, others) = alike.split_at(1);
        if let Some(first) = rows[first[0].1].name().cloned() {
            others.iter().for_each(|(_, at)| note(&mut rows[*at], &first));
        }
        pace.pause().await;
    }
    let mut all = store.select(&Query::new(Selected::MAX_PAGE)).await?;
    while let Some(page) = all.next_page().await {
        for existing in page?.iter().filter_map(Stored::name) {
            let form = hashes.hash_one(form(existing.as_str()));
            let first = added.partition_point(|(other, _)| *other < form);
            for (_, at) in added[first..].iter().take_while(|(other, _)| *other == form) {
                note(&mut rows[*at], &existing);
            }
        }
        pace.pause().await;
    }
    Ok(())
}

/// Notes that another package has this name, unless it is the row's own package, or the forms of their
/// names have only the same hash.
fn note(row: &mut PreviewedRow, other: &PackageName) {
    if row.name().is_some_and(|own| are_alike(own, other)) {
        row.look_alike = Some(other.clone());
    }
}

fn are_alike(one: &PackageName, other: &PackageName) -> bool {
    one.normalized() != other.normalized() && form(one.as_str()) == form(other.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_have_one_form() {
        for (one, other, are_alike) in [
            ("flask", "fIask", true),
            ("flask", "f1ask", true),
            ("requests", "re-quests", true),
            ("typing_extensions", "typingextensions", true),
            ("foo", "F00", true),
            ("pillow", "pi11ow", true),
            ("flask", "flasks", false),
            ("requests", "request", false),
            ("numpy", "nunpy", false),
        ] {
            assert_eq!(form(one) == form(other), are_alike, "{one} {other}");
        }
    }
}
