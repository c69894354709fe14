//! Facts about the package of the day: which it is, that it stays, and when a day begins.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use pyaday_core::daily::{Daily, Day, Opening, score};
use pyaday_core::{
    Api, Catalogue, Create, Date, MemoryStore, NormalizedName, Options, Package, PackageStore,
    Replacement, Revision, StoreId, Write,
};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;

use crate::support::client::{Answer, Request};
use crate::support::files;
use crate::support::homes::{Actix, Axum, Core, Home};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH - since } else { UNIX_EPOCH + since }
}

/// The documentation's, which came from another implementation.
#[test]
fn scores_match_the_test_vectors() {
    for (day, name, expected) in [
        ("2026-11-23", "flask", 0x8368_23c0_ad8a_a76b),
        ("2026-11-23", "sanic", 0xfba3_4c91_a436_74af),
        ("2026-11-23", "zope-interface", 0xc861_8347_5bf7_3c7b),
        ("2024-02-29", "flask", 0xaaba_3e4e_f56e_fac1),
    ] {
        assert_eq!(score(date(day), &name.parse().unwrap()), expected, "{day} {name}");
    }
}

#[test]
fn dates_match_the_calendar() {
    for (seconds, expected) in [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (951_782_400, "2000-02-29"),
        (951_868_799, "2000-02-29"),
        (951_868_800, "2000-03-01"),
        (1_795_435_200, "2026-11-23"),
        (4_107_542_400, "2100-03-01"),
        (253_402_300_799, "9999-12-31"),
        (253_402_300_800, "9999-12-31"),
        (-62_167_219_200, "0000-01-01"),
        (-99_999_999_999, "0000-01-01"),
    ] {
        assert_eq!(Date::of(at(seconds)).to_string(), expected);
        assert_eq!(date(expected).to_string(), expected);
    }
    assert_eq!((Date::MIN, Date::MAX), (date("0000-01-01"), date("9999-12-31")));
    assert_eq!(Date::MAX.plus_days(1), Date::MAX);
    assert_eq!(Date::MIN.plus_days(i32::MIN), Date::MIN);
}

#[test]
fn every_date_parses_from_its_own_text() {
    let mut day = Date::MIN;
    let (mut days, mut leap_days) = (1, 0);
    while day != Date::MAX {
        let next = day.plus_days(1);
        assert!(next > day);
        let text = next.to_string();
        assert_eq!(date(&text), next);
        leap_days += u32::from(text.ends_with("-02-29"));
        day = next;
        days += 1;
    }
    // 10,000 years of the Gregorian calendar, which repeats every 146,097 days.
    assert_eq!((days, leap_days), (25 * 146_097, 25 * 97));
}

proptest! {
    #[test]
    fn an_invalid_date_is_refused_with_the_reason(text in "[0-9+-]{0,11}|[0-9]{4}-[0-9]{2}-[0-9]{2}.?|.{0,12}") {
        if let Ok(day) = text.parse::<Date>() {
            prop_assert_eq!(day.to_string(), text);
        }
    }
}

fn package(name: &str) -> Package {
    Package::new(name, "A package").unwrap()
}

/// A catalogue of packages with these numbers.
fn catalogue(numbers: impl IntoIterator<Item = u64>) -> Catalogue {
    let mut catalogue = Catalogue::new(Revision::new(0));
    let packages = numbers.into_iter().map(|number| package(&format!("p{number}")));
    catalogue.create_many(&packages.collect::<Vec<_>>(), &Write::new());
    catalogue
}

fn open(catalogue: &mut Catalogue, day: Date) -> Daily {
    let pick = catalogue.pick_daily(day..=day);
    match catalogue.open_daily(&pick, UNIX_EPOCH) {
        Opening::Open { mut days, .. } => days.remove(0),
        Opening::Stale => panic!("the pick is stale"),
    }
}

/// The day that a store opens.
fn open_in<S: PackageStore>(store: &S, day: Date, picked_at: SystemTime) -> Daily {
    block_on(store.open_daily(day..=day, picked_at)).unwrap().remove(0)
}

/// 19 years in which packages come, go and change every day.
#[test]
fn no_package_repeats_within_a_cycle_and_no_day_changes() {
    const DAYS: i32 = 7_000;
    let first = date("2026-11-23");
    let mut numbers = Numbers::new(5);
    let mut catalogue = catalogue(0..100);
    let mut present: BTreeSet<u64> = (0..100).collect();
    let mut next = 100;
    // Of the current cycle: what was shown, and what was there all along.
    let (mut cycle, mut shown, mut stayed) = (1, BTreeSet::new(), present.clone());
    let mut history: BTreeMap<Date, Daily> = BTreeMap::new();
    let mut cycles = 0;
    for number in 0..DAYS {
        // It grows for some years and shrinks for some.
        let grows = number / 700 % 2 == 0;
        let (added, deleted) = if grows { (2, 1) } else { (1, 2) };
        for _ in 0..numbers.below(added + 1) {
            assert!(matches!(
                catalogue.create(&package(&format!("p{next}")), &Write::new()),
                Create::Created(_)
            ));
            present.insert(next);
            next += 1;
        }
        for _ in 0..numbers.below(deleted + 1).min(present.len() as u64 - 10) {
            let gone = *present.iter().nth(numbers.place(present.len())).unwrap();
            catalogue.delete(&format!("p{gone}").parse().unwrap(), &Write::new());
            present.remove(&gone);
            stayed.remove(&gone);
        }
        let edited = present.iter().nth(numbers.place(present.len())).unwrap();
        let details = Package::new("any", &format!("Day {number}")).unwrap().details;
        let edited = format!("p{edited}").parse().unwrap();
        catalogue.update(&edited, Replacement::new(details), &Write::new());

        let day = first.plus_days(number);
        let daily = open(&mut catalogue, day);
        let pick: u64 = daily.name().as_str()[1..].parse().unwrap();
        if daily.cycle() != cycle {
            assert_eq!(daily.cycle(), cycle + 1);
            assert!(stayed.is_subset(&shown), "some were there all along and not shown");
            let yesterday = history[&day.plus_days(-1)].name().clone();
            assert_ne!(*daily.name(), yesterday);
            (cycle, stayed) = (daily.cycle(), present.clone());
            shown.clear();
            cycles += 1;
        }
        assert!(shown.insert(pick), "day {number} repeats p{pick} in cycle {cycle}");
        history.insert(day, daily);
        if number % 500 == 499 {
            for (day, daily) in &history {
                let Day::Shown(now) = catalogue.daily(*day) else { panic!("{day} is lost") };
                assert_eq!(now.with_gone(false), *daily);
            }
        }
    }
    assert!(cycles > 10, "{cycles} cycles");
}

#[test]
fn each_package_is_equally_likely_to_be_the_first() {
    const PACKAGES: u64 = 20;
    const DRAWS: u64 = 5_000;
    let mut counts = BTreeMap::new();
    for draw in 0..DRAWS {
        // Other names and another date each time.
        let mut catalogue = catalogue((0..PACKAGES).map(|number| draw * PACKAGES + number));
        let day = date("2026-11-23").plus_days(draw as i32 % 3_000);
        let daily = open(&mut catalogue, day);
        let number: u64 = daily.name().as_str()[1..].parse().unwrap();
        *counts.entry(number % PACKAGES).or_insert(0_u64) += 1;
    }
    let expected = DRAWS as f64 / PACKAGES as f64;
    let chi_square: f64 = (0..PACKAGES)
        .map(|number| (*counts.get(&number).unwrap_or(&0) as f64 - expected).powi(2) / expected)
        .sum();
    // 19 degrees of freedom: 43.8 is passed once in a thousand such tests, and this one does not
    // change from run to run.
    assert!(chi_square < 43.8, "{chi_square}");
}

/// How many of 500 days to come show something else when one package in a hundred is added.
fn changed<P: Fn(Date) -> NormalizedName>(picker: impl Fn(Vec<NormalizedName>) -> P) -> usize {
    let names = |count: u64| -> Vec<NormalizedName> {
        let mut names: Vec<_> = (0..count).map(|number| format!("p{number}")).collect();
        names.sort();
        names.iter().map(|name| name.parse().unwrap()).collect()
    };
    let (before, after) = (picker(names(2_000)), picker(names(2_020)));
    let days = (0..500).map(|number| date("2026-11-23").plus_days(number));
    days.filter(|day| before(*day) != after(*day)).count()
}

#[test]
fn one_per_cent_more_packages_change_one_per_cent_of_the_days() {
    let ours = changed(|names| {
        let packages: Vec<_> = names.iter().map(|name| package(name.as_str())).collect();
        let mut catalogue = Catalogue::new(Revision::new(0));
        catalogue.create_many(&packages, &Write::new());
        move |day| open(&mut catalogue.clone(), day).name().clone()
    });
    assert!((1..=15).contains(&ours), "{ours} of 500 days");
    // The control: a hash of the day as an index.
    let of_index = changed(|names| {
        move |day| {
            let hash = score(day, &"day".parse().unwrap());
            names[(hash % names.len() as u64) as usize].clone()
        }
    });
    assert!(of_index > 450, "{of_index} of 500 days");
}

/// A hundred who ask at once, of a store with as many packages.
fn all_are_shown_one<S: PackageStore>(store: S) {
    const ASKING: usize = 100;
    let store = Arc::new(store);
    let packages = (0..5_000).map(|number| package(&format!("p{number}")));
    block_on(store.create_many(packages.collect(), Write::new())).unwrap();
    let barrier = Arc::new(Barrier::new(ASKING));
    let threads = (0..ASKING).map(|_| {
        let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
        thread::spawn(move || {
            barrier.wait();
            open_in(&*store, date("2026-11-23"), UNIX_EPOCH)
        })
    });
    let threads: Vec<_> = threads.collect();
    let shown: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(shown.iter().all(|daily| *daily == shown[0]));
    // One write, the last.
    let after = block_on(store.list(&pyaday_core::Query::new(NonZeroUsize::MIN))).unwrap();
    assert_eq!(after.revision, shown[0].revision());
}

#[test]
fn a_hundred_concurrent_requests_get_one_package_from_memory() {
    all_are_shown_one(MemoryStore::new());
}

#[test]
fn a_hundred_concurrent_requests_get_one_package_from_a_file() {
    all_are_shown_one(SqliteStore::open(files::fresh("daily")).unwrap());
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// The first client went away before the pick was stored; writes in between count.
#[test]
fn a_pick_that_was_not_stored_is_not_used_later() {
    let store = MemoryStore::new();
    block_on(store.create(package("flask"), Write::new())).unwrap();
    let day = date("2026-11-23");
    block_on(async {
        let mut opening = pin!(store.open_daily(day..=day, UNIX_EPOCH));
        poll_fn(|context| {
            assert!(opening.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    });
    let score_of = |name: &str| score(day, &name.parse().unwrap());
    let mut names = (0..).map(|number| format!("p{number}"));
    let higher = names.find(|name| score_of(name) > score_of("flask")).unwrap();
    block_on(store.create(package(&higher), Write::new())).unwrap();
    let shown = open_in(&store, day, UNIX_EPOCH);
    assert_eq!(shown.name().as_str(), higher);
}

#[test]
fn a_file_keeps_days_and_pins() {
    let path = files::fresh("days");
    let store = SqliteStore::open(&path).unwrap();
    let text =
        br#"{"name":"A","short_desc":"\"","tags":["x","y"],"metadata":{"b":1.50,"a":[null]}}"#;
    block_on(store.create(Package::from_json(text).unwrap(), Write::new())).unwrap();
    let first = open_in(&store, date("2026-11-23"), at(-5));
    block_on(store.create_many(["b", "c"].map(package).to_vec(), Write::new())).unwrap();
    let pinned = "c".parse().unwrap();
    let (day, last) = (date("2026-11-30"), date("2026-11-24"));
    block_on(store.pin_daily(day, last, &pinned, Write::new())).unwrap();
    block_on(store.pin_daily(date("2026-12-01"), last, &pinned, Write::new())).unwrap();
    block_on(store.unpin_daily(date("2026-12-01"), last, Write::new())).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.catalogue().journal_len(), (1, 1));
    let read = block_on(store.daily(date("2026-11-23"))).unwrap();
    assert_eq!(read, Day::Shown(first));
    let shown = open_in(&store, day, at(0));
    assert_eq!(*shown.name(), pinned);
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.catalogue().journal_len(), (2, 0));
    assert_eq!(block_on(store.daily(day)).unwrap(), Day::Shown(shown));
}

/// A home whose clock stands where it was set.
struct Clocked<H> {
    home: H,
    clock: Arc<AtomicI64>,
}

impl<H: Home> Clocked<H> {
    fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(0));
        let now = {
            let clock = Arc::clone(&clock);
            move || at(clock.load(Ordering::SeqCst))
        };
        let store = MemoryStore::new();
        let packages = (0..50).map(|number| package(&format!("p{number}")));
        block_on(store.create_many(packages.collect(), Write::new())).unwrap();
        let home = H::mount("", &Api::with_options(store, Options::new().clock(now)), None);
        Self { home, clock }
    }

    fn set(&self, seconds: i64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    fn get(&self, path: &str) -> Answer {
        self.home.answer(&Request::new("GET", path))
    }

    fn day(&self, day: Date) -> Answer {
        self.get(&format!("/daily/{day}"))
    }
}

/// Noon of 2026-11-23 in UTC.
const NOON: i64 = 1_795_435_200;
const HOUR: i64 = 3600;

/// Wherever someone is, their own day is there; the day after everybody's is not.
#[test]
fn today_exists_in_every_time_zone() {
    for hour in -24..24 {
        let home = Clocked::<Core>::new();
        home.set(NOON + hour * HOUR + 1800);
        let now = NOON + hour * HOUR + 1800;
        // The last one to begin first: the others lie before the journal's first day then.
        for offset in (-12..=14).rev() {
            let own = Date::of(at(now + offset * HOUR));
            assert_eq!(home.day(own).status, 200, "{own} at UTC{offset:+}");
        }
        assert_eq!(home.day(Date::of(at(now + 14 * HOUR)).plus_days(1)).status, 404);
        assert_eq!(home.day(Date::of(at(now - 12 * HOUR)).plus_days(-1)).status, 404);
    }
}

#[test]
fn a_clock_that_jumps_changes_no_day() {
    fn jumps<H: Home>() {
        let home = Clocked::<H>::new();
        let mut shown: BTreeMap<Date, Vec<u8>> = BTreeMap::new();
        let year = 365 * 24 * HOUR;
        for now in [
            NOON,
            NOON - 10 * year,
            NOON + 10 * year,
            NOON,
            -1,
            i64::from(i32::MAX) * 1_000,
            -i64::from(i32::MAX) * 1_000,
            NOON + 24 * HOUR,
        ] {
            home.set(now);
            for offset in [-12, 0, 14] {
                let own = Date::of(at(now + offset * HOUR));
                let answer = home.day(own);
                assert_eq!(answer.status, 200, "{own} {now}");
                let first = shown.entry(own).or_insert_with(|| answer.body.clone());
                assert_eq!(*first, answer.body);
            }
            let today = home.get("/daily");
            assert_eq!(today.body, shown[&Date::of(at(now))]);
            assert_eq!(home.get("/daily/feed.json").status, 200);
            // What was shown stays, in the future too.
            for (day, body) in &shown {
                assert_eq!(home.day(*day).body, *body, "{day} {now}");
            }
        }
    }
    jumps::<Core>();
    jumps::<Axum>();
    jumps::<Actix>();
}

#[test]
fn other_parsers_read_the_last_thirty_days_from_a_feed() {
    let home = Clocked::<Core>::new();
    let nasty = "<b>&amp;\u{ffff}\"]]> 'x' \u{1f40d}";
    let mut dates = Vec::new();
    for number in 0..40 {
        home.set(NOON + number * 24 * HOUR);
        if number == 35 {
            let body = serde_json::json!({ "short_desc": nasty }).to_string();
            for name in 0..50 {
                let put = Request::new("PUT", &format!("/packages/p{name}")).json(&body);
                home.home.answer(&put);
            }
        }
        assert_eq!(home.get("/daily").status, 200);
        dates.push(date("2026-11-23").plus_days(number as i32));
    }
    dates.reverse();
    dates.truncate(30);
    let mut ids = BTreeSet::new();
    for (path, kind, nasty) in [
        ("/daily/feed.atom", feed_rs::model::FeedType::Atom, nasty.replace('\u{ffff}', "\u{fffd}")),
        ("/daily/feed.json", feed_rs::model::FeedType::JSON, nasty.to_owned()),
    ] {
        let answer = home.home.answer(&Request::new("GET", path).header("host", "example.org:81"));
        let feed = feed_rs::parser::parse(&answer.body[..]).unwrap();
        assert_eq!(feed.feed_type, kind);
        assert_eq!(feed.title.unwrap().content, "Python package of the day");
        let links: BTreeSet<_> = feed.links.iter().map(|link| link.href.as_str()).collect();
        let own = format!("http://example.org:81{path}");
        assert!(links.contains(own.as_str()), "{links:?}");
        assert_eq!(feed.entries.len(), dates.len());
        for (entry, day) in feed.entries.iter().zip(&dates) {
            ids.insert(entry.id.clone());
            let url = format!("http://example.org:81/daily/{day}");
            assert!(entry.links.iter().any(|link| link.href == url));
            let begun = format!("{day}T00:00:00+00:00");
            assert_eq!(entry.published.unwrap().to_rfc3339(), begun);
            let shown: serde_json::Value = serde_json::from_slice(&home.day(*day).body).unwrap();
            let name = shown["package"]["name"].as_str().unwrap();
            assert_eq!(entry.title.as_ref().unwrap().content, name);
            let text = match kind {
                feed_rs::model::FeedType::Atom => &entry.summary.as_ref().unwrap().content,
                _ => entry.content.as_ref().unwrap().body.as_ref().unwrap(),
            };
            let is_late = *day >= date("2026-11-23").plus_days(35);
            assert_eq!(text, if is_late { &nasty } else { "A package" });
        }
    }
    // Both feeds name a day alike, and no two days.
    assert_eq!(ids.len(), dates.len());
}

/// A feed of a store with this identity, asked for by this host.
fn feed_of(id: StoreId, host: &str, options: Options) -> serde_json::Value {
    let store = MemoryStore::new().with_id(id);
    block_on(store.create(package("flask"), Write::new())).unwrap();
    let options = options.clock(|| at(NOON));
    let home = Core::mount("", &Api::with_options(store, options), None);
    let answer = home.answer(&Request::new("GET", "/daily/feed.json").header("host", host));
    serde_json::from_slice(&answer.body).unwrap()
}

/// The UUID is that of another implementation: Python's `uuid`, and SipHash-2-4 with 128 bits.
#[test]
fn entry_ids_come_from_the_stores_identity_and_not_from_the_host() {
    let id = StoreId::new([7; 16]);
    let entry = |feed: serde_json::Value| feed["items"][0]["id"].as_str().unwrap().to_owned();
    let here = entry(feed_of(id, "example.org", Options::new()));
    assert_eq!(here, "urn:uuid:468b9ba8-e75c-8783-afaf-f432da85e788");
    assert_eq!(here, entry(feed_of(id, "other.example:8080", Options::new())));
    // The control: another store.
    assert_ne!(here, entry(feed_of(StoreId::random(), "example.org", Options::new())));
    let own = Options::new().feed_id("tag:example.org,2026:daily".parse().unwrap());
    assert_eq!(entry(feed_of(id, "example.org", own)), "tag:example.org,2026:daily/2026-11-23");
}

/// A feed that nobody has read for a while has the days in between too, and opens them in one write.
#[test]
fn a_feed_opens_the_days_that_were_not_requested() {
    let home = Clocked::<Core>::new();
    let days = |home: &Clocked<Core>| -> Vec<String> {
        let feed: serde_json::Value =
            serde_json::from_slice(&home.get("/daily/feed.json").body).unwrap();
        let items = feed["items"].as_array().unwrap().iter();
        items
            .map(|item| item["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect()
    };
    home.set(NOON);
    assert_eq!(days(&home), ["2026-11-23"]);
    home.set(NOON + 3 * 24 * HOUR);
    assert_eq!(days(&home), ["2026-11-26", "2026-11-25", "2026-11-24", "2026-11-23"]);
    let tags = ["2026-11-26", "2026-11-24"]
        .map(|day| home.day(date(day)).header("etag").unwrap().to_owned());
    assert_eq!(tags[0], tags[1], "one write");
    // Months later it has thirty days.
    home.set(NOON + 100 * 24 * HOUR);
    let expected: Vec<_> =
        (0..30).map(|back| date("2026-11-23").plus_days(100 - back).to_string()).collect();
    assert_eq!(days(&home), expected);
}

/// A server whose clock was wrong for a while has no years of days to pick.
#[test]
fn a_day_that_was_never_shown_is_404_after_31_days() {
    let home = Clocked::<Core>::new();
    home.set(0);
    assert_eq!(home.get("/daily").status, 200);
    home.set(NOON);
    let today = Date::of(at(NOON));
    assert_eq!(home.day(today.plus_days(-31)).status, 200);
    let long_past = home.day(today.plus_days(-32));
    assert_eq!(long_past.status, 404);
    assert!(long_past.text().contains("No package was shown on 2026-10-22"), "{long_past:?}");
    assert_eq!(home.day(date("1970-01-01")).status, 200);
}

/// The links are right under every prefix and for every `Host`.
#[test]
fn the_links_of_a_feed_point_to_its_days() {
    fn lead<H: Home>() {
        let mounts =
            [("", ""), ("/tenants/{tenant}/api", "/tenants/a%20cme/api"), ("/a&b", "/a&b")];
        for (prefix, mount) in mounts {
            let store = MemoryStore::new();
            block_on(store.create(package("flask"), Write::new())).unwrap();
            let home = H::mount(prefix, &Api::new(store), None);
            let get = Request::new("GET", &format!("{mount}/daily/feed.json"));
            for (host, origin) in [
                ("example.org", "http://example.org"),
                ("[::1]:5000", "http://[::1]:5000"),
                ("user:secret@example.org", "http://example.org"),
                ("\"><x", "http://localhost"),
                ("", "http://localhost"),
            ] {
                let answer = home.answer(&get.clone().header("host", host));
                // A server may refuse what is no host before it comes to us.
                if answer.status == 400 {
                    continue;
                }
                let feed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                let url = feed["items"][0]["url"].as_str().unwrap();
                let path = url.strip_prefix(origin).unwrap_or_else(|| panic!("{host}: {url}"));
                assert_eq!(home.answer(&Request::new("GET", path)).status, 200);
                // The other feed says the same.
                let get = Request::new("GET", &format!("{mount}/daily/feed.atom"));
                let atom = home.answer(&get.header("host", host)).body;
                let atom = feed_rs::parser::parse(&atom[..]).unwrap();
                assert_eq!(feed["items"][0]["id"], atom.entries[0].id);
                assert_eq!(atom.entries[0].links[0].href, url);
            }
        }
    }
    lead::<Core>();
    lead::<Axum>();
    lead::<Actix>();
}
