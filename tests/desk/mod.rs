//! Facts about the pages of the desk. What each page contains is in the golden list.

mod browser;
mod crawl;
mod page;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Mutex};

use pyaday_core::conformance::http::{Mounted, SetUp, three_packages};
use pyaday_core::{
    Actor, Api, Blueprint, Desk, Endpoint, MemoryStore, Options, Package, PackageStore, Query,
    Replacement, Verdict, Write, respond,
};
use pyaday_tests::tools::{self, Tool};
use serde_json::json;

use self::crawl::{MOUNTS, Mount, crawl};
use self::page::Page;
use crate::golden::memory;
use crate::poem::Poem;
use crate::support::client::{Answer, Request};
use crate::support::files;
use crate::support::homes::{Actix, Axum, Core};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn with_desk() -> Options {
    SetUp::named("a desk").options
}

/// Answers a request for a path, without a server.
fn get<S: PackageStore>(api: &Api<S>, path: &str) -> Answer {
    Core::mount("", api, None).answer(&Request::new("GET", path))
}

/// A catalogue with everything that pages show: metadata, several pages, changes and pins.
fn catalogue() -> Api<impl PackageStore> {
    let api = three_packages(memory(), with_desk());
    let home = Core::mount("", &api, None);
    let metadata = json!({
        "version": "3.1.2", "keywords": "web, wsgi", "requires_python": ">=3.9",
        "project_url": ["Source, https://github.com/pallets/flask"],
    });
    let patch = json!({ "tags": ["web", "wsgi"], "metadata": metadata }).to_string();
    let mut patch_flask = Request::new("PATCH", "/packages/flask");
    patch_flask.body = patch.into_bytes();
    home.answer(&patch_flask.header("content-type", "application/merge-patch+json"));
    home.answer(&Request::new("PUT", "/daily/pins/2026-12-01").json(r#"{"name":"poetry"}"#));
    home.answer(&Request::new("DELETE", "/packages/poetry"));
    home.answer(&Request::new("PUT", "/daily/pins/2026-11-30").json(r#"{"name":"flask"}"#));
    home.answer(&Request::new("GET", "/daily"));
    for at in 0..60 {
        let package = Package::new(&format!("package-{at}"), "One of many").unwrap();
        block_on(api.store().create(package, Write::new())).unwrap();
    }
    api
}

#[test]
fn every_link_of_every_page_of_the_core_leads_somewhere() {
    for mount in MOUNTS {
        assert!(crawl::<Core, _>(&catalogue(), mount, &["/desk"]) > 80);
    }
}

#[test]
fn every_link_of_every_page_on_axum_leads_somewhere() {
    for mount in MOUNTS {
        assert!(crawl::<Axum, _>(&catalogue(), mount, &["/desk"]) > 80);
    }
}

#[test]
fn every_link_of_every_page_on_actix_leads_somewhere() {
    for mount in MOUNTS {
        assert!(crawl::<Actix, _>(&catalogue(), mount, &["/desk"]) > 80);
    }
}

#[test]
fn every_link_of_every_page_on_poem_leads_somewhere() {
    assert!(crawl::<Poem, _>(&catalogue(), MOUNTS[1], &["/desk"]) > 80);
}

/// The control: a page with a fault is found.
#[test]
fn a_page_with_a_fault_is_found() {
    let right = get(&catalogue(), "/desk").text();
    assert_eq!(Page::parse(&right).faults(), Vec::<String>::new());
    for (part, wrong) in [
        ("<!DOCTYPE html>", ""),
        ("</form>", ""),
        ("<form ", "<form onsubmit=\"x\" "),
        ("<form ", "<form style=\"color:red\" "),
        ("</head>", "<style>a{}</style></head>"),
        ("</main>", "<script>x</script></main>"),
        ("</main>", "<p id=\"main\"></p></main>"),
        ("for=\"q\"", "for=\"other\""),
    ] {
        let page = right.replacen(part, wrong, 1);
        assert_ne!(page, right);
        assert!(!Page::parse(&page).faults().is_empty(), "{part} {wrong}");
    }
}

/// What the validator of the W3C says about these pages. It is empty if it finds nothing.
fn validated(pages: &[String]) -> String {
    let folder = files::fresh("validated");
    std::fs::create_dir_all(&folder).unwrap();
    for (at, page) in pages.iter().enumerate() {
        std::fs::write(folder.join(format!("{at}.html")), page).unwrap();
    }
    let jar = tools::browser_modules().join("node_modules/vnu-jar/build/dist/vnu.jar");
    let output = Command::new("java").arg("-jar").arg(jar).arg("--Werror").arg(&folder).output();
    std::fs::remove_dir_all(&folder).unwrap();
    String::from_utf8(output.unwrap().stderr).unwrap()
}

#[test]
fn the_validator_of_the_w3c_finds_nothing_in_any_page() {
    if !tools::are_there("the validator of the W3C", &[Tool::Program("java"), Tool::Browser]) {
        return;
    }
    let api = catalogue();
    let controls: String = ('\0'..'\u{a0}').filter(|c| c.is_control()).collect();
    let metadata = json!({ "version": controls, *controls: controls });
    let package = json!({ "name": "controls", "short_desc": "", "metadata": metadata }).to_string();
    let package = Package::from_json(package.as_bytes()).unwrap();
    block_on(api.store().create(package, Write::new())).unwrap();
    let others =
        ["/desk/packages/controls", "/desk/packages/none", "/desk?q=%00", "/desk/changes/1"];
    let pages: Vec<_> = PAGES.iter().chain(&others).map(|path| get(&api, path).text()).collect();
    assert_eq!(validated(&pages), "");
    // The control.
    let wrong = pages[0].replacen("<button ", "<button href=\"x\" ", 1);
    assert!(validated(&[wrong]).contains("href"));
}

/// Texts that would do harm if a page did not escape them. The stories for browsers have them too.
const HOSTILE: &str = include_str!("../browser/hostile.json");

#[test]
fn hostile_texts_are_shown_and_do_nothing() {
    let texts: Vec<String> = serde_json::from_str(HOSTILE).unwrap();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    assert_eq!(texts.len(), 30);
    let api = Api::with_options(MemoryStore::new(), with_desk());
    let mut paths = vec!["/desk".to_owned(), "/desk/changes".to_owned()];
    for (at, hostile) in texts.iter().enumerate() {
        let package = |short_desc: String| {
            let package = json!({
                "name": format!("package-{at}"), "short_desc": short_desc,
                "metadata": {
                    "version": hostile, "keywords": [hostile],
                    "project_url": [hostile, format!("Docs, {hostile}")],
                    "author": { *hostile: hostile }, *hostile: hostile,
                },
            });
            Package::from_json(package.to_string().as_bytes()).unwrap()
        };
        let write =
            Write::new().by(Actor::new(hostile).unwrap()).with_note(hostile.parse().unwrap());
        let (first, second) = (package((*hostile).to_owned()), package(format!("Not {hostile}")));
        block_on(async {
            let name = first.name.normalized();
            api.store().create(first, write.clone()).await.unwrap();
            api.store().update(&name, Replacement::from(second), write).await.unwrap();
        });
        paths.push(format!("/desk/packages/package-{at}"));
        let encoded: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
        paths.push(format!("/desk?q={encoded}"));
        paths.push(format!("/desk/changes?by={encoded}"));
    }
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    assert!(crawl::<Core, _>(&api, MOUNTS[0], &paths) > 200);
    for (at, hostile) in texts.iter().enumerate() {
        let page = Page::parse(&get(&api, &format!("/desk/packages/package-{at}")).text());
        assert!(page.text("main").contains(hostile), "{hostile} is not shown");
        let encoded: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
        for place in
            ["?tag=", "?after=", "/changes?name=", "/changes?what=", "/days?month=", "/days/"]
        {
            let answer = get(&api, &format!("/desk{place}{encoded}"));
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{place}");
            assert_eq!(Page::parse(&answer.text()).faults(), Vec::<String>::new(), "{place}");
        }
    }
}

/// Pages of all kinds, in the catalogue with which the scenarios of the golden list begin.
const PAGES: [&str; 7] = [
    "/desk",
    "/desk?q=web",
    "/desk/packages/flask",
    "/desk/days",
    "/desk/days/2026-11-23",
    "/desk/changes",
    "/desk/import",
];

#[test]
fn a_page_that_has_not_changed_is_not_sent_again() {
    let home = Core::mount("", &three_packages(memory(), with_desk()), None);
    home.answer(&Request::new("GET", "/daily/2026-11-23"));
    for path in PAGES {
        let page = home.answer(&Request::new("GET", path));
        let tag = page.header("etag").unwrap();
        let again = home.answer(&Request::new("GET", path).header("if-none-match", tag));
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("content-security-policy"), page.header("content-security-policy"));
        let head = home.answer(&Request::new("HEAD", path));
        assert_eq!((head.status, &head.headers), (200, &page.headers), "{path}");
    }
    // The control: each page but that of the day shows the package that is added.
    let tags = PAGES
        .map(|path| home.answer(&Request::new("GET", path)).header("etag").unwrap().to_owned());
    let body = r#"{"name":"web","short_desc":"web"}"#;
    assert_eq!(home.answer(&Request::new("POST", "/packages").json(body)).status, 201);
    for path in ["/desk", "/desk?q=web", "/desk/changes"] {
        let at = PAGES.iter().position(|it| it == &path).unwrap();
        assert_ne!(
            home.answer(&Request::new("GET", path)).header("etag"),
            Some(&*tags[at]),
            "{path}"
        );
    }
}

#[test]
fn pages_are_for_the_clients_own_cache_if_there_is_a_guard() {
    let desk = || Desk::guarded_by(|_, _| Verdict::Allow);
    for (options, expected) in [
        (Options::new().desk(Desk::open_to_all()), "no-cache"),
        (Options::new().desk(desk()), "private, no-cache"),
        (Options::new().desk(desk()).private(false), "private, no-cache"),
        (Options::new().desk(Desk::open_to_all()).private(true), "private, no-cache"),
    ] {
        let page = get(&Api::with_options(MemoryStore::new(), options), "/desk");
        assert_eq!(page.header("cache-control"), Some(expected));
    }
}

#[test]
fn the_files_of_the_pages_are_kept_for_ever() {
    let api = three_packages(memory(), with_desk());
    let page = Page::parse(&get(&api, "/desk").text());
    for (url, media_type) in [
        (
            page.named("script").next().and_then(|it| it.attribute("src")),
            "text/javascript; charset=utf-8",
        ),
        (
            page.named("link")
                .find(|it| it.attribute("rel") == Some("stylesheet"))
                .and_then(|it| it.attribute("href")),
            "text/css; charset=utf-8",
        ),
    ] {
        let file = get(&api, &format!("/{}", url.unwrap()));
        assert_eq!((file.status, file.header("content-type")), (200, Some(media_type)));
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
    }
}

/// A page must not show what the guard does not allow, whatever it calls its own operation.
#[test]
fn a_page_shows_nothing_that_the_guard_refuses() {
    for (refused, path, link) in [
        ("list_packages", "/desk", "desk"),
        ("read_package", "/desk/packages/flask", ""),
        ("read_day", "/desk/days", "desk/days"),
        ("read_day", "/desk/days/2026-11-23", ""),
        ("list_changes", "/desk/changes", "desk/changes"),
        ("import_packages", "/desk/import", "desk/import"),
        ("read_change", "/desk/changes/1", ""),
    ] {
        let is_refused = move |name: &str| name == refused;
        let options =
            SetUp::named("a desk").options.desk(Desk::guarded_by(
                move |_, access| match is_refused(access.operation().name()) {
                    true => Verdict::Forbidden,
                    false => Verdict::Allow,
                },
            ));
        let home = Core::mount("", &three_packages(memory(), options), None);
        assert_eq!(home.answer(&Request::new("GET", path)).status, 403, "{refused}");
        for other in PAGES.iter().filter(|_| !link.is_empty()) {
            let answer = home.answer(&Request::new("GET", other));
            if answer.status == 200 {
                let page = Page::parse(&answer.text());
                let nav = page.named("a").any(|a| {
                    let url = a.attribute("href").unwrap_or_default().trim_start_matches("../");
                    url == link && a.attribute("class") != Some("home")
                });
                assert!(!nav, "{other} links to what {refused} refuses");
            }
        }
    }
}

/// Each form is on its page only if the guard allows what the form does.
#[test]
fn a_page_offers_only_what_the_guard_allows() {
    const FORMS: [&str; 5] = ["bulk", "create", "edit", "import", "pin"];

    for (allowed, expected) in [
        ("", None),
        ("change_packages", Some("bulk")),
        ("create_package", Some("create")),
        ("update_package", Some("edit")),
        ("delete_package", Some("edit")),
        ("import_packages", Some("import")),
        ("pin_day", Some("pin")),
    ] {
        let options = with_desk().desk(Desk::guarded_by(move |_, access| {
            match !access.is_write() || access.operation().name() == allowed {
                true => Verdict::Allow,
                false => Verdict::Forbidden,
            }
        }));
        let api = three_packages(memory(), options);
        let pages = PAGES.map(|path| Page::parse(&get(&api, path).text()));
        let forms = pages.iter().flat_map(|page| page.named("form"));
        let forms: BTreeSet<_> = forms.filter_map(|form| form.attribute("id")).collect();
        let forms: Vec<_> = forms.into_iter().filter(|id| FORMS.contains(id)).collect();
        assert_eq!(forms, Vec::from_iter(expected), "{allowed}");
    }
}

/// A guard may decide by the package or the day that a path names. It is not told of another one.
#[test]
fn the_guard_is_asked_about_an_operation_as_it_is_about_a_request_for_it() {
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let note = Arc::clone(&asked);
    let options = with_desk().desk(Desk::guarded_by(move |_, access| {
        let (name, date) = (access.name().is_some(), access.date().is_some());
        note.lock().unwrap().insert((access.operation().path(), name, date));
        Verdict::Allow
    }));
    let home = Core::mount("", &three_packages(memory(), options), None);
    home.answer(&Request::new("GET", "/daily/2026-11-23"));
    for page in PAGES {
        assert_eq!(home.answer(&Request::new("GET", page)).status, 200, "{page}");
    }
    let asked = asked.lock().unwrap();
    for (path, has_name, has_date) in &*asked {
        assert!(!has_name || path.contains("{name}"), "{path}");
        assert!(!has_date || path.contains("{date}"), "{path}");
    }
    // The calendar asks whether it may show days at all, and then about each day that it shows.
    let read_day = "/{date}";
    assert!(asked.contains(&(read_day, false, false)) && asked.contains(&(read_day, false, true)));
}

/// A dependency that turns the feature on must not add pages to a service.
#[test]
fn without_the_option_no_page_is_mounted_or_answered() {
    let api = three_packages(memory(), SetUp::named("").options);
    assert!(api.endpoints().all(|endpoint| endpoint.blueprint() != Blueprint::Desk));
    assert_eq!(api.endpoints_of(Blueprint::Desk).count(), 0);
    let of_desk = Endpoint::ALL.iter().filter(|it| it.blueprint() == Blueprint::Desk);
    for endpoint in of_desk {
        for method in ["GET", "OPTIONS", "POST"] {
            let path = endpoint.full_path().replace(['{', '}'], "");
            let request = http::Request::builder().method(method).uri(path).body(String::new());
            let response = block_on(respond(&api, endpoint, request.unwrap()));
            assert_eq!(response.status(), 404, "{method} {endpoint:?}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
        }
    }
    // The control.
    let api = three_packages(memory(), with_desk());
    assert_eq!(api.endpoints().count(), Endpoint::ALL.len());
}

/// The list of the golden answers has the other problems. A host that takes the steps one by one catches
/// panics itself.
#[test]
fn a_panic_is_reported_as_a_page_that_says_nothing_of_it() {
    let answer = get(&three_packages(memory(), with_desk()), "/desk/packages/panics");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (500, Some("text/html; charset=utf-8"))
    );
    assert!(answer.text().contains("Internal error") && !answer.text().contains("secret"));
}

fn answers_pages_only_with_the_option<M: Mounted>() {
    for (options, status) in [(SetUp::named("").options, 404), (with_desk(), 200)] {
        let mounted = M::mount("/api", &three_packages(memory(), options), None);
        let answer = mounted.answer(&Request::new("GET", "/api/desk"));
        assert_eq!(answer.status, status);
        // Without the desk, this is the host's own answer.
        assert_eq!(answer.header("content-type").is_some(), status == 200, "{answer:?}");
    }
}

#[test]
fn axum_answers_pages_only_with_the_option() {
    answers_pages_only_with_the_option::<Axum>();
}

#[test]
fn actix_answers_pages_only_with_the_option() {
    answers_pages_only_with_the_option::<Actix>();
}

#[test]
fn poem_answers_pages_only_with_the_option() {
    answers_pages_only_with_the_option::<Poem>();
}

/// A link of a page of another site must not be able to make the pages show something else in a frame.
#[test]
fn no_other_site_may_show_a_page_in_a_frame() {
    let policy = get(&catalogue(), "/desk");
    let policy = policy.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
    assert!(!policy.contains("unsafe"));
}

#[test]
fn the_first_page_is_small() {
    let api = Api::with_options(MemoryStore::new(), with_desk());
    let rows = include_str!("../search/packages.tsv").lines().skip(1);
    for row in rows {
        let columns: Vec<_> = row.split('\t').collect();
        let metadata = json!({ "version": "1.26.4", "rank": columns[1] });
        let package = json!({ "name": columns[0], "short_desc": columns[3], "metadata": metadata });
        let package = Package::from_json(package.to_string().as_bytes()).unwrap();
        block_on(api.store().create(package, Write::new())).unwrap();
    }
    let all = block_on(api.store().list(&Query::new(std::num::NonZeroUsize::MIN))).unwrap();
    assert!(all.total.unwrap() >= 500);
    let length = get(&api, "/desk").body.len();
    assert!(length <= 14_000, "the first page has {length} bytes");
}

/// The mounts of the crawl, so that a typing error in one of them is found.
#[test]
fn a_proxy_that_removes_a_part_of_the_path_is_among_the_mounts() {
    assert!(MOUNTS.iter().any(|Mount { client, target, .. }| client != target));
}

#[test]
fn a_change_of_very_many_parts_has_a_short_page() {
    let api = three_packages(memory(), with_desk());
    let metadata: serde_json::Map<_, _> =
        (0..150).map(|at| (format!("key-{at}"), json!(at))).collect();
    let mut patch = Request::new("PATCH", "/packages/flask");
    patch.body = json!({ "metadata": metadata }).to_string().into_bytes();
    let patch = patch.header("content-type", "application/merge-patch+json");
    let parts = |page: &str| page.matches("<dt>").count();
    assert_eq!(Core::mount("", &api, None).answer(&patch).status, 204);
    let list = get(&api, "/desk/changes?name=flask&what=update").text();
    assert_eq!(parts(&list), 12);
    assert!(list.contains("138 more parts"), "{list}");
    let revision = list.split("data-revision=\"").nth(1).unwrap();
    let revision = revision.split('"').next().unwrap();
    let page = get(&api, &format!("/desk/changes/{revision}")).text();
    assert_eq!(parts(&page), 100);
    assert!(page.contains("50 more parts"), "{page}");
}

#[test]
fn a_day_that_shows_the_package_of_an_earlier_day_is_marked() {
    let api = Api::with_options(MemoryStore::new(), with_desk());
    block_on(api.store().create(Package::new("only", "").unwrap(), Write::new())).unwrap();
    for (date, repeats) in [("2026-11-23", 0), ("2026-11-24", 1)] {
        assert_eq!(get(&api, &format!("/daily/{date}")).status, 200);
        let page = get(&api, "/desk/days");
        assert_eq!(page.text().matches("<mark>again</mark>").count(), repeats, "{date}");
    }
}

#[test]
fn more_packages_than_one_change_may_have_cannot_be_selected_at_once() {
    let api = Api::with_options(MemoryStore::new(), with_desk());
    let add = |from: usize, to: usize| {
        for at in from..to {
            let package = Package::new(&format!("many-{at}"), "").unwrap();
            block_on(api.store().create(package, Write::new())).unwrap();
        }
    };
    for (from, to, can_be) in [(0, 20_000, true), (20_000, 20_001, false)] {
        add(from, to);
        let page = get(&api, "/desk?q=many").text();
        assert!(page.contains("> packages match"), "{page}");
        assert_eq!(page.contains("data-total="), can_be, "{to}");
    }
}
