//! Checksums and counts, which show whether the rows are unchanged since they were written.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::damaged;
use crate::error::OpenFault;

/// A table with one row, which has two numbers.
pub(crate) struct Totals {
    table: &'static str,
    columns: &'static str,
}

/// The number of packages, and the newest revision.
pub(crate) const CATALOGUE: Totals = Totals { table: "catalogue", columns: "packages, revision" };
/// The number of opened days, and the number of pins.
pub(super) const JOURNAL: Totals = Totals { table: "journal", columns: "days, pins" };

/// The number of changes in the log, and the revision after which it begins.
pub(crate) const LOG: Totals = Totals { table: "log", columns: "changes, beginning" };

impl Totals {
    pub(crate) fn write(
        &self,
        transaction: &Transaction<'_>,
        [one, other]: [i64; 2],
    ) -> Result<(), rusqlite::Error> {
        let Self { table, columns } = self;
        let sql = format!(
            "INSERT OR REPLACE INTO {table} (id, {columns}, checksum) VALUES (1, ?1, ?2, ?3)"
        );
        let checksum = checksum([&one.to_string(), &other.to_string()]);
        transaction.prepare_cached(&sql)?.execute(params![one, other, checksum]).map(drop)
    }

    /// The two numbers. `None` if nothing was ever written.
    pub(crate) fn read(&self, connection: &Connection) -> Result<Option<[i64; 2]>, OpenFault> {
        let sql = format!("SELECT {}, checksum FROM {}", self.columns, self.table);
        let columns = |row: &Row<'_>| Ok(([row.get(0)?, row.get(1)?], row.get::<_, u32>(2)?));
        let row: Option<([i64; 2], u32)> = connection.query_row(&sql, (), columns).optional()?;
        match row {
            None => Ok(None),
            Some(([one, other], expected))
                if checksum([&one.to_string(), &other.to_string()]) == expected =>
            {
                Ok(Some([one, other]))
            }
            Some(_) => {
                damaged(format!("the row of the table `{}` does not fit its checksum", self.table))
            }
        }
    }
}

/// The checksum of these texts, joined by a NUL. None of them can contain a NUL.
pub(crate) fn checksum(texts: impl IntoIterator<Item = impl AsRef<str>>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for (at, text) in texts.into_iter().enumerate() {
        hasher.update(if at == 0 { b"" } else { b"\0" });
        hasher.update(text.as_ref().as_bytes());
    }
    hasher.finalize()
}
