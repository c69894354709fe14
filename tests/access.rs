//! Facts about who may do what: every operation with every verdict of a guard, on every framework.

use std::sync::{Arc, Mutex};

use pyaday_core::conformance::http::{Mounted, SetUp, three_packages};
use pyaday_core::conformance::{Failing, Then};
use pyaday_core::{
    Access, Actor, Api, Blueprint, Endpoint, Operation, Options, PackageStore, ProblemType, Query,
    Verdict,
};

use crate::golden::memory;
use crate::middleware::Connection;
use crate::openapi::{contradiction, document};
use crate::poem::Poem;
use crate::support::client::{Answer, Request};
use crate::support::homes::{Actix, Axum, Core, Steps};
use crate::support::http2::Http2;

/// A request that each operation carries out, if the guard allows it.
pub(crate) struct Case {
    operation: Operation,
    pub(crate) request: Request,
    pub(crate) status: u16,
    /// What the guard must get.
    pub(crate) name: Option<&'static str>,
    pub(crate) date: Option<&'static str>,
    /// The package about which the guard is asked as well, once the body is read.
    also: Option<&'static str>,
    /// What is answered if the guard hides it.
    hidden: ProblemType,
}

/// The case of an operation. An operation without one fails here.
pub(crate) fn case(operation: Operation) -> Case {
    const PACKAGE: &str = "/packages/flask";
    const DAY: &str = "/daily/2026-11-23";
    const PIN: &str = "/daily/pins/2026-12-24";

    let (path, body, status) = match operation.name() {
        "list_packages" => ("/packages", None, 200),
        "create_package" => {
            ("/packages", Some(("application/json", r#"{"name":"new","short_desc":""}"#)), 201)
        }
        "read_package" => (PACKAGE, None, 200),
        "update_package" => (PACKAGE, Some(("application/json", r#"{"short_desc":""}"#)), 204),
        "patch_package" => {
            (PACKAGE, Some(("application/merge-patch+json", r#"{"tags":["web"]}"#)), 204)
        }
        "delete_package" => ("/packages/poetry", None, 204),
        "read_random_package" => ("/rand", None, 200),
        "read_today" => ("/daily", None, 200),
        "read_atom_feed" => ("/daily/feed.atom", None, 200),
        "read_json_feed" => ("/daily/feed.json", None, 200),
        "list_pins" => ("/daily/pins", None, 200),
        "read_pin" => (PIN, None, 404),
        "pin_day" => (PIN, Some(("application/json", r#"{"name":"flask"}"#)), 204),
        "unpin_day" => (PIN, None, 204),
        "read_day" => (DAY, None, 200),
        "list_changes" => ("/changes", None, 200),
        "change_packages" => {
            let body = r#"{"select":{"names":["flask"]},"add_tags":["http"]}"#;
            ("/changes", Some(("application/json", body)), 201)
        }
        // The revisions of the changes that exist are not known here.
        "read_change" => ("/changes/1", None, 404),
        "undo_change" => ("/changes/1/undo", None, 404),
        "import_packages" => {
            ("/import?on_existing=update", Some(("text/csv", "name,summary\nflask,new\n")), 200)
        }
        "export_packages" => ("/export", None, 200),
        "read_openapi" => ("/openapi.json", None, 200),
        "show_packages" => ("/desk", None, 200),
        "show_package" => ("/desk/packages/flask", None, 200),
        "show_days" => ("/desk/days", None, 200),
        "show_day" => ("/desk/days/2026-11-23", None, 200),
        "show_changes" => ("/desk/changes", None, 200),
        "show_change" => ("/desk/changes/1", None, 404),
        "show_import" => ("/desk/import", None, 200),
        "show_asset" => ("/desk/assets/none", None, 404),
        other => panic!("{other} has no case here"),
    };
    let method = operation.method().as_str();
    let mut request = Request::new(method, path);
    if let Some((media_type, body)) = body {
        request = request.header("content-type", media_type);
        request.body = body.as_bytes().to_vec();
    }
    // A page of the desk has the path of what it shows.
    let shown = path.strip_prefix("/desk").unwrap_or(path);
    let name = shown.strip_prefix("/packages/");
    let date = [DAY, PIN, "/days/2026-11-23"].contains(&shown).then(|| &path[path.len() - 10..]);
    let hidden = match shown {
        _ if date.is_some() => ProblemType::NoDaily,
        _ if shown.starts_with("/changes/") => ProblemType::ChangeNotFound,
        _ => ProblemType::PackageNotFound,
    };
    let is_about_many = ["change_packages", "import_packages"].contains(&operation.name());
    let also = is_about_many.then_some("flask");
    Case { operation, request, status, name, date, also, hidden }
}

/// What the guard was asked: the name of the actor, and the access.
type Asked = Arc<Mutex<Vec<(Option<String>, Access)>>>;

/// Options with a guard that gives this verdict and notes what it was asked.
fn guarded(verdict: &Verdict) -> (Options, Asked) {
    let (verdict, asked) = (verdict.clone(), Asked::default());
    let noted = Arc::clone(&asked);
    let options = SetUp::named("a desk").options.guard(move |actor, access| {
        let actor = actor.map(|actor| actor.name().to_owned());
        noted.lock().unwrap().push((actor, access.clone()));
        verdict.clone()
    });
    (options, asked)
}

fn each_operation_obeys_each_verdict<M: Mounted>() {
    let challenge = "Bearer realm=\"test\"";
    for verdict in [
        Verdict::Allow,
        Verdict::Unauthenticated { challenge: challenge.into() },
        Verdict::Forbidden,
        Verdict::Hidden,
    ] {
        for actor in [None, Some("ada")] {
            let (options, asked) = guarded(&verdict);
            let described = document(&options);
            let actor = actor.map(|name| Actor::new(name).unwrap());
            let api = three_packages(memory(), options);
            let before = revision(&api);
            let mounted = M::mount("", &api, actor.clone());
            for operation in Operation::ALL {
                let case = case(*operation);
                let answer = mounted.answer(&case.request);
                // It is the same for everyone, and pages that refuse something use it too.
                if operation.name() == "show_asset" {
                    assert_eq!((answer.status, asked.lock().unwrap().len()), (case.status, 0));
                    continue;
                }
                let what = format!("{operation:?} {verdict:?} {answer:?}");
                match verdict {
                    Verdict::Allow => assert_eq!(answer.status, case.status, "{what}"),
                    Verdict::Unauthenticated { .. } => {
                        is_problem(&answer, ProblemType::Unauthenticated);
                        assert_eq!(answer.header("www-authenticate"), Some(challenge), "{what}");
                    }
                    Verdict::Forbidden => is_problem(&answer, ProblemType::Forbidden),
                    Verdict::Hidden => is_problem(&answer, case.hidden),
                    _ => panic!("{verdict:?} has no case here"),
                }
                assert_eq!(contradiction(&described, &case.request, &answer), None, "{what}");
                // It was asked first about what was requested, and got everything. A page also asks about
                // what it shows and offers.
                let mut access = Access::new(case.operation);
                if let Some(name) = case.name {
                    access = access.with_name(name.parse().unwrap());
                }
                if let Some(date) = case.date {
                    access = access.with_date(date.parse().unwrap());
                }
                let mut accesses = vec![access];
                if let Some(also) = case.also.filter(|_| verdict == Verdict::Allow) {
                    let access = Access::new(case.operation);
                    accesses.push(access.with_name(also.parse().unwrap()));
                }
                let name = actor.as_ref().map(|actor| actor.name().to_owned());
                let expected: Vec<_> = accesses.into_iter().map(|it| (name.clone(), it)).collect();
                let all = std::mem::take(&mut *asked.lock().unwrap());
                let is_page = operation.blueprint() == Blueprint::Desk;
                assert_eq!(all[..expected.len()], expected, "{what}");
                let asks_more = is_page && verdict == Verdict::Allow;
                assert_eq!(all.len() > expected.len(), asks_more, "{what} {all:?}");
            }
            assert_eq!(revision(&api) > before, verdict == Verdict::Allow, "{verdict:?}");
        }
    }
}

/// The revision of the newest write.
fn revision<S: PackageStore>(api: &Api<S>) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let query = Query::new(std::num::NonZeroUsize::MIN);
    runtime.block_on(api.store().list(&query)).unwrap().revision.get()
}

fn is_problem(answer: &Answer, kind: ProblemType) {
    if answer.header("content-type") == Some("text/html; charset=utf-8") {
        assert_eq!(answer.status, kind.status().as_u16());
        assert!(answer.text().contains(kind.title()), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        return;
    }
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let expected = (kind.status().as_u16(), kind.urn());
    assert_eq!((answer.status, problem["type"].as_str().unwrap()), (expected.0, &*expected.1));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn the_core_asks_the_guard_for_every_operation() {
    each_operation_obeys_each_verdict::<Core>();
}

#[test]
fn the_steps_one_by_one_ask_the_guard_for_every_operation() {
    each_operation_obeys_each_verdict::<Steps>();
}

#[test]
fn axum_asks_the_guard_for_every_operation() {
    each_operation_obeys_each_verdict::<Axum>();
}

#[test]
fn actix_asks_the_guard_for_every_operation() {
    each_operation_obeys_each_verdict::<Actix>();
}

#[test]
fn poem_asks_the_guard_for_every_operation() {
    each_operation_obeys_each_verdict::<Poem>();
}

/// What is hidden cannot be distinguished from what does not exist.
#[test]
fn a_hidden_operation_is_answered_like_one_on_something_that_does_not_exist() {
    let hidden = Core::mount("", &three_packages(memory(), guarded(&Verdict::Hidden).0), None);
    let absent = Core::mount("", &Api::with_options(memory(), SetUp::named("").options), None);
    for (method, path) in [
        ("GET", "/packages/flask"),
        ("DELETE", "/packages/flask"),
        ("GET", "/daily/pins/2026-12-24"),
        ("DELETE", "/daily/pins/2026-12-24"),
        ("GET", "/rand"),
        ("GET", "/daily"),
    ] {
        let request = Request::new(method, path);
        assert_eq!(hidden.answer(&request), absent.answer(&request), "{method} {path}");
    }
    // A day before the first one of a catalogue that shows days.
    let shows_days = Core::mount("", &three_packages(memory(), SetUp::named("").options), None);
    shows_days.answer(&Request::new("GET", "/daily"));
    let request = Request::new("GET", "/daily/2026-11-20");
    assert_eq!(hidden.answer(&request), shows_days.answer(&request));
}

/// `OPTIONS` shows nothing but the methods. A method that does not exist reaches no operation.
#[test]
fn the_guard_is_not_asked_for_options_and_for_other_methods() {
    let (options, asked) = guarded(&Verdict::Forbidden);
    let core = Core::mount("", &three_packages(memory(), options), None);
    for endpoint in Endpoint::ALL.iter().filter(|it| it.path() != "/assets/{asset}") {
        let path = endpoint.full_path().replace("{name}", "flask").replace("{date}", "2026-12-24");
        let path = path.replace("{revision}", "1");
        assert_eq!(core.answer(&Request::new("OPTIONS", &path)).status, 204);
        assert_eq!(core.answer(&Request::new("TRACE", &path)).status, 405);
        assert!(asked.lock().unwrap().is_empty());
        // `HEAD` is `GET` to the guard.
        let get = endpoint.operation(&http::Method::GET);
        let refused = if get.is_some() { 403 } else { 405 };
        assert_eq!(core.answer(&Request::new("HEAD", &path)).status, refused);
        let names: Vec<_> = asked.lock().unwrap().drain(..).map(|it| it.1.operation()).collect();
        assert_eq!(names, Vec::from_iter(get));
    }
}

/// A host that routes requests itself calls the function of an operation.
#[tokio::test]
async fn the_functions_of_the_operations_ask_the_guard_too() {
    let (options, asked) = guarded(&Verdict::Forbidden);
    let api = three_packages(memory(), options);
    let request = |method: &str, path: &str| {
        let mut request =
            http::Request::builder().method(method).uri(path).body(String::new()).unwrap();
        request.extensions_mut().insert(Actor::new("ada").unwrap());
        request
    };
    let response = pyaday_core::delete_package(&api, request("DELETE", "/packages/flask")).await;
    assert_eq!(response.status(), 403);
    let response = pyaday_core::read_random_package(&api, request("GET", "/rand")).await;
    assert_eq!(response.status(), 403);
    let asked = asked.lock().unwrap();
    let asked: Vec<_> =
        asked.iter().map(|(actor, it)| (actor.as_deref(), it.operation().name())).collect();
    assert_eq!(asked, [(Some("ada"), "delete_package"), (Some("ada"), "read_random_package")]);
}

/// A path whose text is not a name or a date still reaches the guard, without one.
#[test]
fn the_guard_is_asked_about_names_and_dates_that_are_not_valid() {
    let (options, asked) = guarded(&Verdict::Hidden);
    let core = Core::mount("", &three_packages(memory(), options), None);
    for path in ["/packages/%FF", "/daily/today", "/daily/pins/2026-02-30"] {
        assert_eq!(core.answer(&Request::new("GET", path)).status, 404, "{path}");
        let (_, access) = asked.lock().unwrap().pop().unwrap();
        assert_eq!((access.name(), access.date()), (None, None), "{path}");
    }
}

fn newest_change<M: Mounted>(mounted: &M) -> String {
    let answer = mounted.answer(&Request::new("GET", "/changes"));
    let changes: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    changes["items"][0]["revision"].as_str().unwrap().to_owned()
}

/// A guard that lets only editors pin is also asked about the pins that an undo changes.
#[test]
fn the_guard_is_asked_about_each_pin_that_an_undo_changes() {
    let (options, asked) = guarded(&Verdict::Allow);
    let options = options.guard({
        let asked = Arc::clone(&asked);
        move |_, access| {
            asked.lock().unwrap().push((None, access.clone()));
            let is_pin = access.operation().name() == "undo_change" && access.date().is_some();
            if is_pin { Verdict::Forbidden } else { Verdict::Allow }
        }
    });
    let core = Core::mount("", &three_packages(memory(), options), None);
    let pin = case(operation("pin_day")).request;
    assert_eq!(core.answer(&pin).status, 204);
    let change = newest_change(&core);
    for query in ["", "?dry_run=true"] {
        asked.lock().unwrap().clear();
        let undo = Request::new("POST", &format!("/changes/{change}/undo{query}"));
        is_problem(&core.answer(&undo), ProblemType::Forbidden);
        let asked = asked.lock().unwrap();
        let (_, last) = asked.last().unwrap();
        assert_eq!(last.name(), Some(&"flask".parse().unwrap()));
        assert_eq!(last.date(), Some("2026-12-24".parse().unwrap()));
    }
    let pin = core.answer(&Request::new("GET", "/daily/pins/2026-12-24"));
    assert_eq!(pin.status, 200);
}

fn operation(name: &str) -> Operation {
    *Operation::ALL.iter().find(|operation| operation.name() == name).unwrap()
}

/// Every operation that writes brings its actor to the store.
fn each_write_has_its_actor<M: Mounted>() {
    for actor in [None, Some("ada")] {
        let written_by = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&written_by);
        let store = Failing::with_terms(memory(), move |_, write| {
            if let Some(write) = write {
                noted.lock().unwrap().push(write.actor().map(|actor| actor.name().to_owned()));
            }
            Then::Pass
        });
        let options = SetUp::named("").options;
        let api = three_packages(store, options);
        let mounted = M::mount("", &api, actor.map(|name| Actor::new(name).unwrap()));
        for operation in Operation::ALL {
            let mut request = case(*operation).request;
            if operation.name() == "undo_change" {
                request.target = format!("/changes/{}/undo", newest_change(&mounted)).into();
            }
            written_by.lock().unwrap().clear();
            mounted.answer(&request);
            let expected = match operation.is_safe() {
                true => vec![],
                false => vec![actor.map(str::to_owned)],
            };
            assert_eq!(*written_by.lock().unwrap(), expected, "{operation:?}");
        }
    }
}

#[test]
fn the_core_brings_the_actor_of_each_write_to_the_store() {
    each_write_has_its_actor::<Core>();
}

#[test]
fn axum_brings_the_actor_of_each_write_to_the_store() {
    each_write_has_its_actor::<Axum>();
}

#[test]
fn actix_brings_the_actor_of_each_write_to_the_store() {
    each_write_has_its_actor::<Actix>();
}

#[test]
fn poem_brings_the_actor_of_each_write_to_the_store() {
    each_write_has_its_actor::<Poem>();
}

/// With a list of hosts: a request for another host, and one that a page of another site sends.
fn each_operation_refuses_other_hosts_and_sites<M: Mounted>() {
    let options = || SetUp::named("a desk").options.hosts(["example.org".parse().unwrap()]);
    let described = document(&options());
    let api = three_packages(memory(), options());
    let (mounted, before) = (M::mount("", &api, None), revision(&api));
    for operation in Operation::ALL {
        let case = case(*operation);
        let rebound = case.request.clone().header("host", "evil.example");
        let rebound = rebound.header("sec-fetch-site", "same-origin");
        let answer = mounted.answer(&rebound);
        is_problem(&answer, ProblemType::MisdirectedRequest);
        assert_eq!(contradiction(&described, &rebound, &answer), None, "{operation:?}");

        let request = case.request.header("host", "example.org");
        for (field, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]
        {
            if !operation.is_safe() {
                let request = request.clone().header(field, value);
                let answer = mounted.answer(&request);
                is_problem(&answer, ProblemType::CrossSite);
                assert_eq!(contradiction(&described, &request, &answer), None, "{operation:?}");
            }
        }
    }
    assert_eq!(revision(&api), before);
    // The control: the same requests are carried out if nothing is wrong with them.
    for operation in Operation::ALL {
        let case = case(*operation);
        let request = case.request.header("host", "example.org");
        let request = request.header("sec-fetch-site", "same-origin");
        assert_eq!(mounted.answer(&request).status, case.status, "{operation:?}");
    }
}

#[test]
fn the_core_refuses_other_hosts_and_sites_for_every_operation() {
    each_operation_refuses_other_hosts_and_sites::<Core>();
}

#[test]
fn axum_refuses_other_hosts_and_sites_for_every_operation() {
    each_operation_refuses_other_hosts_and_sites::<Axum>();
}

#[test]
fn actix_refuses_other_hosts_and_sites_for_every_operation() {
    each_operation_refuses_other_hosts_and_sites::<Actix>();
}

#[test]
fn poem_refuses_other_hosts_and_sites_for_every_operation() {
    each_operation_refuses_other_hosts_and_sites::<Poem>();
}

/// In HTTP/2 the host is in the pseudo-header field `:authority`, which axum has in the URL.
#[test]
fn the_host_of_a_request_over_http_2_is_its_authority() {
    let set_up = SetUp::named("a list of hosts");
    let axum = Axum::mount("", &three_packages(memory(), set_up.options), None);
    let mut connection = Http2::connect(&axum.0);
    for (host, origin, status) in [
        ("example.org", "http://example.org", 204),
        ("example.org", "http://evil.example", 403),
        ("evil.example", "http://evil.example", 421),
    ] {
        let request = Request::new("PUT", "/packages/flask").header("host", host);
        let request = request.header("origin", origin).json(r#"{"short_desc":""}"#);
        assert_eq!(connection.send(&request).status, status, "{host} {origin}");
    }
}

/// Which of several hosts is meant is not known. Servers may refuse such a request themselves.
#[test]
fn a_request_that_names_several_hosts_or_none_is_for_no_host() {
    let mount = |set_up: &str| {
        Core::mount("", &three_packages(memory(), SetUp::named(set_up).options), None)
    };
    let (listed, any) = (mount("a list of hosts"), mount(""));
    let delete = Request::new("DELETE", "/packages/flask");
    let from_page = |request: Request| request.header("origin", "http://example.org");
    let twice = delete.clone().header("host", "example.org").header("host", "example.org");
    for request in [delete.clone(), twice, delete.clone().header("host", "")] {
        assert_eq!(listed.answer(&request).status, 421);
        assert_eq!(any.answer(&from_page(request)).status, 403);
    }
    // The control: a request that names one.
    let once = delete.header("host", "example.org");
    assert_eq!(listed.answer(&once).status, 204);
    assert_eq!(any.answer(&from_page(once)).status, 204);
}

/// Without a host in the list, no request is answered.
#[test]
fn an_empty_list_of_hosts_refuses_every_request() {
    let core = Core::mount("", &three_packages(memory(), Options::new().hosts([])), None);
    let request = Request::new("GET", "/rand").header("host", "example.org");
    assert_eq!(core.answer(&request).status, 421);
}
