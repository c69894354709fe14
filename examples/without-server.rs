//! The catalogue without any server: requests are values, answers are values, and functions lead
//! from one to the other.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use http::{Request, Response, StatusCode, header};

use pyaday_core::{Api, Body, MemoryStore, create_package, read_package, read_random_package};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    let api = Api::new(MemoryStore::new());
    let dynaconf = r#"{"name":"dynaconf","short_desc":"The dynamic configurator."}"#;

    let request = Request::post("/packages")
        .header(header::CONTENT_TYPE, "application/json")
        .body(dynaconf.to_owned())?;
    let created = create_package(&api, request).await;
    show("POST /packages", &created);
    assert_eq!(created.status(), StatusCode::CREATED);
    assert_eq!(created.headers()[header::LOCATION], "/packages/dynaconf");

    let read = read_package(&api, get("/packages/dynaconf")?).await;
    show("GET /packages/dynaconf", &read);
    assert_eq!(read.status(), StatusCode::OK);
    assert_eq!(read.body().as_bytes(), Some(dynaconf.as_bytes()));

    let missing = read_package(&api, get("/packages/doesnotexist")?).await;
    show("GET /packages/doesnotexist", &missing);
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.headers()[header::CONTENT_TYPE], "application/problem+json");

    // The only package there is.
    let random = read_random_package(&api, get("/rand")?).await;
    show("GET /rand", &random);
    assert_eq!(random.status(), StatusCode::OK);
    assert_eq!(random.body().as_bytes(), Some(dynaconf.as_bytes()));

    Ok(())
}

fn get(path: &str) -> Result<Request<String>, http::Error> {
    Request::get(path).body(String::new())
}

fn show(asked: &str, answer: &Response<Body>) {
    let content = answer.body().as_bytes().unwrap_or_default();
    println!("{asked}: {} {}", answer.status(), String::from_utf8_lossy(content));
}
