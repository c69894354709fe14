//! Facts about a database that goes back to an earlier state. This happens when a standby takes over without
//! the newest writes.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pyaday_core::daily::{Day, score};
use pyaday_core::{Api, Date, NormalizedName, Package, PackageStore, Revision, Write};
use pyaday_postgres::{PostgresStore, Reads};
use serde_json::Value;

use super::events::{answer, until};
use super::following::{add, waiting};
use super::proxy::Proxy;
use super::stores::{RUNTIME, Stores, connect};
use crate::support::client::{Answer, Request};
use crate::support::homes::{Core, Home};

/// The statement that begins each transaction that writes.
const BEGIN: &[u8] = b"BEGIN ISOLATION LEVEL READ COMMITTED";

struct Service {
    stores: Stores,
    network: Proxy,
    store: Arc<PostgresStore>,
    home: Core,
}

impl Service {
    /// Returns `None` if PostgreSQL is missing, and reports that.
    fn start(test: &str, schema: &str) -> Option<Self> {
        let stores = Stores::new(test, Reads::Followed)?;
        let (network, url) = stores.network();
        let options = stores.options().schema(schema);
        let store = Arc::new(RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap());
        let home = Core::mount("", &Api::new(Arc::clone(&store)), None);
        Some(Self { stores, network, store, home })
    }

    fn post(&self, names: impl IntoIterator<Item = String>) {
        for name in names {
            let body = format!(r#"{{"name":"{name}","short_desc":""}}"#);
            let told = self.home.answer(&Request::new("POST", "/packages").json(&body));
            assert_eq!(told.status, 201, "{told:?}");
        }
    }

    fn today(&self) -> Answer {
        self.home.answer(&Request::new("GET", "/daily"))
    }
}

fn shown(told: &Answer) -> String {
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    body["package"]["name"].as_str().unwrap().to_owned()
}

/// A pick was made in the lost history. Its revision is greater than all present ones, its package still
/// exists, and no day is open in either history. But the new history must show another package.
#[test]
fn a_pick_of_a_history_that_was_lost_is_not_used_again() {
    let Some(service) = Service::start("a pick of a lost history", "repicked") else { return };
    let today = Date::of(SystemTime::now());
    let mut names: Vec<NormalizedName> =
        (0..60).map(|number| format!("p{number}").parse().unwrap()).collect();
    names.sort_by_key(|name| score(today, name));
    let (instead, kept) = (names.pop().unwrap(), names.pop().unwrap());
    let today = || service.home.answer(&Request::new("GET", &format!("/daily/{today}")));
    service.post([kept.to_string()]);
    service.stores.keep_copies("repicked");
    service.post(names.iter().map(NormalizedName::to_string));
    assert_eq!(shown(&today()), kept.as_str());
    service.stores.put_copies_back("repicked", &add("repicked", instead.as_str()));
    until("the other history is shown", || service.store.catalogue().unwrap().get(&instead));
    assert_eq!(shown(&today()), instead.as_str());
}

/// The package that was shown no longer exists, and the revision of its pick is greater than all present ones.
#[test]
fn after_a_lossy_failover_the_package_of_the_day_is_picked_once() {
    for kept in [0, 3] {
        let Some(service) = Service::start("a lossy failover", "lossy") else { return };
        service.post((0..kept).map(|number| format!("kept-{number}")));
        service.stores.keep_copies("lossy");
        service.post((0..60).map(|number| format!("lost-{number}")));
        assert_eq!(service.today().status, 200);
        service.stores.put_copies_back("lossy", "");
        until("the other history is shown", || {
            (service.store.catalogue().unwrap().len() == kept).then_some(())
        });
        service.network.count(BEGIN);
        let told = service.today();
        match kept {
            0 => assert_eq!(told.status, 404, "{told:?}"),
            _ => assert!(shown(&told).starts_with("kept-"), "{told:?}"),
        }
        assert_eq!(service.network.counted(), 1, "transactions");
    }
}

/// It is asked for immediately, and until it is one of the packages that were kept. Every request is answered.
#[test]
fn right_after_a_lossy_failover_every_request_for_the_package_of_the_day_is_answered() {
    let Some(service) = Service::start("a lossy failover seen at once", "at_once") else { return };
    let date = Date::of(SystemTime::now());
    let mut names: Vec<NormalizedName> =
        (0..63).map(|number| format!("p{number}").parse().unwrap()).collect();
    // The packages that are lost are those that are picked first.
    names.sort_by_key(|name| score(date, name));
    let (kept, lost) = names.split_at(3);
    let today = || {
        let answer = service.home.answer(&Request::new("GET", &format!("/daily/{date}")));
        assert_eq!(answer.status, 200, "{answer:?}");
        shown(&answer).parse().unwrap()
    };
    service.post(kept.iter().map(NormalizedName::to_string));
    service.stores.keep_copies("at_once");
    service.post(lost.iter().map(NormalizedName::to_string));
    assert!(lost.contains(&today()));
    service.stores.put_copies_back("at_once", "");
    until("a package that was kept is shown", || kept.contains(&today()).then_some(()));
}

#[test]
fn a_revision_that_was_lost_is_not_used_again() {
    let Some(service) = Service::start("a lost revision", "renumbered") else { return };
    service.stores.keep_copies("renumbered");
    service.post((0..60).map(|number| format!("lost-{number}")));
    let lost = service.store.catalogue().unwrap().revision();
    service.stores.put_copies_back("renumbered", "");
    until("the other history is shown", || {
        service.store.catalogue().unwrap().is_empty().then_some(())
    });
    // The control: the present state was written earlier.
    assert!(service.store.catalogue().unwrap().revision() < lost);
    service.post(["next".to_owned()]);
    assert!(service.store.catalogue().unwrap().revision() > lost);
}

/// The clock of the process that made the lost writes may have been ahead of this one's.
#[test]
fn the_first_revision_after_a_loss_is_greater_than_any_that_was_lost() {
    const MINUTE: u64 = 60_000_000;

    let Some(service) = Service::start("a lost revision of the future", "ahead") else { return };
    let revision = || service.store.catalogue().unwrap().revision();
    service.post(["kept".to_owned()]);
    service.stores.keep_copies("ahead");
    // The control: as long as nothing is lost, revisions are not ahead of the clock.
    service.post(["lost".to_owned()]);
    assert!(revision() <= Revision::now());
    service.stores.put_copies_back("ahead", "");
    until("the other history is shown", || {
        (service.store.catalogue().unwrap().len() == 1).then_some(())
    });
    // Until a write is made, everybody sees the revision of the database.
    assert!(revision() < Revision::now());
    let begin = Revision::now().get();
    service.post(["next".to_owned()]);
    let next = revision();
    assert!((begin + MINUTE - 5_000_000..begin + 2 * MINUTE).contains(&next.get()), "{next}");
    // The next one follows it without another gap.
    service.post(["last".to_owned()]);
    assert_eq!(revision().get(), next.get() + 1);
}

/// Opens a day as another program does: it locks head first, as documented.
fn open(date: Date) -> String {
    format!(
        "UPDATE stale.head SET revision = revision + 1, token = floor(random() * 1e9);
         INSERT INTO stale.daily
             SELECT '{date}', 1, 'flask', '{{\"name\":\"flask\",\"short_desc\":\"\"}}', 0, revision
             FROM stale.head;
         INSERT INTO stale.change (revision, token, position, days)
             SELECT revision, token, position, '[\"{date}\"]' FROM stale.head;"
    )
}

/// Whenever the store is about to write its pick, another session opens days first. It has at most three tries.
#[test]
fn a_pick_that_stays_stale_is_made_inside_its_write() {
    let Some(service) = Service::start("others who open days", "stale") else { return };
    let names = ["flask", "sanic", "django"];
    service.post(names.map(str::to_owned));
    let others = [connect(&service.stores.url()), connect(&service.stores.url())];
    let waits = |count: i64| {
        until("so many wait for the lock", || {
            (waiting(service.stores.client()) == count).then_some(())
        });
    };
    let today = Date::of(SystemTime::now());
    service.network.count(BEGIN);
    let days = std::thread::scope(|scope| {
        let lock = "BEGIN; SELECT FROM stale.head FOR UPDATE";
        RUNTIME.block_on(others[0].batch_execute(lock)).unwrap();
        let store = &service.store;
        let opening =
            scope.spawn(|| RUNTIME.block_on(answer(store.open_daily(today..=today, UNIX_EPOCH))));
        waits(1);
        // The next session waits for the lock before the first one frees it.
        let next = scope.spawn(|| RUNTIME.block_on(others[1].batch_execute(lock)).unwrap());
        waits(2);
        let first = format!("{} COMMIT", open(today.plus_days(-9)));
        RUNTIME.block_on(others[0].batch_execute(&first)).unwrap();
        next.join().unwrap();
        waits(1);
        let second = format!("{} COMMIT", open(today.plus_days(-8)));
        RUNTIME.block_on(others[1].batch_execute(&second)).unwrap();
        opening.join().unwrap().unwrap()
    });
    let begun = service.network.counted();
    assert!((2..=3).contains(&begun), "{begun} transactions");
    assert_eq!(days.len(), 1);
    // The days that were opened in between show flask, so this day shows another package.
    assert_ne!(days[0].name().as_str(), "flask");
    let loaded = service.stores.open(service.stores.options().schema("stale"));
    assert_eq!(RUNTIME.block_on(loaded.daily(today)).unwrap(), Day::Shown(days[0].clone()));
    drop(RUNTIME.block_on(loaded.create(Package::new("last", "").unwrap(), Write::new())).unwrap());
}
