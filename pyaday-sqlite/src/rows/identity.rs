//! The row with the identity of the store.

use pyaday_core::StoreId;
use rusqlite::{Connection, OptionalExtension, Row};

use super::damaged;
use super::totals::checksum;
use crate::error::OpenFault;

/// Reads the identity. A file always has one.
pub(super) fn load(connection: &Connection) -> Result<StoreId, OpenFault> {
    let columns = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?));
    let sql = "SELECT uuid, checksum FROM identity";
    let Some((uuid, expected)) = connection.query_row(sql, (), columns).optional()? else {
        return damaged("the row of the table `identity` is missing");
    };
    match parse(&uuid) {
        Some(id) if checksum([&uuid]) == expected => Ok(id),
        _ => damaged("the row of the table `identity` is not what was written"),
    }
}

/// The inverse of the `Display` of an identity.
fn parse(uuid: &str) -> Option<StoreId> {
    let number = u128::from_str_radix(&uuid.replace('-', ""), 16).ok()?;
    Some(StoreId::new(number.to_be_bytes())).filter(|id| id.to_string() == uuid)
}
