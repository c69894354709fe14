//! What people do with the desk in a real browser. `tests/browser/stories.mjs` has the stories.

use std::path::Path;
use std::process::Command;

use pyaday_core::conformance::http::{Mounted, three_packages};
use pyaday_core::{Api, PackageStore};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::tools::{self, Tool};

use super::with_desk;
use crate::golden::memory;
use crate::support::files;
use crate::support::homes::{Actix, Axum, Server};

/// Runs all stories against a catalogue that a server has below `mount`.
fn stories(server: &Server, mount: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/stories.mjs");
    let url = format!("http://{}{mount}", server.address);
    let output = Command::new("node")
        .arg(script)
        .arg(url)
        .env("PYADAY_BROWSER", tools::browser_modules())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    assert!(told.lines().filter(|line| line.starts_with("ok: ")).count() >= 10, "{told}");
}

fn can_run(test: &str) -> bool {
    tools::are_there(test, &[Tool::Program("node"), Tool::Program("chromium"), Tool::Browser])
}

fn api<S: PackageStore>(store: S) -> Api<impl PackageStore> {
    three_packages(store, with_desk())
}

#[test]
fn people_use_the_desk_on_axum_in_a_browser() {
    if can_run("the desk on axum in a browser") {
        stories(&Axum::mount("", &api(memory()), None).0, "");
    }
}

#[test]
fn people_use_the_desk_on_actix_from_a_file_in_a_browser() {
    if can_run("the desk on actix-web in a browser") {
        let store = SqliteStore::open(files::fresh("desk-in-a-browser")).unwrap();
        stories(&Actix::mount("/api", &api(store), None).0, "/api");
    }
}

#[test]
fn people_use_the_desk_below_a_prefix_with_a_variable_in_a_browser() {
    if can_run("the desk below a prefix in a browser") {
        stories(&Axum::mount("/t/{tenant}/x", &api(memory()), None).0, "/t/1/x");
    }
}
