//! A statement that fails within a transaction: each statement in turn, by a trigger.

use pyaday_core::{PackageStore, StoreError, Write};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::workload::{anchors, operation};
use rusqlite::Connection;

use crate::support::files;
use crate::support::verifier::Verifier;

/// Lets this many rows be written and fails the next one.
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
async fn a_failed_statement_rolls_back_its_transaction() {
    let mut rows = 0;
    while fails_after(rows, "refused").await.unwrap() {
        rows += 1;
    }
    assert!(rows > 15, "{rows} rows");
}

#[tokio::test]
async fn an_acknowledged_failed_statement_is_detected() {
    assert!(fails_after(10, "done").await.is_err());
}

/// Whether a write failed. The verifier hears of a failed write by the given outcome; its complaint
/// is the error.
async fn fails_after(rows: u32, outcome: &str) -> Result<bool, String> {
    let path = files::fresh("statements");
    let store = SqliteStore::open(&path).unwrap();
    store.create_many(anchors().collect(), Write::new()).await.unwrap();
    drop(store);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(TRIGGERS).unwrap();
    connection.execute("INSERT INTO fuse VALUES (?1)", [rows]).unwrap();
    drop(connection);

    let store = SqliteStore::open(&path).unwrap();
    let mut verifier = Verifier::of(1);
    let mut failed = false;
    for step in 0..40 {
        verifier.hear(&format!("0 {step} begins"));
        let heard = match operation(0, step).write(&store).await {
            Ok(()) => "done",
            Err(StoreError::Internal { .. }) => {
                failed = true;
                outcome
            }
            Err(other) => return Err(format!("{other:?}")),
        };
        verifier.hear(&format!("0 {step} {heard}"));
    }
    drop(store);
    verifier.examine(&path).map(|()| failed)
}
