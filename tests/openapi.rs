//! Facts about the OpenAPI document: it says what is answered, all of it and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use pyaday_core::conformance::http::{self, SetUp};
use pyaday_core::{Api, Blueprint, Endpoint, MemoryStore, Options, ProblemType, Verdict, openapi};
use serde_json::{Value, json};

use crate::golden::{memory, three_packages};
use crate::support::client::{Answer, Request};
use crate::support::homes::{Actix, Axum, Core, Home};

/// A part of the document as a schema of its own, which its references still lead into.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

fn field<'a>(fields: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = fields.as_object()?;
    fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, field)| field)
}

/// What the document does not say of an answer.
pub(crate) fn contradiction(
    document: &Value,
    request: &Request,
    answer: &Answer,
) -> Option<String> {
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let path = target.split('?').next().unwrap();
    // The document does not describe the pages.
    let endpoint = Endpoint::find(path).filter(|it| it.blueprint() != Blueprint::Desk)?;
    let item = &document["paths"][endpoint.full_path()];
    let Some(operation) = item.get(request.method.to_ascii_lowercase()).filter(|_| {
        // `get` in lower case is another method.
        request.method == request.method.to_ascii_uppercase()
    }) else {
        let allowed = (answer.status, answer.header("allow"));
        return (allowed != (405, Some(endpoint.allow().as_str())))
            .then(|| format!("a method that is not described is answered {allowed:?}"));
    };
    let Some(described) = operation["responses"].get(answer.status.to_string()) else {
        return Some(format!("the status {} is not described", answer.status));
    };
    headers_contradiction(described, answer)
        .or_else(|| body_contradiction(document, described, request, answer))
}

fn headers_contradiction(described: &Value, answer: &Answer) -> Option<String> {
    let fields = &described["headers"];
    for (name, value) in &answer.headers {
        match (name.as_str(), field(fields, name)) {
            // OpenAPI leaves these to the contents.
            ("content-type" | "content-length", _) => {}
            (_, None) => return Some(format!("the field {name} is not described")),
            (_, Some(field)) if field["schema"]["type"] == "string" => {
                if !jsonschema::is_valid(&field["schema"], &json!(value)) {
                    return Some(format!("{name}: {value} is not as described"));
                }
            }
            (_, Some(field)) => {
                let number: Option<u64> = value.parse().ok();
                if !jsonschema::is_valid(&field["schema"], &json!(number)) {
                    return Some(format!("{name}: {value} is not as described"));
                }
            }
        }
    }
    let missing = fields.as_object()?.iter().find(|(name, field)| {
        field["required"] == true && answer.header(&name.to_ascii_lowercase()).is_none()
    })?;
    Some(format!("the field {} is missing", missing.0))
}

fn body_contradiction(
    document: &Value,
    described: &Value,
    request: &Request,
    answer: &Answer,
) -> Option<String> {
    let Some(contents) = described.get("content").filter(|_| request.method != "HEAD") else {
        return (!answer.body.is_empty()).then(|| "a body is not described".to_owned());
    };
    let content_type = answer.header("content-type").unwrap_or_default();
    let Some(content) = contents.get(content_type) else {
        return Some(format!("{content_type} is not described"));
    };
    // A feed in XML is a string to the document.
    let body = serde_json::from_slice(&answer.body).unwrap_or_else(|_| json!(answer.text()));
    let errors: Vec<_> = validator(document, &content["schema"])
        .iter_errors(&body)
        .map(|error| format!("{} at {:?}", error, error.instance_path()))
        .collect();
    (!errors.is_empty()).then(|| format!("{body} is not as described: {errors:?}"))
}

pub(crate) fn document(options: &Options) -> Value {
    openapi::document(options, "")
}

/// Each scenario's document, requests and answers.
fn for_each_exchange(mut check: impl FnMut(&Value, &Request, &Answer)) {
    let mut documents = BTreeMap::new();
    for scenario in http::scenarios() {
        let document = documents
            .entry(scenario.set_up.clone())
            .or_insert_with(|| document(&SetUp::named(&scenario.set_up).options));
        let SetUp { options, actor, .. } = SetUp::named(&scenario.set_up);
        let home = Core::mount("", &http::three_packages(memory(), options), actor);
        for exchange in &scenario.exchanges {
            let request = exchange.request("");
            check(document, &request, &home.answer(&request));
        }
    }
}

#[test]
fn every_golden_answer_is_described_by_the_document() {
    for_each_exchange(|document, request, answer| {
        let contradiction = contradiction(document, request, answer);
        assert!(contradiction.is_none(), "{request:?}\n{answer:?}\n{contradiction:?}");
    });
}

/// The control: answers that the document does not describe are detected.
#[test]
fn an_answer_that_is_not_described_is_detected() {
    let home = Core::mount("", &three_packages(), None);
    let request = Request::new("GET", "/packages/flask");
    let (right, document) = (home.answer(&request), document(&Options::new()));
    let found = |change: &dyn Fn(&mut Answer)| {
        let mut answer = right.clone();
        change(&mut answer);
        contradiction(&document, &request, &answer).is_some()
    };
    assert!(!found(&|_| {}));
    assert!(found(&|answer| answer.status = 418));
    assert!(found(&|answer| answer.status = 404));
    assert!(found(&|answer| answer.body = b"{\"name\":\"-\",\"short_desc\":\"\"}".to_vec()));
    assert!(found(&|answer| answer.body = b"{\"name\":\"a\"}".to_vec()));
    assert!(found(&|answer| answer.headers.retain(|(name, _)| name != "etag")));
    assert!(found(&|answer| answer.headers.push(("x-new".to_owned(), String::new()))));
}

/// The other direction: what is described is in the list, so that the document promises nothing
/// that nobody has seen. The exceptions are failures of the store in each operation, and paths that
/// are too long, which no mount of the list makes.
#[test]
fn every_described_status_is_answered() {
    let mut answered = BTreeSet::new();
    for_each_exchange(|_, request, answer| {
        let target = String::from_utf8_lossy(&request.target).into_owned();
        if let Some(endpoint) = Endpoint::find(target.split('?').next().unwrap()) {
            let method = request.method.to_ascii_lowercase();
            answered.insert((endpoint.full_path(), method, answer.status.to_string()));
        }
    });
    let document = document(&Options::new().if_match_required(true));
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // HEAD is answered by what answers GET.
            if matches!(method.as_str(), "parameters" | "head") {
                continue;
            }
            for status in operation["responses"].as_object().unwrap().keys() {
                let case = (path.clone(), method.clone(), status.clone());
                assert!(
                    matches!(status.as_str(), "414" | "500" | "503") || answered.contains(&case),
                    "{case:?} is described, but no request in the list gets it"
                );
            }
        }
    }
}

#[test]
fn every_problem_type_is_described() {
    let document = document(&all_checks().if_match_required(true)).to_string();
    for &kind in ProblemType::ALL {
        // A method that is not described can have no answer that is.
        let described = document.contains(&format!("{:?}", kind.urn()));
        assert_eq!(described, kind != ProblemType::MethodNotAllowed, "{kind:?}");
    }
}

/// A guard and a list of hosts. `access::` holds what they answer against the document.
fn all_checks() -> Options {
    Options::new().guard(|_, _| Verdict::Allow).hosts(["example.org".parse().unwrap()])
}

/// The problems of these checks are described only if the host has set them up.
#[test]
fn checks_that_the_host_has_not_set_up_are_not_described() {
    let (all, none) = (document(&all_checks()), document(&Options::new()));
    for endpoint in Endpoint::ALL.iter().filter(|it| it.blueprint() != Blueprint::Desk) {
        let path = endpoint.full_path();
        for operation in endpoint.operations() {
            let method = operation.method().as_str().to_ascii_lowercase();
            let has = |document: &Value, kind: ProblemType| {
                let responses = document["paths"][&path][&method]["responses"].to_string();
                responses.contains(&format!("{:?}", kind.urn()))
            };
            for kind in [
                ProblemType::Unauthenticated,
                ProblemType::Forbidden,
                ProblemType::MisdirectedRequest,
            ] {
                assert!(has(&all, kind) && !has(&none, kind), "{method} {path} {kind:?}");
            }
            for document in [&all, &none] {
                assert_eq!(has(document, ProblemType::CrossSite), !operation.is_safe());
            }
        }
        let options = |document: &Value| {
            document["paths"][&path]["options"]["responses"].get("421").is_some()
        };
        assert!(options(&all) && !options(&none));
    }
}

#[test]
fn operation_ids_are_unique() {
    let document = document(&Options::new());
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap());
    let ids: Vec<_> =
        operations.filter_map(|(_, operation)| operation["operationId"].as_str()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?}");
    assert!(ids.contains(&"read_package") && ids.contains(&"head_read_package"));
}

#[test]
fn example_bodies_match_their_schemas_and_are_accepted() {
    let document = document(&Options::new());
    for (path, method, status) in [
        ("/packages", "post", 201),
        ("/packages/{name}", "put", 204),
        ("/packages/{name}", "patch", 204),
        ("/daily/pins/{date}", "put", 204),
        ("/changes", "post", 201),
    ] {
        let contents = &document["paths"][path][method]["requestBody"]["content"];
        let (media_type, content) = contents.as_object().unwrap().iter().next().unwrap();
        assert!(validator(&document, &content["schema"]).is_valid(&content["example"]));
        let target = path.replace("{name}", "flask").replace("{date}", "2026-12-24");
        let request = Request {
            body: content["example"].to_string().into_bytes(),
            ..Request::new(&method.to_ascii_uppercase(), &target)
        };
        let home = Core::mount("", &three_packages(), None);
        assert_eq!(home.answer(&request.header("content-type", media_type)).status, status);
    }
}

/// The part of the URL before the path is given too, if the host knows it.
fn the_server_is_where_clients_see_it<H: Home>() {
    for (public_url, mount, server) in [
        ("https://example.org", "", "https://example.org"),
        ("https://example.org", "/api", "https://example.org/api"),
        ("https://example.org/pyaday", "", "https://example.org/pyaday"),
        ("https://example.org/pyaday", "/api", "https://example.org/pyaday/api"),
    ] {
        let options = || Options::new().public_url(public_url.parse().unwrap());
        let home = H::mount(mount, &Api::with_options(MemoryStore::new(), options()), None);
        let answer = home.answer(&Request::new("GET", &format!("{mount}/openapi.json")));
        let served: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(served["servers"], json!([{ "url": server }]));
        assert_eq!(served, openapi::document(&options(), mount));
    }
    // A URL that a host gives is as it is.
    let options = Options::new().public_url("https://example.org".parse().unwrap());
    let document = openapi::document(&options, "http://localhost:5000/api");
    assert_eq!(document["servers"], json!([{ "url": "http://localhost:5000/api" }]));
}

fn the_server_is_where_it_is_mounted<H: Home>() {
    the_server_is_where_clients_see_it::<H>();
    for (prefix, mount, server) in [
        ("", "", "/"),
        ("/api", "/api", "/api"),
        ("/tenants/{tenant}/api", "/tenants/a%20cme/api", "/tenants/a%20cme/api"),
    ] {
        let home = H::mount(prefix, &Api::new(MemoryStore::new()), None);
        let get = Request::new("GET", &format!("{mount}/openapi.json"));
        let answer = home.answer(&get);
        let served: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(served["servers"], json!([{ "url": server }]));
        assert_eq!(served, openapi::document(&Options::new(), mount));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let tag = answer.header("etag").unwrap();
        let again = home.answer(&get.header("if-none-match", tag));
        assert_eq!((again.status, again.header("etag")), (304, Some(tag)));
    }
}

#[test]
fn the_document_of_the_core_names_its_mount() {
    the_server_is_where_it_is_mounted::<Core>();
}

#[test]
fn the_document_of_axum_names_its_mount() {
    the_server_is_where_it_is_mounted::<Axum>();
}

#[test]
fn the_document_of_actix_names_its_mount() {
    the_server_is_where_it_is_mounted::<Actix>();
}

#[test]
fn the_document_reflects_the_hosts_options() {
    let document = document(&Options::new().page_limits(5, 10));
    let parameters = document["paths"]["/packages"]["get"]["parameters"].as_array().unwrap();
    let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!(
        limit["schema"],
        json!({ "type": "integer", "minimum": 1, "maximum": 10, "default": 5 })
    );
    let responses = &document["paths"]["/packages/{name}"]["delete"]["responses"];
    assert!(responses.get("412").is_some() && responses.get("428").is_none());
}
