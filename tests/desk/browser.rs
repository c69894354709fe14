//! What people do with the desk in a real browser. `tests/browser/stories` has the stories.

mod nginx;

use std::path::Path;
use std::process::Command;

use pyaday_core::conformance::http::{Mounted, three_packages};
use pyaday_core::{Api, PackageStore};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::tools::{self, Tool};

use self::nginx::Nginx;
use super::with_desk;
use crate::golden::memory;
use crate::support::files;
use crate::support::homes::{Actix, Axum};

/// What people do, with the mouse and with the keyboard.
const WORK: &str = "find,edit,exact,lost,together,many,import,days,past,reading";
/// The same without what the browser alone decides.
const WORK_ELSEWHERE: &str = "find,edit,exact,many,import,days,past,reading";

/// Runs groups of stories against catalogues at these URLs, which are `per_catalogue` stories each.
fn stories(groups: &str, urls: &[String], per_catalogue: usize) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/run.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(groups)
        .args(urls)
        .env("PYADAY_BROWSER", tools::browser_modules())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    let held = told.lines().filter(|line| line.starts_with("ok: ")).count();
    assert_eq!(held, per_catalogue * urls.len(), "{told}");
}

fn can_run(test: &str, more: &[Tool]) -> bool {
    let tools = [Tool::Program("node"), Tool::Program("chromium"), Tool::Browser];
    tools::are_there(test, &[&tools, more].concat())
}

fn api<S: PackageStore>(store: S) -> Api<impl PackageStore> {
    three_packages(store, with_desk())
}

fn in_a_file() -> Api<impl PackageStore> {
    api(SqliteStore::open(files::fresh("desk-in-a-browser")).unwrap())
}

#[test]
fn people_use_the_desk_on_axum_in_a_browser() {
    if can_run("the desk on axum in a browser", &[]) {
        let server = Axum::mount("", &api(memory()), None).0;
        stories(WORK, &[format!("http://{}", server.address)], 47);
    }
}

#[test]
fn people_use_the_desk_through_a_proxy_that_removes_a_part_of_the_path() {
    if can_run("the desk through nginx in a browser", &[Tool::Program("nginx")]) {
        let server = Actix::mount("", &in_a_file(), None).0;
        let proxy = Nginx::removing("/tools/pyaday/", server.address);
        stories(WORK_ELSEWHERE, &[proxy.url()], 34);
    }
}

#[test]
fn no_text_harms_and_nothing_is_in_the_way_in_a_browser() {
    if can_run("hostile texts and the looks of the desk in a browser", &[]) {
        let server = Axum::mount("/t/{tenant}/x", &in_a_file(), None).0;
        stories("control,hostile,looks", &[format!("http://{}/t/1/x", server.address)], 10);
    }
}

/// Each framework with each store at each mount. The other tests have more stories in three of these places.
#[test]
fn people_edit_with_each_framework_and_store_at_each_mount_in_a_browser() {
    if can_run("the desk at all mounts in a browser", &[]) {
        let mut servers = Vec::new();
        for (mount, path) in [("", ""), ("/api", "/api"), ("/t/{tenant}/x", "/t/1/x")] {
            servers.push((Axum::mount(mount, &api(memory()), None).0, path));
            servers.push((Axum::mount(mount, &in_a_file(), None).0, path));
            servers.push((Actix::mount(mount, &api(memory()), None).0, path));
            servers.push((Actix::mount(mount, &in_a_file(), None).0, path));
        }
        let urls: Vec<_> =
            servers.iter().map(|(it, path)| format!("http://{}{path}", it.address)).collect();
        stories("mounts", &urls, 1);
    }
}
