//! A catalogue in the tests of a host.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{
    Api, Date, MemoryStore, Options, Package, PackageStore, Seed, StoreError, Write, create_package,
};
use tower::ServiceExt;

#[tokio::test]
async fn today_and_the_draws_are_the_same_each_time() -> Result<(), Box<dyn Error>> {
    let today: Date = "2026-11-23".parse()?;
    let options = Options::new().clock(move || today.into()).seeds(|| Seed::new([7; 32]));
    let api = Api::with_options(MemoryStore::new(), options);
    for name in 'a'..='z' {
        api.store().create(Package::new(&name.to_string(), "")?, Write::new()).await?;
    }

    let app = pyaday_axum::router(&api);
    assert!(get(&app, "/daily").await?.starts_with(br#"{"date":"2026-11-23","package":"#));
    assert_eq!(get(&app, "/rand?count=26").await?, get(&app, "/rand?count=26").await?);
    Ok(())
}

async fn get(app: &Router, path: &str) -> Result<Bytes, Box<dyn Error>> {
    let answer = app.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
    Ok(to_bytes(answer.into_body(), usize::MAX).await?)
}

#[tokio::test]
async fn a_write_to_a_full_disk_is_503() -> Result<(), Box<dyn Error>> {
    let store = Failing::new(MemoryStore::new(), |call: Call<'_>| {
        if call.is_write() {
            let retry_after = Duration::from_secs(2);
            Then::Fail(StoreError::Unavailable { retry_after, source: "the disk is full".into() })
        } else {
            Then::Pass
        }
    });
    let request = Request::post("/packages")
        .header("content-type", "application/json")
        .body(r#"{"name":"flask","short_desc":""}"#.to_owned())?;
    let answer = create_package(&Api::new(store), request).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "2");
    Ok(())
}
