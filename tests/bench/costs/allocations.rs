//! Facts about allocations.

use allocation_counter::measure;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use pyaday_bench::{fill, filled, guarded, name, now, request};
use pyaday_core::{
    Api, Catalogue, Date, Details, Endpoint, MemoryStore, Options, Package, PackageStore,
    Replacement, Retention, Revision, Verdict, Write, respond,
};
use pyaday_sqlite::SqliteStore;

const PACKAGES: usize = 2_000;

/// How many allocations the answer to a GET takes.
fn allocations<S: PackageStore>(api: &Api<S>, path: &str, status: u16) -> u64 {
    let answer = || {
        let request = request(path).unwrap();
        let endpoint = Endpoint::find(request.uri().path()).unwrap();
        let mut response = None;
        let counted = measure(|| response = now(respond(api, endpoint, request)));
        assert_eq!(response.unwrap().status(), status);
        counted.count_total
    };
    // The first of a thread makes what the thread keeps.
    answer();
    answer()
}

/// What a header map takes that is as large as an answer's.
fn of_a_header_map() -> u64 {
    let counted = measure(|| {
        let mut headers = HeaderMap::with_capacity(6);
        for name in [CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS] {
            headers.insert(name, HeaderValue::from_static("value"));
        }
    });
    counted.count_total
}

fn hits_allocate_a_header_map<S: PackageStore>(store: S) {
    let api = Api::new(store);
    let expected = of_a_header_map();
    assert_eq!(allocations(&api, "/rand", 200), expected);
    for at in [0, 1, 1_000, PACKAGES - 1] {
        let name = name(at);
        assert_eq!(allocations(&api, &format!("/packages/{name}"), 200), expected);
        // In another spelling too.
        let other = name.to_uppercase().replace('-', "._");
        assert_eq!(allocations(&api, &format!("/packages/{other}"), 200), expected);
    }
    // The control: what is made for the answer is counted.
    assert!(allocations(&api, "/rand?count=2", 200) > expected);
}

#[test]
fn an_answer_from_memory_allocates_nothing_but_its_header_map() {
    hits_allocate_a_header_map(filled(PACKAGES).unwrap());
}

#[test]
fn an_answer_from_an_sqlite_file_allocates_nothing_but_its_header_map() {
    let path = format!("{}/allocations-{}.db", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let store = SqliteStore::open(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(fill(&store, PACKAGES)).unwrap();
    hits_allocate_a_header_map(store);
    std::fs::remove_file(path).unwrap();
}

/// The control is the refusal, which the same guard makes.
#[test]
fn a_guard_allocates_nothing() {
    let api = Api::with_options(filled(PACKAGES).unwrap(), guarded());
    assert_eq!(allocations(&api, "/rand", 200), of_a_header_map());
    let package = format!("/packages/{}", name(0));
    assert_eq!(allocations(&api, &package, 200), of_a_header_map());
    let api =
        Api::with_options(MemoryStore::new(), Options::new().guard(|_, _| Verdict::Forbidden));
    assert!(allocations(&api, &package, 403) > of_a_header_map());
}

#[test]
fn a_refusal_allocates_little() {
    let api = Api::new(MemoryStore::new());
    assert!(allocations(&api, "/packages/no-such-package", 404) <= of_a_header_map() + 4);
}

/// How many allocations a pin takes that is one more among so many.
fn allocations_of_a_pin(pins: i32) -> u64 {
    let mut catalogue = Catalogue::new(Revision::new(0));
    catalogue.create(&Package::new("flask", "").unwrap(), &Write::new());
    let flask = "flask".parse().unwrap();
    let mut pin = |days| {
        let date = Date::MIN.plus_days(days);
        drop(catalogue.pin_daily(date, Date::MIN, &flask, &Write::new()));
        catalogue.clone()
    };
    let clones: Vec<_> = (1..=pins).map(&mut pin).collect();
    let counted = measure(|| drop(pin(pins + 1)));
    drop(clones);
    counted.count_total
}

/// It copies the way to its place, and not all the others.
#[test]
fn a_pin_among_many_takes_as_much_as_among_few() {
    let (few, many) = (allocations_of_a_pin(40), allocations_of_a_pin(40_000));
    // A tree of a thousand times as many has about ten more levels.
    assert!(many <= few + 60, "{few} among 40, {many} among 40,000");
}

/// A version in the log must not keep the memory of the packages that stood beside it in the catalogue.
#[test]
fn a_change_in_the_log_in_memory_takes_less_than_a_thousand_bytes() {
    const CHANGES: usize = 1_000;

    let taken = |kept| {
        let store = filled(PACKAGES).unwrap().keep_changes(Retention::all().at_most(kept));
        let counted = measure(|| {
            for at in 0..CHANGES {
                let details = Details::new(format!("Changed in step {at}").parse().unwrap());
                let name = name(at * 7 % PACKAGES).parse().unwrap();
                let write = store.update(&name, Replacement::new(details), Write::new());
                now(write).unwrap().unwrap();
            }
        });
        counted.bytes_current
    };
    let of_log = taken(CHANGES) - taken(1);
    assert!(of_log < CHANGES as i64 * 1_000, "{CHANGES} changes take {of_log} bytes");
    // The control: they were kept.
    assert!(of_log > CHANGES as i64 * 100, "{CHANGES} changes take {of_log} bytes");
}
