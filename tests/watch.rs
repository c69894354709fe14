//! Facts about what the log and the metrics of a host get to know about each request.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use bytes::Bytes;
use http_body_util::Full;
use metrics::with_local_recorder;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use pyaday_core::conformance::http::{SetUp, three_packages};
use pyaday_core::{Actor, Api, Endpoint, Operation, PackageStore, read_package, respond};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry;

use crate::access::case;
use crate::golden::memory;

type Fields = BTreeMap<String, String>;

/// Notes the fields of all spans and events, with their level and target.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    spans: BTreeMap<u64, Fields>,
    events: Vec<Fields>,
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Notes {
    fn on_new_span(
        &self,
        attributes: &Attributes<'_>,
        id: &Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let mut noted = self.0.lock().unwrap();
        attributes.record(&mut Into(noted.spans.entry(id.into_u64()).or_default()));
    }

    fn on_record(
        &self,
        id: &Id,
        record: &Record<'_>,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let mut noted = self.0.lock().unwrap();
        record.record(&mut Into(noted.spans.entry(id.into_u64()).or_default()));
    }

    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Into(&mut fields));
        fields.insert("level".to_owned(), event.metadata().level().to_string());
        fields.insert("target".to_owned(), event.metadata().target().to_owned());
        self.0.lock().unwrap().events.push(fields);
    }
}

/// What was noted about some requests.
struct Watched {
    /// The spans of requests.
    spans: Vec<Fields>,
    /// The events of the core.
    events: Vec<Fields>,
    /// The metrics with their labels, as `name{label=value,…}`. The value of a histogram is the number
    /// of its samples.
    metrics: BTreeMap<String, u64>,
}

/// Notes what the requests in `work` report.
fn watched(work: impl FnOnce()) -> Watched {
    let (notes, recorder) = (Notes::default(), DebuggingRecorder::new());
    let snapshotter = recorder.snapshotter();
    let subscriber = registry().with(notes.clone());
    with_local_recorder(&recorder, || with_default(subscriber, work));
    let noted = std::mem::take(&mut *notes.0.lock().unwrap());
    let is_own = |event: &Fields| event["target"] == "pyaday_core";
    let metrics = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|it| format!("{}={}", it.key(), it.value()));
        let labels = labels.collect::<Vec<_>>().join(",");
        let value = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(samples) => samples.len() as u64,
            DebugValue::Gauge(_) => panic!("the core has no gauges"),
        };
        (format!("{}{{{labels}}}", key.key().name()), value)
    });
    Watched {
        spans: noted.spans.into_values().filter(|it| it.contains_key("operation")).collect(),
        events: noted.events.into_iter().filter(is_own).collect(),
        metrics: metrics.collect(),
    }
}

fn request(method: &str, path: &str) -> http::Request<Full<Bytes>> {
    http::Request::builder().method(method).uri(path).body(Full::default()).unwrap()
}

/// The status and the body of the response.
fn answer<S: PackageStore>(api: &Api<S>, request: http::Request<Full<Bytes>>) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let endpoint = Endpoint::find(request.uri().path()).unwrap();
    let response = runtime.block_on(respond(api, endpoint, request));
    let body = response.body().as_bytes().unwrap_or_default().to_vec();
    (response.status().as_u16(), String::from_utf8(body).unwrap())
}

fn api() -> Api<impl PackageStore> {
    three_packages(memory(), SetUp::named("a desk").options)
}

#[test]
fn each_operation_is_a_span_an_event_and_a_count() {
    let api = api();
    for operation in Operation::ALL {
        let case = case(*operation);
        let mut asked =
            http::Request::builder().method(&*case.request.method).uri(&case.request.target[..]);
        for (name, value) in &case.request.headers {
            asked = asked.header(name, &value[..]);
        }
        let mut asked = asked.body(Full::from(case.request.body.clone())).unwrap();
        asked.extensions_mut().insert(Actor::new("ada").unwrap());
        let Watched { spans, events, metrics } = watched(|| {
            assert_eq!(answer(&api, asked).0, case.status, "{operation:?}");
        });
        let status = case.status.to_string();
        let own = operation.name();
        // The body of the one request that creates a package names it.
        let name = case.name.or(match own {
            "create_package" => Some("new"),
            "pin_day" => Some("flask"),
            _ => None,
        });
        assert_eq!((spans.len(), events.len()), (1, 1), "{operation:?}");
        for fields in [&spans[0], &events[0]] {
            let field = |name: &str| fields.get(name).map(String::as_str);
            assert_eq!(field("operation"), Some(own));
            assert_eq!(field("status"), Some(&*status));
            assert_eq!(field("name"), name, "{operation:?}");
            assert_eq!(field("date"), case.date, "{operation:?}");
            assert_eq!(field("actor"), Some("ada"));
        }
        assert_eq!(events[0]["level"], "DEBUG");
        assert!(events[0]["duration_seconds"].parse::<f64>().unwrap() > 0.0);
        let count = format!("pyaday_requests_total{{operation={own},status={status}}}");
        let duration = format!("pyaday_request_duration_seconds{{operation={own}}}");
        assert_eq!((metrics.get(&count), metrics.get(&duration)), (Some(&1), Some(&1)));
    }
}

/// A client never sees the cause. The log does.
#[test]
fn an_error_of_the_server_has_its_cause_in_the_log() {
    let api = api();
    for (name, problem, status, cause) in [
        (
            "unavailable",
            "store-unavailable",
            503,
            Some("the store is unavailable; nothing was written: disk full: secret"),
        ),
        (
            "broken",
            "internal",
            500,
            Some(
                "the store failed because of an internal error; nothing was written: row 7: secret",
            ),
        ),
        ("panics", "internal", 500, None),
    ] {
        let path = format!("/packages/{name}");
        let Watched { events, metrics, .. } = watched(|| {
            let (status_of_answer, body) = answer(&api, request("GET", &path));
            assert_eq!(status_of_answer, status);
            assert!(!body.contains("secret"));
        });
        assert_eq!(events.len(), 1, "{name}");
        let field = |name: &str| events[0].get(name).map(String::as_str);
        assert_eq!((field("level"), field("problem")), (Some("ERROR"), Some(problem)));
        assert_eq!((field("name"), field("cause")), (Some(name), cause));
        let counted = format!("pyaday_problems_total{{operation=read_package,problem={problem}}}");
        assert_eq!(metrics.get(&counted), Some(&1), "{metrics:?}");
    }
}

#[test]
fn refusals_because_the_store_is_busy_are_counted() {
    let api = api();
    let post = http::Request::post("/packages").header("content-type", "application/json");
    let post = post.body(Full::from(r#"{"name":"busy","short_desc":""}"#)).unwrap();
    assert_eq!(answer(&api, post).0, 201);
    let Watched { metrics, .. } = watched(|| {
        assert_eq!(answer(&api, request("GET", "/packages")).0, 503);
    });
    assert_eq!(metrics["pyaday_problems_total{operation=list_packages,problem=busy}"], 1);
}

/// A recorder keeps a time series for each set of labels, so nothing that a client chooses may be in
/// them.
#[test]
fn no_label_comes_from_a_client() {
    let api = api();
    let Watched { metrics, events, .. } = watched(|| {
        for number in 0..50 {
            for (method, path) in [
                ("GET", format!("/packages/secret-{number}")),
                (&*format!("SECRET{number}"), "/packages".to_owned()),
                ("OPTIONS", format!("/packages/secret-{number}")),
                ("GET", format!("/packages?secret={number}")),
            ] {
                assert!(answer(&api, request(method, &path)).0 >= 204);
            }
        }
    });
    assert!(metrics.keys().all(|it| !it.to_lowercase().contains("secret")), "{metrics:?}");
    let with =
        |name: &str| metrics.iter().filter(|(key, _)| key.starts_with(name)).collect::<Vec<_>>();
    let requests = with("pyaday_requests_total");
    assert_eq!(requests.len(), 4, "{requests:?}");
    assert!(requests.iter().all(|(_, count)| **count == 50), "{requests:?}");
    // The control: the log does have the names.
    assert!(events.iter().any(|it| it.get("name").is_some_and(|it| it == "secret-49")));
}

/// A framework drops the future of a request whose client has left.
#[test]
fn a_request_that_is_dropped_is_reported_as_dropped() {
    let api = api();
    let Watched { metrics, events, .. } = watched(|| {
        let body = http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<http_body::Frame<Bytes>, std::io::Error>,
        >());
        let request = http::Request::post("/packages").header("content-type", "application/json");
        let request = request.body(body).unwrap();
        let mut future = pin!(respond(&api, Endpoint::find("/packages").unwrap(), request));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    let dropped = BTreeMap::from([(
        "pyaday_requests_total{operation=create_package,status=dropped}".to_owned(),
        1,
    )]);
    assert_eq!(metrics, dropped);
    assert_eq!(events[0]["message"], "a request was dropped before it was answered");
}

/// A host that routes requests itself calls the functions of the operations.
#[test]
fn the_function_of_an_operation_reports_as_the_table_does() {
    let api = api();
    let report = |work: &dyn Fn(&tokio::runtime::Runtime)| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let Watched { mut spans, mut events, metrics } = watched(|| work(&runtime));
        events[0].remove("duration_seconds");
        (spans.remove(0), events.remove(0), metrics)
    };
    let path = "/packages/flask";
    let by_table = report(&|runtime| {
        runtime.block_on(respond(&api, Endpoint::find(path).unwrap(), request("GET", path)));
    });
    let by_function = report(&|runtime| {
        runtime.block_on(read_package(&api, request("GET", path)));
    });
    assert_eq!(by_table, by_function);
}
