//! The golden list: every scenario of `golden/` is answered as it says, by the core alone, axum,
//! actix-web and poem, under every prefix, and from every store.
//!
//! A scenario begins at a heading `## …` with a catalogue of three packages; a line `With: …` says
//! how the host set it up, if not by default. Lines with `>` are a
//! request: its method and path (before which the mount's prefix is put, or in which it takes the place
//! of `{mount}`), its fields, an empty line, its body. Lines with `<` are the answer: its status, its fields but for those that every answer has
//! (`x-content-type-options: nosniff`, and `content-length` where it is the body's), an empty line,
//! its body. All other lines are prose.
//!
//! `\xFF` is a byte, `{3*a}` is `aaa`, `{mount}` the prefix, and `(the store's)` a UUID that is made of
//! the store's identity. Entity tags are counted from 1: the revision of a store begins far ahead of
//! the clock, at [`REVISION`], which is left out. Everything else is as it stands.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};
use std::{fs, iter, thread};

use pyaday_core::{Api, MemoryStore, Options, Package, PackageStore, Revision, Seed, Write};
use pyaday_postgres::Reads;
use pyaday_sqlite::SqliteStore;

use crate::poem::Poem;
use crate::postgres::stores::Stores;
use crate::store_failures::faulty;
use crate::support::client::{Answer, Request};
use crate::support::files;
use crate::support::homes::{Actix, Axum, Core, Home, Steps};

/// Where the mount's prefix is in the target of a request.
const MOUNT: &[u8] = b"{mount}";

/// The prefixes of the mounts, and each as a client sends it.
const MOUNTS: [(&str, &str); 3] =
    [("", ""), ("/api", "/api"), ("/tenants/{tenant}/api", "/tenants/a%20cme/api")];

#[test]
fn the_core_alone_answers_the_golden_list() {
    answers_the_list::<Core, _>(&memory);
}

#[test]
fn the_steps_one_by_one_answer_the_golden_list() {
    answers_the_list::<Steps, _>(&memory);
}

#[test]
fn axum_answers_the_golden_list() {
    answers_the_list::<Axum, _>(&memory);
}

#[test]
fn actix_answers_the_golden_list() {
    answers_the_list::<Actix, _>(&memory);
}

#[test]
fn poem_answers_the_golden_list() {
    answers_the_list::<Poem, _>(&memory);
}

#[test]
fn the_core_alone_answers_the_golden_list_from_a_file() {
    answers_the_list_from::<Core, _>(&sqlite);
}

#[test]
fn axum_answers_the_golden_list_from_a_file() {
    answers_the_list_from::<Axum, _>(&sqlite);
}

#[test]
fn actix_answers_the_golden_list_from_a_file() {
    answers_the_list_from::<Actix, _>(&sqlite);
}

#[test]
fn the_core_alone_answers_the_golden_list_from_a_database() {
    let Some(stores) = Stores::new("the golden list", Reads::Followed) else { return };
    answers_the_list_from::<Core, _>(&|| stores.numbered_from_one());
}

#[test]
fn the_core_alone_answers_the_golden_list_with_the_latest_of_a_database() {
    let Some(stores) = Stores::new("the golden list with the latest", Reads::Latest) else {
        return;
    };
    answers_the_list_from::<Core, _>(&|| stores.numbered_from_one());
}

#[test]
fn axum_answers_the_golden_list_from_a_database() {
    let Some(stores) = Stores::new("the golden list on axum", Reads::Followed) else { return };
    answers_the_list_from::<Axum, _>(&|| stores.numbered_from_one());
}

#[test]
fn actix_answers_the_golden_list_from_a_database() {
    let Some(stores) = Stores::new("the golden list on actix-web", Reads::Followed) else { return };
    answers_the_list_from::<Actix, _>(&|| stores.numbered_from_one());
}

/// The control: an empty list, or one that is not compared, would pass.
#[test]
fn a_wrong_golden_answer_is_detected() {
    let scenarios = read_list();
    let exchanges: usize = scenarios.iter().map(|scenario| scenario.exchanges.len()).sum();
    assert!(exchanges >= 200, "{exchanges} exchanges");
    let mut scenario = read_list().swap_remove(0);
    scenario.exchanges[0].answer.push_str("< x-unexpected: yes\n");
    assert!(!differences::<Core, _>(&memory, &scenario, ("", "")).is_empty());
}

/// The revision of a store before its first write: ahead of the clock, so that the next ones are
/// counted one by one.
pub(crate) const REVISION: u64 = 80_000_000_000_000_000;

fn memory() -> MemoryStore {
    MemoryStore::after(Revision::new(REVISION))
}

fn sqlite() -> SqliteStore {
    let path = files::fresh("golden");
    drop(SqliteStore::open(&path).unwrap());
    // As if it had been written when the clock was far ahead.
    let connection = rusqlite::Connection::open(&path).unwrap();
    let checksum = crc32fast::hash(format!("0\0{REVISION}").as_bytes());
    let insert =
        "INSERT OR REPLACE INTO catalogue (id, packages, revision, checksum) VALUES (1, 0, ?1, ?2)";
    connection.execute(insert, (REVISION as i64, checksum)).unwrap();
    drop(connection);
    SqliteStore::open(&path).unwrap()
}

/// The whole list under every prefix.
fn answers_the_list<H: Home, S: PackageStore>(store: &(dyn Fn() -> S + Sync)) {
    answers::<H, S>(&read_list(), &MOUNTS, store);
}

/// The whole list from a store on a disk or in a database. One prefix is enough: no store learns of it,
/// and a new file or schema for each scenario is what takes most of the time.
fn answers_the_list_from<H: Home, S: PackageStore>(store: &(dyn Fn() -> S + Sync)) {
    answers::<H, S>(&read_list(), &MOUNTS[2..], store);
}

/// Several scenarios run at the same time. Otherwise the processor would wait for files, and for servers that
/// start and stop.
fn answers<H: Home, S: PackageStore>(
    scenarios: &[Scenario],
    mounts: &[(&str, &str)],
    store: &(dyn Fn() -> S + Sync),
) {
    let all = mounts.iter().flat_map(|mount| scenarios.iter().map(move |it| (*mount, it)));
    let differences = at_the_same_time(all.collect(), &|(mount, scenario)| {
        differences::<H, S>(store, scenario, mount)
    });
    assert!(differences.is_empty(), "{differences}");
}

/// The texts that a function makes of these items, one after the other. Several threads make them.
pub(crate) fn at_the_same_time<T: Send>(
    items: Vec<T>,
    make: &(dyn Fn(T) -> String + Sync),
) -> String {
    const THREADS: usize = 4;
    let items = Mutex::new(items.into_iter().enumerate());
    let next = || items.lock().unwrap().next();
    let work = || iter::from_fn(next).map(|(at, item)| (at, make(item))).collect::<Vec<_>>();
    let mut texts = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(work));
        threads.map(|thread| thread.join().unwrap()).concat()
    });
    texts.sort_unstable();
    texts.into_iter().map(|(_, text)| text).collect()
}

pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) set_up: String,
    pub(crate) exchanges: Vec<Exchange>,
}

#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) request: String,
    pub(crate) answer: String,
}

pub(crate) fn read_list() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| read_scenarios(&fs::read_to_string(file).unwrap())).collect()
}

fn read_scenarios(text: &str) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut last = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            scenarios.push(Scenario {
                title: title.to_owned(),
                set_up: String::new(),
                exchanges: Vec::new(),
            });
        }
        let Some(Scenario { exchanges, set_up, .. }) = scenarios.last_mut() else { continue };
        if let Some(with) = line.strip_prefix("With: ") {
            *set_up = with.to_owned();
        } else if line.starts_with('>') {
            if !last.starts_with('>') {
                exchanges.push(Exchange::default());
            }
            writeln!(exchanges.last_mut().unwrap().request, "{line}").unwrap();
        } else if line.starts_with('<') {
            writeln!(exchanges.last_mut().unwrap().answer, "{line}").unwrap();
        }
        last = line;
    }
    scenarios
}

/// What is answered otherwise than the list says, as the list would say it.
fn differences<H: Home, S: PackageStore>(
    store: &dyn Fn() -> S,
    scenario: &Scenario,
    (prefix, mount): (&str, &str),
) -> String {
    let home = H::mount(prefix, &three_packages_in(store(), &scenario.set_up));
    let mut differences = String::new();
    for Exchange { request, answer } in &scenario.exchanges {
        let actual = show(&home.answer(&parse(request, mount)), mount);
        if actual != *answer {
            let home = std::any::type_name::<H>();
            writeln!(
                differences,
                "\n## {} ({home}, mounted at {prefix:?})\n{request}--- expected\n{answer}--- actual\n{actual}",
                scenario.title
            )
            .unwrap();
        }
    }
    differences
}

/// The talk's packages, in memory.
pub(crate) fn three_packages(set_up: &str) -> Api<impl PackageStore> {
    three_packages_in(memory(), set_up)
}

/// The talk's packages, in a store whose revisions begin at 1 and which fails for some names, and
/// draws that are always the same.
fn three_packages_in<S: PackageStore>(store: S, set_up: &str) -> Api<impl PackageStore> {
    let store = faulty(store);
    let packages = [
        ("flask", "A simple framework for building complex web applications."),
        ("sanic", "A web server and web framework that's written to go fast."),
        ("poetry", "Python dependency management and packaging made easy."),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (name, short_desc) in packages {
        let package = Package::new(name, short_desc).unwrap();
        runtime.block_on(store.create(package, Write::new())).unwrap();
    }
    Api::with_options(store, options(set_up))
}

/// What a line `With: …` stands for.
pub(crate) fn options(set_up: &str) -> Options {
    // 2026-11-23T12:00:00Z
    let clock_at = |seconds| move || UNIX_EPOCH + Duration::from_secs(seconds);
    let options = Options::new().seeds(|| Seed::new([7; 32])).clock(clock_at(1_795_435_200));
    match set_up {
        "" => options,
        "a clock at 23:59:30" => options.clock(clock_at(1_795_478_370)),
        "a public URL" => options.public_url("https://packages.example.org/".parse().unwrap()),
        "a public URL with a path" => {
            options.public_url("https://example.org/pyaday".parse().unwrap())
        }
        "answers for the client's own cache" => options.private(true),
        "writes that need If-Match" => options.if_match_required(true),
        other => panic!("With: {other}"),
    }
}

pub(crate) fn parse(request: &str, mount: &str) -> Request {
    let mut lines = request.lines().map(|line| {
        let line = line.strip_prefix("> ").or_else(|| line.strip_prefix('>'));
        expand(line.expect("a request line begins with >"))
    });
    let start = lines.next().unwrap();
    let space = start.iter().position(|byte| *byte == b' ').expect("a method and a path");
    let target = &start[space + 1..];
    let place = target.windows(MOUNT.len()).position(|window| window == MOUNT);
    let (before, after) = place.map_or((0, 0), |place| (place, place + MOUNT.len()));
    let mut parsed = Request {
        method: String::from_utf8(start[..space].to_vec()).unwrap(),
        target: [&target[..before], mount.as_bytes(), &target[after..]].concat(),
        ..Request::default()
    };
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').expect("a field has a colon");
        let name = String::from_utf8(line[..colon].to_vec()).unwrap();
        let value = line[colon + 1..].trim_ascii();
        let value = match name.to_ascii_lowercase().as_str() {
            "if-match" | "if-none-match" => with_revisions(value),
            _ => value.to_vec(),
        };
        parsed.headers.push((name, value));
    }
    parsed.body = lines.collect::<Vec<_>>().join(&b'\n');
    parsed
}

/// The entity tags of a field, those of revisions as a store has them.
fn with_revisions(field: &[u8]) -> Vec<u8> {
    let parts = field.split(|byte| *byte == b'"').map(|part| {
        let (number, rest) = match part.iter().position(|byte| *byte == b'-') {
            Some(at) => part.split_at(at),
            None => (part, &b""[..]),
        };
        match std::str::from_utf8(number).ok().and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => [(REVISION + number).to_string().as_bytes(), rest].concat(),
            None => part.to_vec(),
        }
    });
    parts.collect::<Vec<_>>().join(&b'"')
}

/// An entity tag as the list writes it.
fn without_revision(tag: &str) -> String {
    let digits: String = tag.chars().skip(1).take_while(char::is_ascii_digit).collect();
    match digits.parse::<u64>().ok().and_then(|revision| revision.checked_sub(REVISION)) {
        Some(number) => tag.replacen(&digits, &number.to_string(), 1),
        None => tag.to_owned(),
    }
}

/// A text with the UUIDs that are made of the store's identity as the list writes them.
fn without_identity(text: &str) -> String {
    const PREFIX: &str = "urn:uuid:";
    let mut parts = text.split(PREFIX);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| before + PREFIX + "(the store's)" + &part[36..])
}

/// A line of a request with its escapes resolved.
fn expand(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(hex) = rest.strip_prefix("\\x").and_then(|after| after.get(..2)) {
            bytes.push(u8::from_str_radix(hex, 16).expect("two hexadecimal digits"));
            rest = &rest[4..];
        } else if let Some((count, text, after)) = repetition(rest) {
            bytes.extend(text.repeat(count).as_bytes());
            rest = after;
        } else {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    bytes
}

/// `{3*a}` at the beginning of a text, and what comes after it.
fn repetition(text: &str) -> Option<(usize, &str, &str)> {
    let (count, rest) = text.strip_prefix('{')?.split_once('*')?;
    let (repeated, after) = rest.split_once('}')?;
    Some((count.parse().ok()?, repeated, after))
}

/// An answer as the list writes it.
pub(crate) fn show(answer: &Answer, mount: &str) -> String {
    let mut shown = format!("< {}\n", answer.status);
    let length = answer.body.len().to_string();
    for (name, value) in &answer.headers {
        match (name.as_str(), value.as_str()) {
            ("x-content-type-options", "nosniff") => {}
            ("content-length", value) if value == length && value != "0" => {}
            // It changes with the document, to which other tests hold it.
            ("etag", value) if value.len() == 18 => shown.push_str("< etag: (the document's)\n"),
            ("etag", value) => writeln!(shown, "< etag: {}", without_revision(value)).unwrap(),
            // The mount's prefix is as the client sent it.
            ("location" | "content-location" | "link", value) => {
                let value = ["/packages/", "/packages?", "/daily/"].into_iter().fold(
                    value.to_owned(),
                    |value, path| {
                        value.replacen(&format!("{mount}{path}"), &format!("{{mount}}{path}"), 1)
                    },
                );
                writeln!(shown, "< {name}: {value}").unwrap();
            }
            (name, value) => writeln!(shown, "< {name}: {value}").unwrap(),
        }
    }
    if answer.header("x-content-type-options").is_none() {
        shown.push_str("< (the host's own answer)\n");
    }
    if answer.body.starts_with(b"{\"openapi\":") {
        shown.push_str("<\n< (the document)\n");
    } else if !answer.body.is_empty() {
        // The absolute links of feeds, and the names of their entries.
        let text = ["example.org", "/pyaday", "localhost", ":8080", ":"].into_iter().fold(
            answer.text(),
            |text, before| {
                text.replace(&format!("{before}{mount}/daily"), &format!("{before}{{mount}}/daily"))
            },
        );
        let text = without_identity(&text);
        shown.push_str("<\n");
        text.lines().for_each(|line| writeln!(shown, "< {line}").unwrap());
    }
    shown
}
