//! The pieces of code that the README has for hosts, which do what it says.
#![expect(clippy::unwrap_used, reason = "that is how a test fails")]
#![expect(unreachable_pub, reason = "in a host these are items of a library")]

mod cors;
mod cors_actix;
mod cors_axum;
mod cors_fields;
mod fill;
mod in_a_test;
mod mounted;
mod protect;
mod protect_actix;
mod protect_axum;
mod roles;
mod sign_in;
mod sign_in_actix;
mod sign_in_axum;
mod tenants;
mod tokens;
mod writes;

use actix_web::web::ServiceConfig;
use http::Request;
use pyaday_core::{Api, MemoryStore, PackageStore, Replacement, Write};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_shows_this_code() {
    for (name, file) in [
        ("cors_actix.rs", include_str!("cors_actix.rs")),
        ("cors_axum.rs", include_str!("cors_axum.rs")),
        ("fill.rs", include_str!("fill.rs")),
        ("in_a_test.rs", include_str!("in_a_test.rs")),
        ("protect_actix.rs", include_str!("protect_actix.rs")),
        ("protect_axum.rs", include_str!("protect_axum.rs")),
        ("roles.rs", include_str!("roles.rs")),
        ("tenants.rs", include_str!("tenants.rs")),
        ("writes.rs", include_str!("writes.rs")),
    ] {
        let (_comment, code) = file.split_once("\n\n").unwrap();
        assert!(README.contains(&format!("```rust\n{code}```\n")), "{name}");
    }
}

#[tokio::test]
async fn a_catalogue_is_filled_once() {
    let store = MemoryStore::new();
    fill::fill(&store).await.unwrap();
    let flask = "flask".parse().unwrap();
    let stored = store.read(&flask).await.unwrap().unwrap();

    store.delete(&"poetry".parse().unwrap(), Write::new()).await.unwrap();
    let mut details = stored.package().details;
    details.short_desc = "changed".parse().unwrap();
    store.update(&flask, Replacement::new(details), Write::new()).await.unwrap();
    fill::fill(&store).await.unwrap();
    let stored = store.read(&flask).await.unwrap().unwrap();
    assert_eq!(stored.package().details.short_desc.as_str(), "changed");
    assert!(store.read(&"poetry".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn each_tenant_has_its_own_catalogue() {
    let tenants = ["a", "b"].map(|name| (name.to_owned(), Api::new(MemoryStore::new()))).into();
    let router = tenants::router(&tenants);
    let post = |path: &str, name: &str| {
        let body = format!(r#"{{"name":"{name}","short_desc":""}}"#);
        Request::post(path).header("content-type", "application/json").body(body).unwrap()
    };
    let get = |path: &str| Request::get(path).body(String::new()).unwrap();

    let created = mounted::axum(&router, post("/tenants/a/packages", "flask")).await;
    assert_eq!((created.status, created.location()), (201, Some("/tenants/a/packages/flask")));
    let app = |app: &mut ServiceConfig| tenants::configure(&tenants, app);
    let created = mounted::actix(app, post("/tenants/b/packages", "poetry")).await;
    assert_eq!((created.status, created.location()), (201, Some("/tenants/b/packages/poetry")));

    for (path, status) in [
        ("/tenants/a/packages/flask", 200),
        ("/tenants/b/packages/flask", 404),
        ("/tenants/a/packages/poetry", 404),
        ("/tenants/b/packages/poetry", 200),
        ("/tenants/c/packages/flask", 404),
    ] {
        assert_eq!(mounted::axum(&router, get(path)).await.status, status, "{path}");
        assert_eq!(mounted::actix(app, get(path)).await.status, status, "{path}");
    }
}
