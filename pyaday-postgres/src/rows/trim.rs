//! Removes old changes from the log, in small transactions however large a change is.
//!
//! First the beginning of the log moves after a change, so from then on nothing is answered from it. Then the
//! versions that the change replaced are removed, in the same transaction or in later ones.

use std::time::SystemTime;

use deadpool_postgres::ClientWrapper;
use pyaday_core::Retention;

use crate::error::Fault;

/// How many of the newest writes keep their rows, even if the log does not have them as changes any more.
/// Other processes need the rows to follow the database.
const FOLLOWED: i64 = 10_000;

/// The most changes that are removed in one transaction, and the most of their packages.
const CHANGES: i64 = 200;
const NAMES: i64 = 2_000;

/// Locks the log. If another process has locked it, that process removes changes now.
const LOCK: &str = "SELECT log.beginning, log.forgotten, log.names, head.position
                    FROM log, head FOR UPDATE OF log SKIP LOCKED";
const CANDIDATES: &str = "SELECT revision, position, at FROM change
                          WHERE revision > $1 AND kind <> '' ORDER BY revision LIMIT $2";
const BEGIN_LATER: &str = "UPDATE log SET beginning = $1";
const LEFT: &str = "SELECT revision, count FROM change
                    WHERE revision > $1 AND revision <= $2 AND kind <> '' ORDER BY revision LIMIT $3";
/// Removes the versions that the writes between two revisions replaced.
const FORGET: &str = "DELETE FROM replaced USING (
                          SELECT revision, json_array_elements_text(packages) AS name FROM change
                          WHERE revision > $1 AND revision <= $2
                      ) AS old
                      WHERE replaced.normalized_name = old.name AND replaced.revision = old.revision";
/// Removes the versions that one write replaced of some of its packages.
const FORGET_PART: &str = "DELETE FROM replaced USING (
                               SELECT name FROM change,
                                   json_array_elements_text(packages) WITH ORDINALITY AS part (name, number)
                               WHERE revision = $1 AND number > $2 AND number <= $3
                           ) AS old
                           WHERE replaced.normalized_name = old.name AND replaced.revision = $1";
const NOTE: &str = "UPDATE log SET forgotten = $1, names = $2";
const SHORTEN: &str = "DELETE FROM change WHERE revision IN (
                           SELECT revision FROM change WHERE revision < $1
                           ORDER BY revision LIMIT $2
                       ) AND position <= $3";

/// How far the versions of removed changes are removed.
struct Progress {
    /// No versions are left that writes up to this revision replaced.
    forgotten: i64,
    /// The number of packages of the next change of which none are left.
    names: i64,
}

/// Removes the oldest changes that need not be kept, or a part of them. Returns false if there was nothing to
/// remove. It must be called in a transaction.
pub(crate) async fn trim(
    client: &ClientWrapper,
    retention: Retention,
    now: SystemTime,
) -> Result<bool, Fault> {
    let Some(log) = client.query_opt(LOCK, &[]).await? else {
        return Ok(false);
    };
    let (beginning, newest): (i64, i64) = (log.try_get(0)?, log.try_get(3)?);
    let progress = Progress { forgotten: log.try_get(1)?, names: log.try_get(2)? };
    let new_beginning = new_beginning(client, beginning, newest, retention, now).await?;
    if new_beginning != beginning {
        client.execute(BEGIN_LATER, &[&new_beginning]).await?;
    }
    let is_complete = new_beginning == progress.forgotten;
    if is_complete {
        return Ok(false);
    }
    let Progress { forgotten, names } = forget(client, progress, new_beginning).await?;
    client.execute(NOTE, &[&forgotten, &names]).await?;
    client.execute(SHORTEN, &[&forgotten, &(2 * CHANGES), &(newest - FOLLOWED)]).await?;
    Ok(true)
}

/// The revision after which the log is to begin.
async fn new_beginning(
    client: &ClientWrapper,
    beginning: i64,
    newest: i64,
    retention: Retention,
    now: SystemTime,
) -> Result<i64, Fault> {
    let since = retention.since(now).unwrap_or(i64::MIN);
    let kept = retention.count().map_or(i64::MAX, |count| count as i64);
    let mut new_beginning = beginning;
    for row in client.query(CANDIDATES, &[&beginning, &CHANGES]).await? {
        let (position, at): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
        if newest - position < kept && at >= since {
            break;
        }
        new_beginning = row.try_get(0)?;
    }
    Ok(new_beginning)
}

/// Removes versions that changes up to the beginning of the log replaced: those of several changes, or some
/// of those of a large one.
async fn forget(
    client: &ClientWrapper,
    Progress { forgotten, names }: Progress,
    beginning: i64,
) -> Result<Progress, Fault> {
    let (mut last, mut whole) = (forgotten, 0);
    for row in client.query(LEFT, &[&forgotten, &beginning, &CHANGES]).await? {
        let (revision, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let is_first = last == forgotten;
        if is_first && count > NAMES {
            let done = names + NAMES;
            client.execute(FORGET_PART, &[&revision, &names, &done]).await?;
            return Ok(match done < count {
                true => Progress { forgotten, names: done },
                false => Progress { forgotten: revision, names: 0 },
            });
        }
        whole += count;
        if whole > NAMES {
            break;
        }
        last = revision;
    }
    client.execute(FORGET, &[&forgotten, &last]).await?;
    // If there are no more changes, the writes up to the beginning only opened days.
    Ok(Progress { forgotten: if last == forgotten { beginning } else { last }, names: 0 })
}
