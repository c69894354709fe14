//! What a store is set up on, and what not, with a word on what to do.

use std::collections::BTreeSet;
use std::error::Error;
use std::num::NonZeroUsize;

use deadpool_postgres::{Manager, Pool};
use pyaday_core::conformance::Subject;
use pyaday_core::daily::{Pin, Pinned};
use pyaday_core::{Create, Date, Package, PackageStore, Revision, StoreError, Write};
use pyaday_postgres::{ConnectError, Options, PostgresStore, Reads};
use tokio_postgres::NoTls;

use super::events::until;
use super::stores::{RUNTIME, Stores};

/// Why no store is set up.
fn refused(url: &str, options: Options) -> ConnectError {
    RUNTIME.block_on(PostgresStore::connect(url, options)).expect_err("it is set up")
}

fn flask() -> Package {
    Package::new("Flask", "A microframework").unwrap()
}

fn create(store: &PostgresStore, name: &str) -> Result<Create, StoreError> {
    RUNTIME.block_on(store.create(Package::new(name, "").unwrap(), Write::new()))
}

#[test]
fn a_url_that_is_none_is_told() {
    for (url, expected) in [
        ("", "the URL of the database must begin with `postgres://`"),
        ("mysql://localhost", "the URL of the database must begin with `postgres://`"),
        ("host=localhost", "the URL of the database must begin with `postgres://`"),
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
            "postgres://a/pyaday?sslmode=require",
            "the URL of the database asks for TLS, which only a pool can bring: build one with a TLS \
             connector and give it to `PostgresStore::with_pool`",
        ),
        (
            "postgres://a/pyaday?target_session_attrs=read-only",
            "the URL of the database asks for a server that cannot be written: leave \
             `target_session_attrs` out",
        ),
    ] {
        assert_eq!(refused(url, Options::new()).to_string(), expected, "{url}");
    }
    for url in ["postgres://a:b:c/", "postgres://a/?what=1", "postgres://a/?connect_timeout=x"] {
        assert!(matches!(refused(url, Options::new()), ConnectError::Url { .. }), "{url}");
    }
}

#[test]
fn no_error_shows_what_a_url_says_of_the_user() {
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
            let error = refused(&url, Options::new());
            let source = error.source().map_or_else(String::new, |it| format!("{it} {it:?}"));
            let shown = format!("{error} {error:?} {source}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}

#[test]
fn a_schema_that_cannot_be_is_told() {
    let long = "x".repeat(64);
    for schema in ["", "pg_catalog", "a\0b", &long] {
        let error = refused("postgres://localhost/", Options::new().schema(schema));
        assert!(error.to_string().starts_with(&format!("the schema {schema:?} must ")), "{error}");
    }
}

#[test]
fn a_database_that_lets_nobody_in_is_told() {
    let Some(stores) = Stores::new("a wrong database", Reads::Memory) else { return };
    for url in [format!("{}_missing", stores.url()), stores.url().replace("pyaday@", "nobody@")] {
        let error = refused(&url, Options::new());
        assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
        // The server's own words are for the host.
        let words = error.source().and_then(Error::source).unwrap().to_string();
        assert!(words.contains("does not exist"), "{words}");
    }
}

#[test]
fn a_database_of_another_encoding_is_told() {
    let Some(stores) = Stores::new("another encoding", Reads::Memory) else { return };
    stores.execute(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'",
    );
    let url = stores.url();
    let (server, _) = url.rsplit_once('/').unwrap();
    let error = refused(&format!("{server}/latin"), Options::new());
    assert_eq!(error.to_string(), "the database's encoding is LATIN1: create it with UTF8");
}

#[test]
fn a_schema_of_another_application_is_left_alone() {
    let Some(stores) = Stores::new("another application", Reads::Memory) else { return };
    for (schema, table) in [("one", "package (name text)"), ("two", "head (id integer)")] {
        stores.execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.{table}"));
        let error = refused(&stores.url(), Options::new().schema(schema));
        assert!(matches!(error, ConnectError::Foreign { .. }), "{error:?}");
        let count =
            format!("SELECT count(*)::integer FROM pg_tables WHERE schemaname = '{schema}'");
        let row = RUNTIME.block_on(stores.client().query_one(&count, &[])).unwrap();
        assert_eq!(row.get::<_, i32>(0), 1);
    }
}

#[test]
fn a_newer_schema_is_used_if_it_says_that_it_can_be() {
    let Some(stores) = Stores::new("a newer schema", Reads::Memory) else { return };
    let options = Options::new().schema("newer");
    let store = stores.open(options.clone());
    stores.execute("UPDATE newer.head SET schema = 9");
    create(&stores.open(options.clone()), "one").unwrap();
    create(&store, "two").unwrap();
    stores.execute("UPDATE newer.head SET oldest = 3");
    let error = refused(&stores.url(), options);
    assert!(matches!(error, ConnectError::NewerSchema { found: 9, known: 2 }), "{error:?}");
    // A process that was there before does not write either.
    assert!(matches!(create(&store, "three"), Err(StoreError::Internal { .. })));
    stores.execute("UPDATE newer.head SET oldest = 1");
    assert!(matches!(create(&store, "three"), Ok(Create::Created(_))));
}

/// What a release left that knew the first schema only.
#[test]
fn tables_of_the_first_schema_get_an_identity_and_revisions_of_pins() {
    let Some(stores) = Stores::new("the first schema", Reads::Memory) else { return };
    let tables = include_str!("../../pyaday-postgres/src/schema/1.sql");
    stores.execute(&format!("CREATE SCHEMA first; {}", tables.replace("pyaday.", "first.")));
    stores.execute(
        "INSERT INTO first.head (id, schema, oldest, revision, journal, packages, position, token)
             VALUES (1, 1, 1, 9, 8, 1, 2, 5);
         INSERT INTO first.change (position, revision, token) VALUES (2, 9, 5);
         INSERT INTO first.package VALUES ('flask', 'Flask', '', '{}', '{}', 9, 0, 'flask');
         INSERT INTO first.pin VALUES ('2027-01-01', 'flask'), ('2027-01-02', 'gone')",
    );
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
        // They go on from there.
        let write = Write::new().if_revision(Revision::new(8));
        let (date, name) = (pins[1].date, flask().name.normalized());
        let pinned = one.pin_daily(date, Date::MIN, &name, write.clone()).await.unwrap();
        assert!(matches!(pinned, Pin::Pinned(_)), "{pinned:?}");
        let stale = other.pin_daily(date, Date::MIN, &name, write).await.unwrap();
        assert!(matches!(stale, Pin::Stale(Some(_))), "{stale:?}");
    });
}

#[test]
fn many_that_begin_at_once_have_one_catalogue() {
    for reads in [Reads::Memory, Reads::Database] {
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
    }
}

#[test]
fn a_user_needs_no_more_than_a_schema_and_is_told_what_is_missing() {
    let Some(stores) = Stores::new("a user with few rights", Reads::Memory) else { return };
    stores.execute("CREATE ROLE plain LOGIN");
    let url = stores.url().replace("pyaday@", "plain@");
    let error = refused(&url, Options::new().schema("plain"));
    assert!(matches!(error, ConnectError::Forbidden { .. }), "{error:?}");

    stores.execute("CREATE SCHEMA plain AUTHORIZATION plain");
    for reads in [Reads::Memory, Reads::Database] {
        let options = Options::new().schema("plain").reads(reads);
        let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
        drop(create(&store, "flask").unwrap());
        let notices = store.notices();
        match reads {
            Reads::Memory => assert!(notices.is_empty(), "{notices:?}"),
            // The extension is the database's, and makes searches fast, not right.
            Reads::Database => {
                assert_eq!(notices.len(), 1);
                assert!(notices[0].contains("CREATE EXTENSION pg_trgm"), "{notices:?}");
            }
        }
    }
    stores.execute("CREATE EXTENSION pg_trgm; DROP OWNED BY plain");
    stores.execute("CREATE SCHEMA plain AUTHORIZATION plain");
    let options = Options::new().schema("plain").reads(Reads::Database);
    let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
    assert!(store.notices().is_empty());
    stores.execute("DROP OWNED BY plain; DROP ROLE plain");
}

/// Somebody who has written and does not come to an end.
#[test]
fn indexes_are_made_behind_an_open_write_and_hold_no_other_up() {
    let Some(stores) = Stores::new("indexes", Reads::Database) else { return };
    let options = stores.options().schema("indexed");
    let writer = stores.open(options.clone().reads(Reads::Memory));
    create(&writer, "flask").unwrap();
    stores.execute("BEGIN; LOCK TABLE indexed.package IN ROW EXCLUSIVE MODE");
    let reader = stores.open(options);
    let read = || RUNTIME.block_on(reader.read(&"flask".parse().unwrap()));
    assert!(matches!(read(), Err(StoreError::Unavailable { .. })));
    for number in 0..3 {
        until("others can write", || create(&writer, &format!("p{number}")).ok());
    }
    stores.execute("ROLLBACK");
    assert!(until("the indexes are there", || read().ok()).is_some());
    assert!(reader.notices().is_empty(), "{:?}", reader.notices());
}

/// One that knows nothing of stores, nor of the runtime: what others write is asked for, and not told.
#[test]
fn a_pool_of_the_hosts_own_will_do() {
    for reads in [Reads::Memory, Reads::Database] {
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
    }
}
