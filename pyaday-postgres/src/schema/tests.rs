//! Facts about every migration, tested with a migration that adds a trial column.

use deadpool_postgres::{Manager, Pool};
use futures_util::FutureExt;
use pyaday_core::{Create, NormalizedName, Package, PackageStore, Write};
use pyaday_tests::servers::node::Node;
use pyaday_tests::tools::{Tool, are_there};
use tokio_postgres::NoTls;

use super::*;
use crate::{PostgresOptions, PostgresStore};

/// Adds a column that only the core can fill: the length of the normal form of a name. Releases that know the
/// fourth schema can still use the tables after it.
const TRIAL: Migration =
    Migration { oldest: 4, migrate: |client, schema| add_lengths(client, schema).boxed() };

async fn add_lengths(client: &ClientWrapper, schema: &Schema) -> Result<(), Fault> {
    run(client, schema, "ALTER TABLE pyaday.package ADD COLUMN trial bigint").await?;
    let names = client.query(&schema.sql("SELECT name FROM pyaday.package"), &[]).await?;
    for row in names {
        let name: &str = row.try_get(0)?;
        let normal = name.parse::<NormalizedName>().map_err(|_| Fault::Bug)?;
        let update = schema.sql("UPDATE pyaday.package SET trial = $1 WHERE name = $2");
        client.execute(&update, &[&(normal.as_str().len() as i64), &name]).await?;
    }
    Ok(())
}

/// A migration that fails after it has changed something.
const FAILING: Migration = Migration {
    oldest: 5,
    migrate: |client, schema| {
        let statements = "ALTER TABLE pyaday.package DROP COLUMN trial; SELECT 1 / 0";
        run(client, schema, statements).boxed()
    },
};

async fn trials(client: &ClientWrapper, schema: &Schema) -> Vec<Option<i64>> {
    let sql = schema.sql("SELECT trial FROM pyaday.package ORDER BY name");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_column_on_trial_is_added_to_a_database_with_rows() {
    if !are_there("a column on trial", &[Tool::Postgres]) {
        return;
    }
    let node = Node::start("trial");
    let url = node.url("postgres");
    let schema = Schema::new("on trial").unwrap();
    let open = || PostgresStore::connect(&url, PostgresOptions::new().schema("on trial"));
    let store = open().await.unwrap();
    let create = async |store: &PostgresStore, name: &str| {
        let created = store.create(Package::new(name, "").unwrap(), Write::new()).await;
        assert!(matches!(created, Ok(Create::Created(_))), "{created:?}");
    };
    create(&store, "a").await;
    create(&store, "a...c").await;

    let pool = Pool::builder(Manager::new(url.parse().unwrap(), NoTls)).build().unwrap();
    let client = pool.get().await.unwrap();
    let [first, second, third, fourth] = MIGRATIONS;
    let migrations = [first, second, third, fourth, TRIAL];
    bring_up_alone(&client, &schema, &migrations).await.unwrap();
    assert_eq!(trials(&client, &schema).await, [Some(1), Some(3)]);
    // The second run changes nothing.
    bring_up_alone(&client, &schema, &migrations).await.unwrap();
    // A process of this release that was already running goes on, and a new process can start.
    create(&store, "b").await;
    let other = open().await.unwrap();
    create(&other, "c").await;
    assert_eq!(other.catalogue().unwrap().len(), 4);
    assert_eq!(trials(&client, &schema).await, [Some(1), Some(3), None, None]);

    // A migration that fails changes nothing.
    let [first, second, third, fourth] = MIGRATIONS;
    let migrations = [first, second, third, fourth, TRIAL, FAILING];
    assert!(bring_up_alone(&client, &schema, &migrations).await.is_err());
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(trials(&client, &schema).await.len(), 4);
    assert_eq!(found(&client, &schema).await.unwrap(), 5);
    create(&store, "d").await;
}
