//! A statement that fails within a transaction, one after the other: a trigger sees to that.

use pyaday_core::{PackageStore, StoreError};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::workload::{anchors, operation};
use rusqlite::Connection;

use crate::support::files;
use crate::support::verifier::Witness;

/// Lets so many rows be written, and none behind them.
const TRIGGERS: &str = "
    CREATE TABLE fuse (rows INTEGER);
    CREATE TRIGGER a BEFORE INSERT ON package BEGIN UPDATE fuse SET rows = rows - 1; END;
    CREATE TRIGGER b BEFORE UPDATE ON package BEGIN UPDATE fuse SET rows = rows - 1; END;
    CREATE TRIGGER c BEFORE DELETE ON package BEGIN UPDATE fuse SET rows = rows - 1; END;
    CREATE TRIGGER d BEFORE INSERT ON daily BEGIN UPDATE fuse SET rows = rows - 1; END;
    CREATE TRIGGER e BEFORE INSERT ON pin BEGIN UPDATE fuse SET rows = rows - 1; END;
    CREATE TRIGGER f BEFORE DELETE ON pin BEGIN UPDATE fuse SET rows = rows - 1; END;
    CREATE TRIGGER g AFTER UPDATE ON fuse WHEN NEW.rows < 0 BEGIN SELECT RAISE(ABORT, 'fuse'); END;
";

#[tokio::test]
async fn a_statement_that_fails_takes_its_whole_transaction_with_it() {
    let mut rows = 0;
    while fails_behind(rows, "refused").await.unwrap() {
        rows += 1;
    }
    assert!(rows > 15, "{rows} rows");
}

#[tokio::test]
async fn a_failed_statement_that_is_acknowledged_is_found_out() {
    assert!(fails_behind(10, "done").await.is_err());
}

/// Whether a write met the fault, if the witness, who hears of such a write as told, has no
/// complaint.
async fn fails_behind(rows: u32, told: &str) -> Result<bool, String> {
    let path = files::fresh("statements");
    let store = SqliteStore::open(&path).unwrap();
    store.create_many(anchors().collect()).await.unwrap();
    drop(store);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(TRIGGERS).unwrap();
    connection.execute("INSERT INTO fuse VALUES (?1)", [rows]).unwrap();
    drop(connection);

    let store = SqliteStore::open(&path).unwrap();
    let mut witness = Witness::of(1);
    let mut failed = false;
    for step in 0..40 {
        witness.hear(&format!("0 {step} begins"));
        let heard = match operation(0, step).write(&store).await {
            Ok(()) => "done",
            Err(StoreError::Internal { .. }) => {
                failed = true;
                told
            }
            Err(other) => return Err(format!("{other:?}")),
        };
        witness.hear(&format!("0 {step} {heard}"));
    }
    drop(store);
    witness.examine(&path).map(|()| failed)
}
