//! Facts about mounting: a catalogue fits into an application that has a life of its own.

use std::sync::{Arc, Mutex};

use actix_web::web;
use axum::extract::{MatchedPath, Request as AxumRequest, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::get;
use pyaday_core::{Api, Blueprint, MemoryStore, Package, PackageStore, Write};

use crate::support::client::{Request, send};
use crate::support::homes::Server;

const FLASK: &str = r#"{"name":"flask","short_desc":""}"#;

fn get_request(path: &str) -> Request {
    Request::new("GET", path)
}

/// Creates flask below `packages` and reads it there; finds nothing of pyaday elsewhere.
fn assert_serves_packages(server: &Server, packages: &str, elsewhere: &[&str]) {
    let created = send(server.address, &Request::new("POST", packages).json(FLASK));
    assert_eq!((created.status, created.text().as_str()), (201, ""));
    let location = format!("{packages}/flask");
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(send(server.address, &get_request(&location)).text(), FLASK);
    for path in elsewhere {
        let answer = send(server.address, &get_request(path));
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), None, "{path} is a problem of ours");
    }
}

#[test]
fn one_blueprint_can_be_mounted_alone_at_any_path() {
    let api = Api::new(MemoryStore::new());
    let router = pyaday_axum::blueprint(Blueprint::Packages, &api);
    let server = Server::axum(axum::Router::new().nest("/pkgs", router));
    assert_serves_packages(&server, "/pkgs", &["/packages/flask", "/rand", "/pkgs/rand/x", "/"]);

    let api = Api::new(MemoryStore::new());
    let server = Server::actix(move |app| {
        app.service(pyaday_actix::blueprint(Blueprint::Packages, "/pkgs", &api));
    });
    assert_serves_packages(&server, "/pkgs", &["/packages/flask", "/rand", "/pkgs/rand/x", "/"]);
}

/// Reads the day and its resource below `daily`, and the feed's way there.
fn assert_serves_days(server: &Server, daily: &str) {
    let today = send(server.address, &get_request(daily));
    assert_eq!(today.status, 200);
    let location = today.header("content-location").unwrap();
    assert!(location.strip_prefix(daily).is_some_and(|date| date.starts_with("/20")));
    assert_eq!(send(server.address, &get_request(location)).body, today.body);
    for feed in ["feed.atom", "feed.json"] {
        let feed = send(server.address, &get_request(&format!("{daily}/{feed}")));
        assert!(feed.text().contains(&format!("http://test{location}\"")), "{}", feed.text());
    }
    for path in ["/daily", "/packages/flask", &format!("{daily}/"), &format!("{daily}/daily/x")] {
        let answer = send(server.address, &get_request(path));
        assert_eq!((answer.status, answer.header("content-type")), (404, None), "{path}");
    }
}

#[test]
fn the_daily_blueprint_can_be_mounted_alone_at_any_path() {
    let api = || {
        let api = Api::new(MemoryStore::new());
        let flask = Package::new("flask", "").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(api.store().create(flask, Write::new())).unwrap();
        api
    };
    let router = pyaday_axum::blueprint(Blueprint::Daily, &api());
    assert_serves_days(&Server::axum(axum::Router::new().nest("/pick", router)), "/pick");
    let api = api();
    let server = Server::actix(move |app| {
        app.service(pyaday_actix::blueprint(Blueprint::Daily, "/pick", &api));
    });
    assert_serves_days(&server, "/pick");
}

#[test]
fn two_catalogues_in_one_host_are_independent() {
    let mounts = ["/a", "/b"].map(|prefix| (prefix, Api::new(MemoryStore::new())));
    let app = mounts
        .iter()
        .fold(axum::Router::new(), |app, (prefix, api)| app.nest(prefix, pyaday_axum::router(api)));
    let server = Server::axum(app);
    assert_serves_packages(&server, "/a/packages", &[]);
    assert_serves_packages(&server, "/b/packages", &[]);

    let mounts = ["/a", "/b"].map(|prefix| (prefix, Api::new(MemoryStore::new())));
    let server = Server::actix(move |app| {
        for (prefix, api) in &mounts {
            app.service(pyaday_actix::scope(prefix, api));
        }
    });
    assert_serves_packages(&server, "/a/packages", &[]);
    assert_serves_packages(&server, "/b/packages", &[]);
}

#[test]
fn a_catalogue_can_be_mounted_under_a_prefix_with_captures() {
    let api = Api::new(MemoryStore::new());
    let inner = axum::Router::new().nest("/{version}", pyaday_axum::router(&api));
    let server = Server::axum(axum::Router::new().nest("/tenants/{tenant}", inner));
    assert_serves_packages(&server, "/tenants/acme/v1/packages", &["/tenants/acme/packages/flask"]);

    let api = Api::new(MemoryStore::new());
    let server = Server::actix(move |app| {
        let inner = pyaday_actix::scope("/{version}", &api);
        app.service(web::scope("/tenants/{tenant}").service(inner));
    });
    assert_serves_packages(&server, "/tenants/acme/v1/packages", &["/tenants/acme/packages/flask"]);
}

/// What a host's middleware saw of each request: the pattern it matched.
type Seen = Arc<Mutex<Vec<String>>>;

const PATTERNS: [&str; 4] = ["/api/packages", "/api/packages/{name}", "/api/rand", "/hello"];

fn ask_each_pattern(server: &Server) {
    send(server.address, &Request::new("POST", "/api/packages").json(FLASK));
    for path in ["/api/packages/flask", "/api/rand"] {
        assert_eq!(send(server.address, &get_request(path)).text(), FLASK);
    }
    assert_eq!(send(server.address, &get_request("/hello")).text(), "hello from the host");
}

#[test]
fn the_axum_hosts_state_middleware_and_matched_path_keep_working() {
    #[derive(Clone)]
    struct HostState {
        greeting: &'static str,
        seen: Seen,
    }
    async fn note(
        State(state): State<HostState>,
        path: MatchedPath,
        request: AxumRequest,
        next: Next,
    ) -> axum::response::Response {
        state.seen.lock().unwrap().push(path.as_str().to_owned());
        next.run(request).await
    }
    let state = HostState { greeting: "hello from the host", seen: Seen::default() };
    let api = Api::new(MemoryStore::new());
    let app = axum::Router::new()
        .route("/hello", get(|State(state): State<HostState>| async move { state.greeting }))
        .nest("/api", pyaday_axum::router(&api))
        .route_layer(from_fn_with_state(state.clone(), note))
        .with_state(state.clone());
    ask_each_pattern(&Server::axum(app));
    assert_eq!(*state.seen.lock().unwrap(), PATTERNS);
}

#[test]
fn the_actix_hosts_state_middleware_and_matched_pattern_keep_working() {
    let seen = Seen::default();
    let api = Api::new(MemoryStore::new());
    let noted = Arc::clone(&seen);
    let server = Server::actix(move |app| {
        let noted = Arc::clone(&noted);
        let hello = |greeting: web::Data<&'static str>| async move { **greeting };
        app.app_data(web::Data::new("hello from the host")).service(
            web::scope("")
                .wrap_fn(move |request, service| {
                    use actix_web::dev::Service;
                    let pattern = request.match_pattern().unwrap_or_default();
                    noted.lock().unwrap().push(pattern);
                    service.call(request)
                })
                .service(pyaday_actix::scope("/api", &api))
                .route("/hello", web::get().to(hello)),
        );
    });
    ask_each_pattern(&server);
    assert_eq!(*seen.lock().unwrap(), PATTERNS);
}

#[test]
fn the_hosts_own_routes_beside_the_mount_are_unchanged() {
    let api = Api::new(MemoryStore::new());
    let app = axum::Router::new()
        .nest("/api", pyaday_axum::router(&api))
        .route("/api/health", get(|| async { "well" }))
        .fallback(|| async { (http::StatusCode::NOT_FOUND, "the host's own 404") });
    let server = Server::axum(app);
    assert_eq!(send(server.address, &get_request("/api/health")).text(), "well");
    assert_eq!(send(server.address, &get_request("/api/nothing")).text(), "the host's own 404");

    let api = Api::new(MemoryStore::new());
    let server = Server::actix(move |app| {
        app.service(
            pyaday_actix::scope("/api", &api).route("/health", web::get().to(|| async { "well" })),
        );
        app.default_service(web::to(|| async {
            actix_web::HttpResponse::NotFound().body("the host's own 404")
        }));
    });
    assert_eq!(send(server.address, &get_request("/api/health")).text(), "well");
    assert_eq!(send(server.address, &get_request("/api/nothing")).text(), "the host's own 404");
}
