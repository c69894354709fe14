//! Two processes on one database. Each decides by the writes of the other, even before it has followed them.
//! If it cannot reach the database, it does not decide.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Manager, ManagerConfig, Pool, Runtime};
use pyaday_core::{Api, Date, PackageStore, Revision, StoreError};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};
use tokio_postgres::NoTls;

use super::events::{answer, until};
use super::proxy::Proxy;
use super::stores::{RUNTIME, Stores, with_both_reads};
use crate::support::client::{Answer, Request};
use crate::support::homes::{Core, Home};

/// A process of the service.
struct Process {
    store: Arc<PostgresStore>,
    home: Core,
}

impl Process {
    fn new(store: PostgresStore) -> Self {
        let store = Arc::new(store);
        Self { home: Core::mount("", &Api::new(Arc::clone(&store)), None), store }
    }

    /// A process that does not follow the other by itself: it gets no notifications, and does not poll.
    fn deaf(url: &str, options: PostgresOptions) -> Self {
        let config = url.parse().unwrap();
        let manager = Manager::from_config(config, NoTls, ManagerConfig::default());
        let pool = Pool::builder(manager).runtime(Runtime::Tokio1).build().unwrap();
        let options = options.poll_interval(Duration::from_secs(3_600));
        Self::new(RUNTIME.block_on(PostgresStore::with_pool(pool, options)).unwrap())
    }

    fn refresh(&self) -> Result<(), StoreError> {
        RUNTIME.block_on(answer(self.store.refresh()))
    }

    /// The revision of the data in its memory. This does not ask the database.
    fn remembers(&self) -> Revision {
        self.store.catalogue().unwrap().revision()
    }

    /// The status and the entity tag of the resource at a path.
    fn get(&self, path: &str) -> (u16, Option<String>) {
        let answer = self.home.answer(&Request::new("GET", path));
        (answer.status, answer.header("etag").map(str::to_owned))
    }

    /// Carries out a request that must succeed.
    fn does(&self, request: &Request) {
        let answer = self.home.answer(request);
        assert!(matches!(answer.status, 201 | 204), "{request:?}: {answer:?}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Post,
    Put,
    Patch,
    Delete,
    Pin,
    Unpin,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Condition {
    None,
    IfMatchCurrent,
    IfMatchStale,
    /// With a tag that a proxy's compression has weakened.
    IfMatchWeak,
    IfMatchAny,
    IfMatchMalformed,
    IfNoneMatchCurrent,
    IfNoneMatchAny,
}

impl Condition {
    const ALL: [Self; 8] = [
        Self::None,
        Self::IfMatchCurrent,
        Self::IfMatchStale,
        Self::IfMatchWeak,
        Self::IfMatchAny,
        Self::IfMatchMalformed,
        Self::IfNoneMatchCurrent,
        Self::IfNoneMatchAny,
    ];

    /// Whether the condition is true of a resource that exists.
    fn holds_for_existing(self) -> bool {
        matches!(self, Self::None | Self::IfMatchCurrent | Self::IfMatchAny)
    }

    /// Whether the condition is true where nothing exists.
    fn holds_for_absent(self) -> bool {
        matches!(self, Self::None | Self::IfNoneMatchCurrent | Self::IfNoneMatchAny)
    }
}

/// The write of the other process to the package or the pin just before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Other {
    Created,
    Changed,
    Removed,
}

/// A write to a package or a pin that only this case uses.
#[derive(Clone, Copy, Debug)]
struct Case {
    number: i32,
    kind: Kind,
    condition: Condition,
    is_valid: bool,
    other: Other,
}

/// Every write with every condition, with a valid and with an invalid body, after every write that the other
/// process may have made.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [Kind::Post, Kind::Put, Kind::Patch, Kind::Delete, Kind::Pin, Kind::Unpin] {
        for condition in Condition::ALL {
            for is_valid in [true, false] {
                for other in [Other::Created, Other::Changed, Other::Removed] {
                    let has_body = !matches!(kind, Kind::Delete | Kind::Unpin);
                    if is_valid || has_body {
                        let number = cases.len() as i32;
                        cases.push(Case { number, kind, condition, is_valid, other });
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    fn name(self) -> String {
        format!("p{}", self.number)
    }

    fn is_of_pin(self) -> bool {
        matches!(self.kind, Kind::Pin | Kind::Unpin)
    }

    /// The path of the package or of the pin.
    fn path(self) -> String {
        // The same day for all requests of a case, even over midnight.
        static TODAY: LazyLock<Date> = LazyLock::new(|| Date::of(SystemTime::now()));
        let date = TODAY.plus_days(9 + self.number);
        match self.is_of_pin() {
            true => format!("/daily/pins/{date}"),
            false => format!("/packages/{}", self.name()),
        }
    }

    /// The path of the resource to which the conditions apply.
    fn conditional_path(self) -> String {
        match self.kind {
            Kind::Post => "/packages".to_owned(),
            _ => self.path(),
        }
    }

    fn create(self) -> Request {
        match self.is_of_pin() {
            true => Request::new("PUT", &self.path()).json(r#"{"name":"flask"}"#),
            false => self.post(),
        }
    }

    fn post(self) -> Request {
        let body = format!(r#"{{"name":"{}","short_desc":""}}"#, self.name());
        Request::new("POST", "/packages").json(&body)
    }

    fn change(self) -> Request {
        let body = if self.is_of_pin() { r#"{"name":"sanic"}"# } else { r#"{"short_desc":"new"}"# };
        Request::new("PUT", &self.path()).json(body)
    }

    fn remove(self) -> Request {
        Request::new("DELETE", &self.path())
    }

    /// Lets the other process create what it will change or remove.
    fn set_up(self, writer: &Process) {
        if self.other != Other::Created {
            writer.does(&self.create());
        }
    }

    /// Lets the other process make a write that this process has not followed. Returns the entity tags that are
    /// then current and stale.
    fn write(self, writer: &Process, follower: &Process) -> Tags {
        let (path, conditional) = (self.path(), self.conditional_path());
        let before = follower.get(&path);
        let stale = writer.get(&conditional).1;
        writer.does(&match self.other {
            Other::Created => self.create(),
            Other::Changed => self.change(),
            Other::Removed => self.remove(),
        });
        // The control: the data in the memory of the process that has not followed differs from the database.
        assert_ne!(before, writer.get(&path), "{self:?}");
        assert!(follower.remembers() < writer.remembers(), "{self:?}");
        let never = || "\"1\"".to_owned();
        let stale = stale.unwrap_or_else(never);
        Tags { current: writer.get(&conditional).1.unwrap_or_else(never), stale }
    }

    fn request(self, tags: &Tags) -> Request {
        let invalid = r#"{"short_desc":1}"#;
        let request = match (self.kind, self.is_valid) {
            (Kind::Delete | Kind::Unpin, _) => self.remove(),
            (Kind::Post, true) => self.post(),
            (Kind::Post, false) => Request::new("POST", "/packages").json(invalid),
            (Kind::Patch, _) => {
                let mut request = Request::new("PATCH", &self.path())
                    .header("content-type", "application/merge-patch+json");
                let body = if self.is_valid { r#"{"short_desc":"patched"}"# } else { invalid };
                request.body = body.into();
                request
            }
            (Kind::Put, true) => {
                Request::new("PUT", &self.path()).json(r#"{"short_desc":"replaced"}"#)
            }
            (Kind::Pin, true) => Request::new("PUT", &self.path()).json(r#"{"name":"django"}"#),
            (Kind::Put | Kind::Pin, false) => Request::new("PUT", &self.path()).json(invalid),
        };
        match self.condition {
            Condition::None => request,
            Condition::IfMatchCurrent => request.header("if-match", &tags.current),
            Condition::IfMatchStale => request.header("if-match", &tags.stale),
            Condition::IfMatchWeak => request.header("if-match", &format!("W/{}", tags.current)),
            Condition::IfMatchAny => request.header("if-match", "*"),
            Condition::IfMatchMalformed => request.header("if-match", "nope"),
            Condition::IfNoneMatchCurrent => request.header("if-none-match", &tags.current),
            Condition::IfNoneMatchAny => request.header("if-none-match", "*"),
        }
    }

    /// The answer that the contract requires.
    fn expected(self) -> u16 {
        let is_there = self.other != Other::Removed;
        let is_admitted = match self.kind {
            // There always is a list.
            Kind::Post => self.condition.holds_for_existing(),
            Kind::Pin if !is_there => self.condition.holds_for_absent(),
            _ if !is_there => return 404,
            _ => self.condition.holds_for_existing(),
        };
        match (is_admitted, self.is_valid, self.kind) {
            (false, ..) => 412,
            (true, false, _) => 422,
            (true, true, Kind::Post) if is_there => 409,
            (true, true, Kind::Post) => 201,
            (true, true, _) => 204,
        }
    }

    /// True if the answer does not depend on the database: there is no condition, and no package must exist.
    fn needs_no_database(self) -> bool {
        self.kind == Kind::Post && !self.is_valid && self.condition == Condition::None
    }
}

struct Tags {
    current: String,
    stale: String,
}

/// Two processes. The second has not followed the first, and has its own network.
fn pair(test: &str, reads: Reads) -> Option<(Stores, Process, Process, Proxy)> {
    let stores = Stores::new(test, reads)?;
    let options = stores.options();
    let (network, url) = stores.network();
    let writer = Process::new(stores.open(options.clone()));
    for name in ["flask", "sanic", "django"] {
        let body = format!(r#"{{"name":"{name}","short_desc":""}}"#);
        writer.does(&Request::new("POST", "/packages").json(&body));
    }
    let follower = Process::deaf(&url, options);
    Some((stores, writer, follower, network))
}

#[test]
fn a_write_is_decided_by_the_latest_write_of_another_process() {
    with_both_reads(|reads| {
        let Some((_stores, writer, follower, _network)) = pair("two that write", reads) else {
            return;
        };
        for case in cases() {
            case.set_up(&writer);
            // With `Reads::Latest`, this refresh does nothing.
            follower.refresh().unwrap();
            let tags = case.write(&writer, &follower);
            let answer = follower.home.answer(&case.request(&tags));
            assert_eq!(answer.status, case.expected(), "{case:?}: {}", answer.text());
            if answer.status < 300 {
                writer.refresh().unwrap();
                assert_eq!(writer.get(&case.path()), follower.get(&case.path()), "{case:?}");
            }
        }
    });
}

/// The answers of a process that is cut off from the database.
fn answers(follower: &Process, requests: Vec<Request>) -> Vec<Answer> {
    let asking = requests.into_iter().map(|request| {
        let api = Api::new(Arc::clone(&follower.store));
        thread::spawn(move || Core::mount("", &api, None).answer(&request))
    });
    asking.collect::<Vec<_>>().into_iter().map(|asking| asking.join().unwrap()).collect()
}

#[test]
fn a_disconnected_process_decides_no_write_from_memory() {
    with_both_reads(decides_nothing_by_what_it_remembers);
}

fn decides_nothing_by_what_it_remembers(reads: Reads) {
    let Some((_stores, writer, follower, network)) = pair("one that is cut off", reads) else {
        return;
    };
    let cases = cases();
    cases.iter().for_each(|case| case.set_up(&writer));
    follower.refresh().unwrap();
    let requests: Vec<_> =
        cases.iter().map(|case| case.request(&case.write(&writer, &follower))).collect();
    network.hold_all();
    let answer = answers(&follower, requests.clone());
    for (case, answer) in cases.iter().zip(&answer) {
        let expected = if case.needs_no_database() { 422 } else { 503 };
        assert_eq!(answer.status, expected, "{case:?}: {}", answer.text());
        // A write that was certainly not carried out may be tried again.
        assert_eq!(answer.header("retry-after").is_some(), expected == 503, "{case:?}");
    }
    // It shows the data in its memory, except with `Reads::Latest`.
    match reads {
        Reads::Latest => assert_eq!(follower.get("/packages/flask").0, 503),
        _ => {
            assert!(matches!(follower.refresh(), Err(StoreError::Unavailable { .. })));
            assert_eq!(follower.get("/packages/flask").0, 200);
        }
    }

    // The control: with the database, its data decides the same requests.
    network.cut();
    network.heal();
    until("the database is there again", || {
        (follower.refresh().is_ok() && follower.get("/packages/flask").0 == 200).then_some(())
    });
    for (case, request) in cases.iter().zip(requests) {
        // Each creation changes the list to which the conditions of the other requests apply.
        if case.kind != Kind::Post {
            let answer = follower.home.answer(&request);
            assert_eq!(answer.status, case.expected(), "{case:?}: {}", answer.text());
        }
    }
}

/// Creates packages in one process. Returns the answers of the other for each package, before and after a
/// refresh.
fn what_is_seen(reads: Reads) -> Vec<(u16, u16)> {
    let Some((_stores, writer, follower, _network)) = pair("a refresh", reads) else {
        return Vec::new();
    };
    let numbers = 0..20;
    let seen = numbers.map(|number| {
        let name = format!("fresh-{number}");
        let (path, body) =
            (format!("/packages/{name}"), format!(r#"{{"name":"{name}","short_desc":""}}"#));
        writer.does(&Request::new("POST", "/packages").json(&body));
        let (before, _) = follower.get(&path);
        follower.refresh().unwrap();
        let after = follower.get(&path);
        assert_eq!(after, writer.get(&path));
        (before, after.0)
    });
    seen.collect()
}

#[test]
fn a_refresh_shows_what_was_written_before_it() {
    // This includes the control: without a refresh, the process does not know the packages.
    assert!(what_is_seen(Reads::Followed).iter().all(|seen| *seen == (404, 200)));
}

#[test]
fn a_read_of_the_latest_shows_what_was_written_before_it() {
    assert!(what_is_seen(Reads::Latest).iter().all(|seen| *seen == (200, 200)));
}
