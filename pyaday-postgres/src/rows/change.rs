//! The rows of writes, which other processes follow, and of the versions that the writes replaced.

use std::collections::BTreeMap;

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Date, Draft, LoggedChange, Revision, RowChange};
use tokio_postgres::types::ToSql;

use super::head::Point;
use super::same;
use crate::error::Fault;

const WRITE: &str = "INSERT INTO change (revision, token, position, at, actor, kind, note, count,
                                         packages, pins, days)
                     SELECT revision, $1, position, at, actor, kind, note, count,
                            packages::json, pins::json, days::json
                     FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                                 $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[])
                          AS new (revision, position, at, actor, kind, note, count,
                                  packages, pins, days)";
const REPLACE: &str = "INSERT INTO replaced (normalized_name, revision, version, representation)
                       SELECT normalized_name, revision, version, representation
                       FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])
                            AS new (normalized_name, revision, version, representation)";
const READ: &str = "SELECT token FROM change WHERE revision = $1";

/// Rows of writes, by columns.
#[derive(Default)]
struct Writes<'a> {
    revisions: Vec<i64>,
    positions: Vec<i64>,
    ats: Vec<i64>,
    actors: Vec<&'a str>,
    kinds: Vec<&'a str>,
    notes: Vec<&'a str>,
    counts: Vec<i64>,
    packages: Vec<String>,
    pins: Vec<String>,
    days: Vec<String>,
}

impl<'a> Writes<'a> {
    fn push_change(&mut self, entry: &'a LoggedChange, position: i64) {
        let change = &entry.change;
        self.ats.push(change.at);
        self.actors.push(change.by.as_deref().unwrap_or_default());
        self.kinds.push(change.kind.as_str());
        self.notes.push(change.note.as_ref().map_or("", |note| note.as_str()));
        self.counts.push(change.count as i64);
        self.packages.push(entry.names_text());
        self.pins.push(entry.pins_text());
        self.push(change.revision, position, entry.pins.iter().map(|pin| pin.date));
    }

    /// Adds a write that only opened days. It is no change.
    fn push_opening(&mut self, revision: Revision, days: &[Date], position: i64) {
        self.ats.push(0);
        self.counts.push(0);
        for texts in [&mut self.actors, &mut self.kinds, &mut self.notes] {
            texts.push("");
        }
        for arrays in [&mut self.packages, &mut self.pins] {
            arrays.push("[]".to_owned());
        }
        self.push(revision, position, days.iter().copied());
    }

    fn push(&mut self, revision: Revision, position: i64, days: impl Iterator<Item = Date>) {
        self.revisions.push(revision.to_i64());
        self.positions.push(position);
        let days: Vec<_> = days.map(|date| format!("\"{date}\"")).collect();
        self.days.push(format!("[{}]", days.join(",")));
    }
}

/// Rows of versions that were replaced, by columns.
#[derive(Default)]
struct Versions<'a> {
    names: Vec<&'a str>,
    revisions: Vec<i64>,
    versions: Vec<i64>,
    representations: Vec<String>,
}

impl<'a> Versions<'a> {
    fn of(logged: &'a [LoggedChange]) -> Self {
        let mut versions = Self::default();
        for LoggedChange { change, replaced, .. } in logged {
            for (name, version) in replaced {
                let Some(version) = version else { continue };
                versions.names.push(name.as_str());
                versions.revisions.push(change.revision.to_i64());
                versions.versions.push(version.revision().to_i64());
                // A representation is UTF-8.
                let text = String::from_utf8_lossy(&version.representation()).into_owned();
                versions.representations.push(text);
            }
        }
        versions
    }
}

/// Adds the writes of a draft to the log. Returns the new end of the log.
pub(crate) async fn write(
    client: &ClientWrapper,
    draft: &Draft,
    changes: &[RowChange<'_>],
    before: &Point,
) -> Result<Point, Fault> {
    let logged = draft.logged();
    let (writes, position) = writes(logged, changes, before.position);
    let point = Point { position, revision: draft.catalogue().revision(), token: rand::random() };
    let statement = client.prepare_cached(WRITE).await?;
    let Writes { revisions, positions, ats, actors, kinds, notes, counts, packages, pins, days } =
        &writes;
    let parameters: [&(dyn ToSql + Sync); 11] = [
        &point.token,
        revisions,
        positions,
        ats,
        actors,
        kinds,
        notes,
        counts,
        packages,
        pins,
        days,
    ];
    let written = client.execute(&statement, &parameters).await?;
    same("change", revisions.len(), written as usize)?;
    replace(client, &Versions::of(logged)).await?;
    Ok(point)
}

/// The rows of the writes, in the order of their revisions, and the position of the last one.
fn writes<'a>(
    logged: &'a [LoggedChange],
    changes: &[RowChange<'_>],
    mut position: i64,
) -> (Writes<'a>, i64) {
    let mut opened = BTreeMap::<Revision, Vec<Date>>::new();
    for change in changes {
        if let RowChange::Open(daily) = change {
            opened.entry(daily.revision()).or_default().push(daily.date());
        }
    }
    let mut opened = opened.into_iter().peekable();
    let mut writes = Writes::default();
    for entry in logged {
        while let Some((revision, days)) =
            opened.next_if(|(revision, _)| *revision < entry.change.revision)
        {
            writes.push_opening(revision, &days, position);
        }
        position += 1;
        writes.push_change(entry, position);
    }
    opened.for_each(|(revision, days)| writes.push_opening(revision, &days, position));
    (writes, position)
}

async fn replace(client: &ClientWrapper, rows: &Versions<'_>) -> Result<(), Fault> {
    if rows.names.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(REPLACE).await?;
    let Versions { names, revisions, versions, representations } = rows;
    let parameters: [&(dyn ToSql + Sync); 4] = [names, revisions, versions, representations];
    let written = client.execute(&statement, &parameters).await?;
    same("replaced", names.len(), written as usize)
}

/// True if the log still has the last write of a transaction. Then the transaction is part of the history
/// of this database, and the log has all writes after it.
pub(crate) async fn reaches_back_to(client: &ClientWrapper, point: &Point) -> Result<bool, Fault> {
    let statement = client.prepare_cached(READ).await?;
    let Some(row) = client.query_opt(&statement, &[&point.revision.to_i64()]).await? else {
        return Ok(false);
    };
    Ok(row.try_get::<_, i64>(0)? == point.token)
}
