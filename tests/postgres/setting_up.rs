//! Facts about setting up a store: which databases it accepts, and which errors it reports for others.

use std::collections::BTreeSet;
use std::error::Error;
use std::num::NonZeroUsize;
use std::time::UNIX_EPOCH;

use deadpool_postgres::{Manager, Pool};
use pyaday_core::conformance::Subject;
use pyaday_core::daily::{Pin, Pinned};
use pyaday_core::{
    ChangeOrder, ChangeQuery, Create, Date, Delete, NoHistory, Package, PackageStore, Past,
    Replacement, Revision, StoreError, Stored, Write,
};
use pyaday_postgres::{ConnectError, PostgresOptions, PostgresStore, Reads};
use tokio_postgres::NoTls;

use super::events::until;
use super::stores::{RUNTIME, Stores, TABLES, connect, with_both_reads};

/// The error of setting up a store.
fn refused(url: &str, options: PostgresOptions) -> ConnectError {
    RUNTIME.block_on(PostgresStore::connect(url, options)).expect_err("it is set up")
}

fn flask() -> Package {
    Package::new("Flask", "A microframework").unwrap()
}

fn create(store: &PostgresStore, name: &str) -> Result<Create, StoreError> {
    RUNTIME.block_on(store.create(Package::new(name, "").unwrap(), Write::new()))
}

#[test]
fn an_invalid_url_is_refused_with_the_reason() {
    for (url, expected) in [
        ("", "the URL of the database must begin with `postgres://`"),
        ("mysql://localhost", "the URL of the database must begin with `postgres://`"),
        (
            "host=localhost sslmode=on",
            "the parameter `sslmode` of the database is not one of `disable`, \
          `prefer`, `require`, `verify-ca` and `verify-full`",
        ),
        ("postgres:///pyaday", "the URL of the database names no host"),
        (
            "postgres://u:p@b?c=d@a/pyaday",
            "the URL of the database has more than one `@`: write those of a name or a password as \
             `%40`",
        ),
        (
            "postgres://a,b,c/pyaday?port=1,2",
            "the URL of the database has another number of ports than of hosts",
        ),
        (
            "postgres://a/pyaday?sslmode=allow",
            "the parameter `sslmode` of the database cannot be `allow`: write `disable` or `require`",
        ),
        (
            "postgres://a/pyaday?target_session_attrs=read-only",
            "the URL of the database asks for a server that cannot be written: leave \
             `target_session_attrs` out",
        ),
    ] {
        assert_eq!(refused(url, PostgresOptions::new()).to_string(), expected, "{url}");
    }
    for url in ["postgres://a:b:c/", "postgres://a/?what=1", "postgres://a/?connect_timeout=x"] {
        assert!(matches!(refused(url, PostgresOptions::new()), ConnectError::Url { .. }), "{url}");
    }
}

#[test]
fn no_error_shows_the_user_information_of_a_url() {
    for rest in [
        "a:b:c/",
        "a/?what=1",
        "a/?connect_timeout=x",
        "/pyaday",
        "a/pyaday?sslmode=require",
        "b?s3cret=s3cret@a/",
        "s3cret:s3cret@a/",
        "a/%ff?port=s3cret",
        "a/pyaday?user=u&password=x&s3cret=x",
        "a/pyaday?user=u&password=x&s3cret",
        "a/pyaday?s3cret=invalid value for option `port`",
    ] {
        for url in [format!("postgres://s3cret:s3cret@{rest}"), format!("mysql://u:s3cret@{rest}")]
        {
            let error = refused(&url, PostgresOptions::new());
            let source = error.source().map_or_else(String::new, |it| format!("{it} {it:?}"));
            let shown = format!("{error} {error:?} {source}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}

#[test]
fn an_invalid_schema_name_is_refused_with_the_reason() {
    let long = "x".repeat(64);
    for schema in ["", "pg_catalog", "a\0b", &long] {
        let error = refused("postgres://localhost/", PostgresOptions::new().schema(schema));
        assert!(error.to_string().starts_with(&format!("the schema {schema:?} must ")), "{error}");
    }
}

#[test]
fn a_database_that_refuses_connections_is_reported() {
    let Some(stores) = Stores::new("a wrong database", Reads::Followed) else { return };
    for url in [format!("{}_missing", stores.url()), stores.url().replace("pyaday@", "nobody@")] {
        let error = refused(&url, PostgresOptions::new());
        assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
        // The server's own message is for the host.
        let words = error.source().and_then(Error::source).unwrap().to_string();
        assert!(words.contains("does not exist"), "{words}");
    }
}

#[test]
fn a_database_of_another_encoding_is_refused() {
    let Some(stores) = Stores::new("another encoding", Reads::Followed) else { return };
    stores.execute(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'",
    );
    let url = stores.url();
    let (server, _) = url.rsplit_once('/').unwrap();
    let error = refused(&format!("{server}/latin"), PostgresOptions::new());
    assert_eq!(error.to_string(), "the database's encoding is LATIN1: create it with UTF8");
}

#[test]
fn a_schema_of_another_application_is_not_changed() {
    let Some(stores) = Stores::new("another application", Reads::Followed) else { return };
    for (schema, table) in [("one", "package (name text)"), ("two", "head (id integer)")] {
        stores.execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.{table}"));
        let error = refused(&stores.url(), PostgresOptions::new().schema(schema));
        assert!(matches!(error, ConnectError::Foreign { .. }), "{error:?}");
        let count =
            format!("SELECT count(*)::integer FROM pg_tables WHERE schemaname = '{schema}'");
        let row = RUNTIME.block_on(stores.client().query_one(&count, &[])).unwrap();
        assert_eq!(row.get::<_, i32>(0), 1);
    }
}

#[test]
fn a_newer_schema_is_used_if_it_is_marked_compatible() {
    let Some(stores) = Stores::new("a newer schema", Reads::Followed) else { return };
    let options = PostgresOptions::new().schema("newer");
    let store = stores.open(options.clone());
    stores.execute("UPDATE newer.head SET schema = 9");
    create(&stores.open(options.clone()), "one").unwrap();
    create(&store, "two").unwrap();
    stores.execute("UPDATE newer.head SET oldest = 5");
    let error = refused(&stores.url(), options);
    assert!(matches!(error, ConnectError::NewerSchema { found: 9, known: 4 }), "{error:?}");
    // A process that was already running does not write either.
    assert!(matches!(create(&store, "three"), Err(StoreError::Internal { .. })));
    stores.execute("UPDATE newer.head SET oldest = 4");
    assert!(matches!(create(&store, "three"), Ok(Create::Created(_))));
}

/// Makes the tables of a release that knew only the first schema, with rows in them.
fn make_first_schema(stores: &Stores) {
    let tables = include_str!("../../pyaday-postgres/src/schema/1.sql");
    stores.execute(&format!("CREATE SCHEMA first; {}", tables.replace("pyaday.", "first.")));
    stores.execute(
        "INSERT INTO first.head (id, schema, oldest, revision, journal, packages, position, token)
             VALUES (1, 1, 1, 9, 8, 2, 2, 5);
         INSERT INTO first.change (position, revision, token) VALUES (2, 9, 5);
         INSERT INTO first.package
                 (normalized_name, name, short_desc, tags, metadata, revision, slot, search)
             VALUES ('flask', 'Flask', 'A microframework', '{web}', '{\"version\":1.0}', 9, 0, ''),
                    ('sanic', 'sanic', '', '{}', '{}', 7, 1, '');
         INSERT INTO first.pin (date, normalized_name)
             VALUES ('2027-01-01', 'flask'), ('2027-01-02', 'gone');
         CREATE INDEX package_tags ON first.package USING gin (tags)",
    );
}

#[test]
fn tables_of_the_first_schema_get_an_identity_and_revisions_of_pins() {
    let Some(stores) = Stores::new("the first schema", Reads::Followed) else { return };
    make_first_schema(&stores);
    let open = || stores.open(stores.options().schema("first"));
    let (one, other, unrelated) = (open(), open(), stores.empty());
    RUNTIME.block_on(async {
        assert_eq!(one.id().await.unwrap(), other.id().await.unwrap());
        assert_ne!(one.id().await.unwrap(), unrelated.id().await.unwrap());
        let pins = one.pins(Date::MIN, NonZeroUsize::MAX).await.unwrap();
        let expected = [("2027-01-01", "flask"), ("2027-01-02", "gone")].map(|(date, name)| {
            Pinned::new(date.parse().unwrap(), name.parse().unwrap(), Revision::new(8))
        });
        assert_eq!(pins, expected);
        // The stores continue from the migrated rows.
        let write = Write::new().if_revision(Revision::new(8));
        let (date, name) = (pins[1].date, flask().name.normalized());
        let pinned = one.pin_daily(date, Date::MIN, &name, write.clone()).await.unwrap();
        assert!(matches!(pinned, Pin::Pinned(_)), "{pinned:?}");
        let stale = other.pin_daily(date, Date::MIN, &name, write).await.unwrap();
        assert!(matches!(stale, Pin::Stale(Some(_))), "{stale:?}");
    });
}

#[test]
fn tables_of_the_first_schema_lose_what_only_searches_by_sql_needed() {
    let Some(stores) = Stores::new("tables with slots", Reads::Followed) else { return };
    make_first_schema(&stores);
    let store = stores.open(stores.options().schema("first"));
    let shown = store.catalogue().unwrap();
    let versions = ["flask", "sanic"].map(|name| shown.get(&name.parse().unwrap()).unwrap());
    let json = |stored: &Stored| String::from_utf8(stored.representation().to_vec()).unwrap();
    assert_eq!(
        versions.each_ref().map(|stored| (json(stored), stored.revision().get())),
        [
            (
                r#"{"name":"Flask","short_desc":"A microframework","tags":["web"],"metadata":{"version":1.0}}"#
                    .to_owned(),
                9
            ),
            (r#"{"name":"sanic","short_desc":""}"#.to_owned(), 7),
        ]
    );
    assert!(matches!(create(&store, "django"), Ok(Create::Created(_))));
    let deleted = RUNTIME.block_on(store.delete(&"sanic".parse().unwrap(), Write::new()));
    assert_eq!(deleted.unwrap(), Delete::Deleted);
    let left = "SELECT (SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
                        WHERE attrelid = 'first.package'::regclass
                          AND attnum > 0 AND NOT attisdropped),
                       (SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index
                        WHERE indrelid = 'first.package'::regclass)";
    let row = RUNTIME.block_on(stores.client().query_one(left, &[])).unwrap();
    let columns = "normalized_name name short_desc tags metadata revision";
    assert_eq!((row.get(0), row.get(1)), (columns, "first.package_pkey"));
}

/// The feed of an earlier release names the packages that changed, but not what they were before.
#[test]
fn the_history_of_tables_of_the_first_schema_begins_with_their_migration() {
    let Some(stores) = Stores::new("the first history", Reads::Followed) else { return };
    make_first_schema(&stores);
    let open = || stores.open(stores.options().schema("first"));
    let (one, other) = (open(), open());
    create(&one, "django").unwrap();
    RUNTIME.block_on(async {
        other.refresh().await.unwrap();
        let after = async |position| {
            let mut query = ChangeQuery::new(NonZeroUsize::MAX);
            query.order = ChangeOrder::After(Revision::new(position));
            other.changes(&query).await.unwrap().map(|page| page.items.len())
        };
        assert_eq!(after(0).await, Past::Unknown(NoHistory::Forgotten));
        assert_eq!(after(8).await, Past::Unknown(NoHistory::Forgotten));
        assert_eq!(after(9).await, Past::Known(1));
        let sanic = "sanic".parse().unwrap();
        let before = other.read_at(&sanic, Revision::new(8)).await.unwrap();
        assert_eq!(before, Past::Unknown(NoHistory::Forgotten));
        let there = other.read_at(&sanic, Revision::new(9)).await.unwrap().known().unwrap();
        assert_eq!(there.map(|version| version.revision().get()), Some(7));
    });
}

/// A session reads or writes and does not end its transaction. The tables cannot be migrated meanwhile.
#[test]
fn tables_are_brought_up_after_an_open_transaction_and_hold_no_other_up() {
    let Some(stores) = Stores::new("an open transaction", Reads::Followed) else { return };
    make_first_schema(&stores);
    let client = connect(&stores.url());
    stores.execute("BEGIN; SELECT FROM first.package");
    let store = stores.open(stores.options().schema("first"));
    assert!(store.catalogue().is_err());
    for _ in 0..3 {
        // If the migration waited for its lock for long, this session would have to wait too.
        until("others can read", || {
            let read = "SET lock_timeout = '3s'; SELECT FROM first.package";
            RUNTIME.block_on(client.batch_execute(read)).ok()
        });
    }
    stores.execute("ROLLBACK");
    until("the tables are brought up", || store.catalogue().ok());
}

/// A newer release has added a column, and its schema allows this release to go on.
#[test]
fn columns_that_this_release_does_not_know_are_left_alone() {
    let Some(stores) = Stores::new("a newer column", Reads::Followed) else { return };
    let options = stores.options().schema("wider");
    let store = stores.open(options.clone());
    create(&store, "before").unwrap();
    // The new columns come first. A statement that does not name its columns would confuse them with others.
    for table in TABLES {
        stores.execute(&format!(
            "ALTER TABLE wider.{table} RENAME TO narrow;
             CREATE TABLE wider.{table} (
                 trial bigint NOT NULL DEFAULT 7, LIKE wider.narrow INCLUDING ALL
             );
             INSERT INTO wider.{table} SELECT 8, narrow.* FROM wider.narrow;
             DROP TABLE wider.narrow"
        ));
    }
    stores.execute("UPDATE wider.head SET schema = 5");
    let (other, date) = (stores.open(options), Date::MIN.plus_days(9));
    for store in [&store, &other] {
        RUNTIME.block_on(async {
            let name = "before".parse().unwrap();
            let details = flask().details;
            store.refresh().await.unwrap();
            store.update(&name, Replacement::new(details), Write::new()).await.unwrap();
            store.pin_daily(date, Date::MIN, &name, Write::new()).await.unwrap();
            store.open_daily(Date::MIN..=Date::MIN, UNIX_EPOCH).await.unwrap();
        });
    }
    drop(create(&other, "after").unwrap());
    RUNTIME.block_on(store.refresh()).unwrap();
    assert_eq!(store.catalogue().unwrap().len(), 2);
    let trial = "SELECT array_agg(trial ORDER BY normalized_name) FROM wider.package";
    let row = RUNTIME.block_on(stores.client().query_one(trial, &[])).unwrap();
    assert_eq!(row.get::<_, Vec<i64>>(0), [7, 8]);
}

#[test]
fn many_processes_that_start_at_once_have_one_catalogue() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("many that begin at once", reads) else { return };
        let (url, options) = (stores.url(), stores.options());
        let outcomes = RUNTIME.block_on(async {
            let connecting = (0..8).map(|_| {
                let (url, options) = (url.clone(), options.clone());
                tokio::spawn(async move {
                    let store = PostgresStore::connect(&url, options).await.unwrap();
                    store.create(flask(), Write::new()).await.unwrap()
                })
            });
            let mut outcomes = Vec::new();
            for connecting in connecting.collect::<Vec<_>>() {
                outcomes.push(connecting.await.unwrap());
            }
            outcomes
        });
        let is_created = |outcome: &&Create| matches!(outcome, Create::Created(_));
        assert_eq!(outcomes.iter().filter(is_created).count(), 1);
        let tags: BTreeSet<_> =
            outcomes.iter().map(|outcome| outcome.stored().unwrap().revision()).collect();
        assert_eq!(tags.len(), 1);
    });
}

#[test]
fn a_user_needs_only_a_schema() {
    let Some(stores) = Stores::new("a user with few rights", Reads::Followed) else { return };
    stores.execute("CREATE ROLE plain LOGIN");
    let url = stores.url().replace("pyaday@", "plain@");
    let error = refused(&url, PostgresOptions::new().schema("plain"));
    assert!(matches!(error, ConnectError::Forbidden { .. }), "{error:?}");

    stores.execute("CREATE SCHEMA plain AUTHORIZATION plain");
    for reads in [Reads::Followed, Reads::Latest] {
        let options = PostgresOptions::new().schema("plain").reads(reads);
        let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
        drop(create(&store, "flask").unwrap());
        assert!(store.notices().is_empty(), "{:?}", store.notices());
    }
    stores.execute("DROP OWNED BY plain; DROP ROLE plain");
}

/// A pool without a `Connector` and without a runtime: the store must ask for the writes of others.
#[test]
fn a_host_can_use_its_own_pool() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("the host's own pool", reads) else { return };
        let manager = Manager::new(stores.url().parse().unwrap(), NoTls);
        let pool = Pool::builder(manager).max_size(1).build().unwrap();
        let options = stores.options();
        let store =
            RUNTIME.block_on(PostgresStore::with_pool(pool.clone(), options.clone())).unwrap();
        let Create::Created(stored) = create(&stores.open(options), "flask").unwrap() else {
            panic!("it exists");
        };
        RUNTIME.block_on(async {
            store.wait_for(stored.revision(), super::PATIENCE).await.unwrap();
            assert_eq!(store.read(&"flask".parse().unwrap()).await.unwrap(), Some(stored));
        });
        create(&store, "django").unwrap();
    });
}
