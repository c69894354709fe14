//! Reads the log of changes.
//!
//! The catalogue of this process may be older than the log. So every answer about the log is limited to the
//! revision of the catalogue.

use std::collections::BTreeMap;
use std::fmt::Display;

use deadpool_postgres::ClientWrapper;
use pyaday_core::{
    Catalogue, Change, ChangeOrder, ChangedPackage, ChangedPin, LoggedChange, LoggedNames,
    NormalizedName, Revision, Stored,
};
use tokio_postgres::Row;

use super::revision;
use crate::error::Fault;

/// The columns of a change, in the order in which [`change`] reads them.
macro_rules! change {
    () => {
        "SELECT revision, at, actor, kind, count, note"
    };
}

const BEGINNING: &str = "SELECT beginning FROM log";
const IS_ROW: &str = "SELECT FROM change WHERE revision = $1";
const READ: &str = concat!(
    change!(),
    ", packages::text, pins::text FROM change WHERE revision = $1 AND kind <> ''"
);
const NEWEST: &str = concat!(
    change!(),
    " FROM change WHERE revision > $1 AND revision <= $2 AND kind <> ''
      ORDER BY revision DESC LIMIT $3"
);
const OLDEST: &str = concat!(
    change!(),
    " FROM change WHERE revision > $1 AND revision <= $2 AND kind <> ''
      ORDER BY revision LIMIT $3"
);
const THESE: &str = concat!(change!(), " FROM change WHERE revision = ANY($1) AND kind <> ''");

/// Reads in which revisions a package was replaced and which revisions the replaced versions have, from the
/// last moment of a list on backwards. The first row is that of the version that existed at that moment, if
/// it was replaced later.
const BEFORE: &str = "(SELECT version, version FROM replaced
                       WHERE normalized_name = $1 AND revision > $2 ORDER BY revision LIMIT 1)
                      UNION ALL
                      (SELECT revision, version FROM replaced
                       WHERE normalized_name = $1 AND revision <= $2
                       ORDER BY revision DESC LIMIT $3)";
const AFTER: &str = "SELECT revision, version FROM replaced
                     WHERE normalized_name = $1 AND revision > $2 ORDER BY revision LIMIT $3";

/// Reads the versions that a write replaced, and those that existed after it and were replaced later.
const REPLACED: &str = "SELECT normalized_name, version, representation FROM replaced
                        WHERE normalized_name = ANY($1) AND revision = $2";
const REPLACED_LATER: &str = "SELECT wanted.name, later.version, later.representation
                              FROM unnest($1::text[]) AS wanted (name)
                              CROSS JOIN LATERAL (
                                  SELECT version, representation FROM replaced
                                  WHERE normalized_name = wanted.name AND revision > $2
                                  ORDER BY revision LIMIT 1
                              ) AS later";

/// Reads the revision after which the log has all changes.
pub(crate) async fn beginning(client: &ClientWrapper) -> Result<Revision, Fault> {
    let statement = client.prepare_cached(BEGINNING).await?;
    match client.query_opt(&statement, &[]).await? {
        Some(row) => revision(row.try_get(0)?),
        None => Err(Fault::Damaged("the table log is empty".to_owned())),
    }
}

/// True if somebody who has followed up to this position has missed nothing that the log does not have.
/// Every write after the beginning has a row, also one that only opened days.
pub(crate) async fn has_position(
    client: &ClientWrapper,
    beginning: Revision,
    now: &Catalogue,
    position: Revision,
) -> Result<bool, Fault> {
    if position == beginning || position == now.revision() {
        return Ok(true);
    }
    if position < beginning || position > now.revision() {
        return Ok(false);
    }
    let statement = client.prepare_cached(IS_ROW).await?;
    Ok(client.query_opt(&statement, &[&position.to_i64()]).await?.is_some())
}

/// Reads the next changes in an order, up to a number.
pub(crate) async fn list(
    client: &ClientWrapper,
    beginning: Revision,
    now: &Catalogue,
    order: ChangeOrder,
    count: usize,
) -> Result<Vec<Change>, Fault> {
    let sql = match order {
        ChangeOrder::Newest { .. } => NEWEST,
        ChangeOrder::After(_) => OLDEST,
    };
    let (after, last) = order.bounds(beginning, now.revision());
    let statement = client.prepare_cached(sql).await?;
    let rows =
        client.query(&statement, &[&after.to_i64(), &last.to_i64(), &(count as i64)]).await?;
    rows.iter().map(change).collect()
}

/// Reads the next changes of a package in an order, up to a number.
pub(crate) async fn list_of(
    client: &ClientWrapper,
    beginning: Revision,
    now: &Catalogue,
    name: &NormalizedName,
    order: ChangeOrder,
    count: usize,
) -> Result<Vec<Change>, Fault> {
    let (after, last) = order.bounds(beginning, now.revision());
    let is_newest_first = matches!(order, ChangeOrder::Newest { .. });
    let (sql, from) = if is_newest_first { (BEFORE, last) } else { (AFTER, after) };
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&name.as_str(), &from.to_i64(), &(count as i64)]).await?;
    let mut revisions = Vec::with_capacity(2 * rows.len() + 1);
    for row in &rows {
        revisions.extend([revision(row.try_get(0)?)?, revision(row.try_get(1)?)?]);
    }
    // Between the last row and the current version there may be changes that were not read.
    if is_newest_first || rows.len() < count {
        revisions.extend(now.get(name).map(|version| version.revision()));
    }
    revisions.retain(|revision| after < *revision && *revision <= last);
    revisions.sort_unstable();
    if is_newest_first {
        revisions.reverse();
    }
    // One change replaces a version and makes the next one.
    revisions.dedup();
    revisions.truncate(count);
    these(client, &revisions).await
}

/// Reads changes in the order of these revisions. Revisions of no change are left out.
async fn these(client: &ClientWrapper, revisions: &[Revision]) -> Result<Vec<Change>, Fault> {
    let numbers: Vec<_> = revisions.iter().map(|revision| revision.to_i64()).collect();
    let statement = client.prepare_cached(THESE).await?;
    let rows = client.query(&statement, &[&numbers]).await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let change = change(row)?;
        found.insert(change.revision, change);
    }
    Ok(revisions.iter().filter_map(|revision| found.remove(revision)).collect())
}

fn change(row: &Row) -> Result<Change, Fault> {
    let own = row.try_get(0)?;
    let [actor, kind, note]: [&str; 3] = [row.try_get(2)?, row.try_get(3)?, row.try_get(5)?];
    let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let (at, count) = (row.try_get(1)?, row.try_get(4)?);
    Change::restore(own, at, given(actor), kind, count, given(note)).ok_or_else(|| damaged(own))
}

/// The fault of a row that is not what was written.
pub(crate) fn damaged(revision: impl Display) -> Fault {
    Fault::Damaged(format!("the row of the change {revision} is not what was written"))
}

/// Reads a change, the names of its packages, and its pins.
pub(crate) async fn read(
    client: &ClientWrapper,
    revision: Revision,
) -> Result<Option<(Change, LoggedNames, Vec<ChangedPin>)>, Fault> {
    let statement = client.prepare_cached(READ).await?;
    let Some(row) = client.query_opt(&statement, &[&revision.to_i64()]).await? else {
        return Ok(None);
    };
    let names = LoggedNames::new(row.try_get(6)?);
    let pins = LoggedChange::restore_pins(row.try_get(7)?);
    let (names, pins) = names.zip(pins).ok_or_else(|| damaged(revision))?;
    Ok(Some((change(&row)?, names, pins)))
}

/// Reads what a change did to these packages.
pub(crate) async fn changed(
    client: &ClientWrapper,
    now: &Catalogue,
    revision: Revision,
    names: &[NormalizedName],
) -> Result<Vec<ChangedPackage>, Fault> {
    let mut before = versions(client, REPLACED, revision, names).await?;
    let mut after = versions_at(client, now, revision, names).await?;
    let changed = names.iter().map(|name| {
        let (before, after) = (before.remove(name), after.remove(name));
        if before.is_none() && after.is_none() {
            return Err(Fault::Damaged(format!(
                "a version of `{name}` before or after {revision} is missing"
            )));
        }
        Ok(ChangedPackage::new(name.clone(), before, after))
    });
    changed.collect()
}

/// Reads the versions that these packages had at a revision: of each the one that was replaced first after
/// the revision, or the current one, unless it was made later.
pub(crate) async fn versions_at(
    client: &ClientWrapper,
    now: &Catalogue,
    at: Revision,
    names: &[NormalizedName],
) -> Result<BTreeMap<NormalizedName, Stored>, Fault> {
    let mut versions = versions(client, REPLACED_LATER, at, names).await?;
    for name in names {
        if !versions.contains_key(name) {
            versions.extend(now.get(name).map(|version| (name.clone(), version)));
        }
    }
    versions.retain(|_, version| version.revision() <= at);
    Ok(versions)
}

async fn versions(
    client: &ClientWrapper,
    sql: &str,
    revision: Revision,
    names: &[NormalizedName],
) -> Result<BTreeMap<NormalizedName, Stored>, Fault> {
    let texts: Vec<_> = names.iter().map(NormalizedName::as_str).collect();
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&texts, &revision.to_i64()]).await?;
    rows.iter().map(version).collect()
}

fn version(row: &Row) -> Result<(NormalizedName, Stored), Fault> {
    let (name, representation): (&str, &str) = (row.try_get(0)?, row.try_get(2)?);
    let version = Stored::restore(representation, row.try_get(1)?);
    name.parse().ok().zip(version).ok_or_else(|| {
        Fault::Damaged(format!("the row of an old version of `{name}` is not what was written"))
    })
}
